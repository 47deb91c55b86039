#include "ticks.hpp"

#include <fstream>
#include <string>

namespace infra::logging::detail {
namespace {

// The kernel keeps time with the counter only after it has found it to run evenly and alike on all processors.
bool kernel_trusts_cycles() {
#if defined(__x86_64__)
    static const bool trusts = [] {
        std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
        std::string name;
        return std::getline(file, name) && name == "tsc";
    }();
    return trusts;
#else
    return false;
#endif
}

constexpr auto agreeing = std::chrono::milliseconds(1);

} // namespace

ticks::ticks(const clock& time) : time_(time), counts_cycles_(&time == &real_clock() && kernel_trusts_cycles()) {
    first_cycles_ = now();
    first_steady_ = time_.steady();
    adjust();
}

// Where nothing is counted a tick is a nanosecond since 1970.
void ticks::adjust() noexcept {
    rate_.tick = now();
    rate_.wall = static_cast<std::int64_t>(rate_.tick);
    if (!counts_cycles_)
        return;
    rate_.wall = time_.wall().time_since_epoch().count();
    const auto cycles = static_cast<double>(rate_.tick - first_cycles_);
    const auto elapsed = static_cast<double>((time_.steady() - first_steady_).count());
    rate_.nanoseconds = cycles > 0 ? elapsed / cycles : 0;
}

wall_time ticks::wall(std::uint64_t when) noexcept {
    if (!counts_cycles_)
        return wall_time(std::chrono::nanoseconds(static_cast<std::int64_t>(when)));
    const auto ticked = static_cast<double>(static_cast<std::int64_t>(when - rate_.tick));
    const wall_time found{std::chrono::nanoseconds(rate_.wall + static_cast<std::int64_t>(ticked * rate_.nanoseconds))};
    if (found < last_ && last_ - found < agreeing)
        return last_;
    return last_ = found;
}

} // namespace infra::logging::detail
