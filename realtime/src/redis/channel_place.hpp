#pragma once

// Up to where a channel has been heard on this node, and what of it has to be read. No I/O.
//
//     for (auto& each : place.hear(message)) tell(each);
//     if (place.needs_reading()) ask(place.begin_reading());      // later: tell(place.read(answer))

#include <infra/realtime/broker.hpp>

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace infra::realtime::over_redis {

/// Messages that cannot be had; 0: nobody knows how many.
struct gap {
    std::uint64_t dropped = 0;
    position now{};
    bool is_own = false; ///< said on this node alone: others miss them

    friend bool operator==(const gap&, const gap&) = default;
};

using event = std::variant<envelope, gap>;

/// What stands at a place of the history, or was said without one (offset 0). Nothing: it counts and is for nobody, as it has expired.
struct item {
    position at{};
    std::optional<event> what{};
};

/// What stands after a place, in order.
struct reading {
    position now{};
    std::vector<item> items{};
    std::optional<std::uint64_t>
        read_to{}; ///< where it was cut off, whether or not anything is left of that; empty: nowhere
};

/// Of a channel with a history every item is told once and in order. What comes out of turn begins a reading, and so does
/// doubt. What is heard during one is kept if it is little, so that a busy channel need not be read for ever; more of it is in
/// the history anyway.
class channel_place {
public:
    explicit channel_place(bool has_history) : has_history_(has_history) {}

    bool is_known() const noexcept { return known_.has_value() || !has_history_; }
    bool needs_reading() const noexcept { return has_history_ && wants_ && !is_reading_; }
    const std::optional<position>& known() const noexcept { return known_; }

    std::vector<event> hear(item i);
    /// Something may have been missed.
    std::vector<event> doubt();
    /// The channel is there now.
    void compare(const position& now);

    /// After which place; nothing: only where the channel is.
    std::optional<position> begin_reading();
    std::vector<event> read(reading r);
    void reading_failed();

private:
    bool is_behind(const position& at) const;
    void step_to(const position& at, std::vector<event>& out);

    const bool has_history_;
    bool wants_ = true;
    bool is_reading_ = false;
    std::optional<position> known_;
    std::vector<item> meanwhile_; // heard while it is read
    bool was_too_much_ = false;   // and not all of it was kept
};

} // namespace infra::realtime::over_redis
