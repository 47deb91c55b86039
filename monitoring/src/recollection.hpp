#pragma once

// Which series a thread asked for lately, by what it said: to be recognised, a call needs neither a lock nor its labels
// copied, sorted, checked or escaped.

#include "cells.hpp"
#include "spelling.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace infra::monitoring::detail {

struct series;

/// One thread's.
struct recollection {
    struct entry {
        std::vector<std::uint64_t> said{};
        std::shared_ptr<const series> meant{};

        // Not with vector instructions: what was stored just now as single words is slow to come back as vectors.
        bool is(std::span<const std::uint64_t> words) const noexcept {
            if (said.size() != words.size())
                return false;
            for (std::size_t i = 0; i < words.size(); i += 2)
                if (said[i] != words[i] || said[i + 1] != words[i + 1])
                    return false;
            return true;
        }
    };
    struct place {
        entry latest, earlier;
    };
    std::array<place, 512> places{};

    place& place_of(const spelling& spelled) noexcept { return places[spelled.hash() >> (64 - 9)]; }
};

/// Null if this thread does not remember. The series stays valid until the thread next calls remember(). Inlined into
/// what counts, which itself must not be inlined, for the sake of my_shard.
[[gnu::always_inline]] inline const series* recall(const saying& said) noexcept {
    auto* const names = my_shard ? my_shard->names : nullptr;
    if (!names) [[unlikely]]
        return nullptr;
    spelling::room words;
    const spelling spelled(said, words);
    if (!spelled.is_whole()) [[unlikely]]
        return nullptr;
    const auto& at = names->place_of(spelled);
    if (at.latest.is(spelled.words())) [[likely]]
        return at.latest.meant.get();
    return at.earlier.is(spelled.words()) ? at.earlier.meant.get() : nullptr;
}

/// Takes the place of something said before, if need be. At most 1024 a thread, each of at most some 1100 bytes.
void remember(const saying& said, std::shared_ptr<const series> what) noexcept;

} // namespace infra::monitoring::detail
