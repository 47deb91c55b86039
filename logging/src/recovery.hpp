#pragma once

// What a process that was killed left in its rings, made lines of by the next one.
//
// A record has a number once it was read. Up to the head's `handed_over` the lines were given to the sinks, though their
// records were not released yet: they are passed over. Those with later numbers were being written when the process ended:
// of each output that can be read back its last lines tell which of them arrived. Those without a number get the next ones.
// If this process is killed as well, or an output refuses lines, the next one finds all of that as true as before.

#include "delivery.hpp"
#include "left_behind.hpp"

#include <infra/base/clock.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace infra::logging::detail {

/// The number of a JSON line; 0 if it has none.
std::uint64_t number_in(std::string_view line) noexcept;

/// All of a JSON line but its time, by which the same line written twice may differ.
std::string_view without_time(std::string_view line) noexcept;

struct recovered_lines {
    std::uint64_t count = 0;
    std::size_t torn_rings = 0;
    std::size_t unreadable = 0;    // records
    bool refused = false;          // an output did not take all of it: what was left must stay
    std::uint64_t next_number = 0; // 0: there is no file to go on from
};

/// Hands over what was left.
recovered_lines recover(const ring_file& from, delivery& to);

} // namespace infra::logging::detail
