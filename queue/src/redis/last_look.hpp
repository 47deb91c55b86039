#pragma once

// What the last call of a line saw of its queue, so that the next, if it comes within some milliseconds, need not look again for
// what is due or vanished, nor ring for others: for a call of one job that is a tenth of what it costs.
//
//     look.spare(request, alone, clock.steady());
//     ...
//     look.note(request, done, clock.steady());

#include "work.hpp"

#include <infra/base/clock.hpp>

#include <optional>
#include <string>

namespace infra::queue::redis_backend {

/// Threads: from one at a time.
class last_look {
public:
    /// Says in the request what it need not do. `alone`: no other call is under way. To be asked when it is sent.
    void spare(work_request& request, bool alone, steady_time now);
    /// Of a call that was answered, in the order of the answers; `began`: when it was sent.
    void note(const work_request& request, work_done& done, steady_time began);
    /// Of a call that failed.
    void forget() { goes_on_ = false; }
    /// Something may be due, or a bell was heard, for which the next call has to ring again if more waits than it takes.
    void must_look() { must_look_ = true; }

private:
    std::string queue_{};
    steady_time at_{};
    std::optional<wall_time> again_{};
    bool must_look_ = false;
    /// Since then each call took jobs, so that some were active all the time, and their leases known.
    bool goes_on_ = false;

    std::string counted_queue_{};
    std::chrono::sys_time<std::chrono::minutes> counted_minute_{};
};

} // namespace infra::queue::redis_backend
