#pragma once

// When which connection is to be looked at, for ten thousand of them with one timer: putting in, moving and taking out are a few pointers.

#include <infra/base/time.hpp>

#include <boost/intrusive/list.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace infra::realtime::websocket {

/// Whatever may be put into a wheel, and leaves it by being destroyed.
struct timed : boost::intrusive::list_base_hook<boost::intrusive::tag<timed>,
                                                boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    std::uint64_t due = 0; ///< the wheel's: in ticks
};

/// Nothing comes early, and all at most a tick late.
///
/// Threads:  one.
class timing_wheel {
public:
    timing_wheel(std::chrono::nanoseconds tick, steady_time now) noexcept : tick_(tick), began_(now) {}

    void schedule(timed& what, steady_time when) noexcept {
        what.unlink();
        const auto ticks = (std::max(when - began_, tick_) + tick_ - std::chrono::nanoseconds(1)) / tick_;
        what.due = std::max<std::uint64_t>(static_cast<std::uint64_t>(ticks), passed_ + 1);
        slots_[what.due % slots_.size()].push_back(what);
    }

    /// Calls `fire` with what is due, which is in the wheel no more and may go in again. `fire` may take others out.
    template <class Fire>
    void advance(steady_time now, Fire fire) {
        const auto upto = static_cast<std::uint64_t>(std::max(now - began_, std::chrono::nanoseconds(0)) / tick_);
        const auto slots = std::min<std::uint64_t>(upto - std::min(upto, passed_), slots_.size());
        const auto first = passed_ + 1;
        passed_ = std::max(passed_, upto);
        for (std::uint64_t i = 0; i < slots; ++i)
            turn(slots_[(first + i) % slots_.size()], fire);
    }

    std::chrono::nanoseconds tick() const noexcept { return tick_; }

private:
    using list =
        boost::intrusive::list<timed, boost::intrusive::base_hook<timed>, boost::intrusive::constant_time_size<false>>;

    template <class Fire>
    void turn(list& slot, Fire& fire) {
        list here;
        here.swap(slot);
        while (!here.empty()) {
            auto& each = here.front();
            here.pop_front();
            if (each.due <= passed_)
                fire(each);
            else
                slot.push_back(each);
        }
    }

    std::chrono::nanoseconds tick_;
    steady_time began_;
    std::uint64_t passed_ = 0;
    std::array<list, 64> slots_{};
};

} // namespace infra::realtime::websocket
