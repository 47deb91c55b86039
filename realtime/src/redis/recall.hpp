#pragma once

// What is asked of channels' histories. Those who ask while others are being answered share the next read.

#include "bell.hpp"
#include "ground.hpp"
#include "hearing.hpp"
#include "pace.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/promise.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace infra::realtime::over_redis {

struct question {
    std::string channel{};
    std::optional<position> from{}; ///< empty: the newest ones
    std::size_t limit = 0;
};

/// One that answers several.
struct joint_question {
    question what{};
    std::vector<std::size_t> who{}; ///< of those who asked
};

/// Those that want overlapping parts of a history become one, as long as it reads no more than a thousand messages.
std::vector<joint_question> join(std::span<const question> asked);

/// An answer is read after its question was asked: whatever was published before is in it.
///
/// Threads: read() and close() from any; the rest on the loop.
class recall {
public:
    explicit recall(ground& on) : on_(on) {}

    /// At least what is asked for. Throws infra::errc::unavailable, or overloaded where 100 000 wait.
    awaitable<std::shared_ptr<const history_reply>> read(question q);

    void begin(const executor& ex) { bell_.begin(ex); }
    awaitable<void> answer();
    void close();

private:
    using shared_reply = std::shared_ptr<const history_reply>;
    struct asker {
        question what;
        promise<shared_reply> told;
    };

    std::vector<asker> take();
    awaitable<void> answer_all(std::vector<asker> askers);
    /// What went wrong for all of them, if anything did.
    awaitable<std::optional<boost::system::system_error>> answer_some(std::span<const joint_question> of,
                                                                      const std::vector<asker>& askers);
    void tell(const joint_question& of, const std::vector<asker>& askers, redis::reply r) const;
    static void fail(std::span<const joint_question> of, const std::vector<asker>& askers, const error& why);

    ground& on_;
    bell bell_;
    pace reading_{64, 256}; // questions in one batch
    std::mutex mutex_;
    std::vector<asker> asked_; // guarded by mutex_
    bool closed_ = false;      // guarded by mutex_
};

} // namespace infra::realtime::over_redis
