#pragma once

// Which values of a shard are over: a wheel of 256 slots, one for each second, in which a value hangs at the slot of its
// end. One that ends after more than a turn is passed by once a turn. Pure: the time is an argument.

#include <infra/base/time.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace infra::cache {

struct wheel_hook {
    wheel_hook* before = nullptr; ///< null: in no slot
    wheel_hook* after = nullptr;
    steady_time expires = steady_time::max();
};

class expiry_wheel {
public:
    explicit expiry_wheel(steady_time now) noexcept : next_tick_(tick_of(now)) {
        for (auto& each : slots_)
            each.before = each.after = &each;
    }
    expiry_wheel(const expiry_wheel&) = delete;
    expiry_wheel& operator=(const expiry_wheel&) = delete;

    /// What never expires is in no slot.
    void add(wheel_hook& h) noexcept {
        if (h.expires != steady_time::max())
            link(h, slots_[tick_of(h.expires) % slots_.size()]);
    }

    static void remove(wheel_hook& h) noexcept {
        if (!h.before)
            return;
        h.before->after = h.after;
        h.after->before = h.before;
        h.before = h.after = nullptr;
    }

    /// Goes through the seconds that have passed, and calls `over(hook)`, which removes it, for each value whose end has
    /// come. Looks at no more than `max` values, and at the next ones when called again.
    template <class Over>
    void advance(steady_time now, std::size_t max, Over over) {
        const auto end = tick_of(now);
        if (end - std::min(end, next_tick_) > slots_.size() && !marker_.before)
            next_tick_ = end - slots_.size(); // one turn sees all
        for (; next_tick_ < end; ++next_tick_) {
            auto& slot = slots_[next_tick_ % slots_.size()];
            if (!marker_.before)
                link(marker_, slot); // what comes behind it has been looked at
            for (; slot.after != &marker_; --max) {
                if (max == 0)
                    return;
                look(*slot.after, slot, now, over);
            }
            remove(marker_);
        }
    }

private:
    static std::uint64_t tick_of(steady_time t) noexcept {
        return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count());
    }

    template <class Over>
    static void look(wheel_hook& h, wheel_hook& slot, steady_time now, Over& over) {
        if (h.expires <= now)
            return over(h);
        remove(h);
        link(h, slot);
    }

    static void link(wheel_hook& h, wheel_hook& end) noexcept {
        h.before = end.before;
        h.after = &end;
        h.before->after = end.before = &h;
    }

    std::array<wheel_hook, 256> slots_; // each the end of a ring
    wheel_hook marker_;
    std::uint64_t next_tick_; // not yet gone through in full
};

} // namespace infra::cache
