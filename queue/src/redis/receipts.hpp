#pragma once

// How a call whose answer was lost with its connection comes again and is done once: each goes on a lane of this process, on
// which one at a time is under way, and has a number. What the last one of a lane answered is kept on the server (scripts/lib/
// receipts.lua), so that the same number gets the same answer.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

/// Of one call.
struct receipt {
    std::string lane{}; ///< a key; empty: it is never sent again
    std::uint64_t number = 0;
};

/// Two, so that one call is on its way while the server is busy with the other.
class lanes {
public:
    bool any_free() const noexcept { return !all_[0].taken || !all_[1].taken; }
    bool all_free() const noexcept { return !all_[0].taken && !all_[1].taken; }
    bool one_taken() const noexcept { return all_[0].taken != all_[1].taken; }

    /// Takes one that is free. `key` begins the names of all of them, in the slot to which the first call of a lane went.
    receipt take(std::string_view key);
    void give_back(const receipt& of) noexcept;

private:
    struct lane {
        std::string key{};
        std::uint64_t calls = 0;
        bool taken = false;
    };
    std::array<lane, 2> all_;
};

} // namespace infra::queue::redis_backend
