#pragma once

// What random_u64() does, to be inlined where a call would show. Only for functions that are no coroutines and are not
// inlined, as in context_slot.hpp.

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace infra::detail {

/// How many forks lie between the first process and this one. Per-thread state made under another number is a copy of
/// the parent's, and would repeat the parent's numbers.
extern constinit std::atomic<std::uint32_t> fork_generation;

/// Starts at 1 for the first process, so that zero-initialised state counts as stale. Forks count from the first seed on.
inline std::uint32_t current_generation() noexcept { return fork_generation.load(std::memory_order_relaxed) + 1; }

struct random_state {
    std::uint32_t generation;
    std::array<std::uint64_t, 2> words;
};
extern constinit thread_local random_state my_random;

void seed(random_state& state); ///< throws as random_bytes() does

inline bool is_seeded(const random_state& state) noexcept { return state.generation == current_generation(); }

/// Of one that is seeded. xoroshiro128++ 1.0 by Blackman and Vigna, public domain.
inline std::uint64_t next_word(random_state& state) noexcept {
    auto [first, second] = state.words;
    const auto result = std::rotl(first + second, 17) + first;
    second ^= first;
    state.words = {std::rotl(first, 49) ^ second ^ second << 21, std::rotl(second, 28)};
    return result;
}

} // namespace infra::detail
