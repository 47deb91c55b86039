#pragma once

// What a process that was killed left in its rings, found again: nothing that is read is believed before it was checked.

#include "ring_file.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace infra::logging::detail {

struct left_record {
    std::uint64_t number; // 0: none yet
    std::uint64_t time;
    std::size_t order; // in which they were found, ring by ring
    std::span<char> bytes;
};

struct left_behind {
    ring_file_head* head = nullptr;     // null: nothing was left
    std::vector<left_record> doubtful;  // by number, all later than the head's handed_over
    std::vector<left_record> unwritten; // by time and order
    std::uint64_t next_number = 0;      // later than all numbers that were given
    std::size_t torn_rings = 0;         // from some place on they hold what is no record
};

/// What is in a file that is_readable(). Whatever the bytes are, it reads none but these.
left_behind look_into(std::span<char> file);

} // namespace infra::logging::detail
