#pragma once

// Leases end by the wall clock, which may jump.

#include <infra/base/time.hpp>

#include <chrono>
#include <optional>

namespace infra::queue {

/// By what time other workers' leases are judged. After the wall has jumped ahead (a machine that slept, a clock put
/// right) every lease looks long over, although its holder is about to renew it. So for the length of one lease they are
/// judged as if the jump had not been; by then whoever lives has renewed. A third of a lease is no jump: leases are renewed
/// three times as often as they end.
class jump_guard {
public:
    explicit jump_guard(std::chrono::milliseconds lease) : lease_(lease) {}

    wall_time expired_before(wall_time wall, steady_time steady);

private:
    const std::chrono::milliseconds lease_;
    std::chrono::nanoseconds jumped_{0};
    steady_time lenient_until_ = steady_time::min();
    std::optional<wall_time> last_wall_;
    steady_time last_steady_{};
};

} // namespace infra::queue
