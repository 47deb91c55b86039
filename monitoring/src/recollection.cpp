#include "recollection.hpp"

#include "cells.hpp"

#include <array>
#include <cstring>
#include <new>
#include <span>
#include <vector>

namespace infra::monitoring::detail {
namespace {

// A label more than that, and what is said is not remembered.
constexpr std::size_t most_words = 64;
// A name or value has this many words at most, and one that begins within most_words must find room.
constexpr std::size_t room_words = 4 * most_words;

constexpr std::uint64_t odd = 0x9E3779B97F4A7C15, other = 0xD1B54A32D192ED03;

template <class T>
T load(const char* from) noexcept {
    T read;
    std::memcpy(&read, from, sizeof read);
    return read;
}

// Halves of a 128-bit product: what wyhash and its kin mix with.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Up to 7 bytes, and how many they are.
std::uint64_t short_word(const char* at, std::size_t length) noexcept {
    const auto byte = [at](std::size_t i) { return std::uint64_t(static_cast<unsigned char>(at[i])) << 8 * i; };
    const auto head = std::uint64_t(length) << 56;
    if (length >= 4)
        return head | load<std::uint32_t>(at) | std::uint64_t(load<std::uint32_t>(at + length - 4)) << 8 * (length - 4);
    return length == 0 ? 0 : head | byte(0) | byte(length / 2) | byte(length - 1);
}

/// A saying as words that no other saying has: a part of up to 7 bytes is one, of a longer one its length is followed by
/// its bytes, where the last 8 may overlap those before. So what is said is looked at once, and compared without telling
/// its parts apart: they are short, and calling memcmp for each would cost more than all the rest.
///
/// It is inlined, and the words are elsewhere, so that all it counts is in registers.
class spelling {
public:
    using room = std::array<std::uint64_t, room_words>;

    [[gnu::always_inline]] spelling(const saying& said, room& words) noexcept : words_(words.data()) {
        words_[0] = said.era << 2 | static_cast<std::uint64_t>(said.type);
        seed_ += words_[0];
        put(said.name);
        const auto put_label = [this](std::string_view label, std::string_view value) __attribute__((always_inline)) {
            if (size_ > most_words) [[unlikely]]
                return void(is_whole_ = false);
            put(label);
            put(value);
        };
        said.with.for_each(put_label);
    }

    /// False if it is too long to be remembered.
    bool is_whole() const noexcept { return is_whole_; }
    std::span<const std::uint64_t> words() const noexcept { return {words_, size_}; }
    std::uint64_t hash() const noexcept { return hash_; }

private:
    [[gnu::always_inline]] void put(std::string_view part) noexcept {
        seed_ += other;
        if (part.size() >= 8)
            return put_long(part.data(), part.size());
        const auto word = short_word(part.data(), part.size());
        words_[size_++] = word;
        hash_ += mix(word ^ seed_, odd);
    }

    [[gnu::always_inline]] void put_long(const char* at, std::size_t left) noexcept {
        constexpr auto mark = std::uint64_t(0xFF) << 56; // which no short one begins with
        if (left > 8 * most_words) [[unlikely]]
            return void(is_whole_ = false);
        words_[size_++] = mark | left;
        seed_ += left;
        for (; left > 16; at += 16, left -= 16)
            put_pair(load<std::uint64_t>(at), load<std::uint64_t>(at + 8));
        const auto back = left < 8 ? 8 - left : 0; // then there are bytes before it
        put_pair(load<std::uint64_t>(at - back), load<std::uint64_t>(at + left - 8));
    }

    // The products are added up, so that none waits for the one before.
    [[gnu::always_inline]] void put_pair(std::uint64_t first, std::uint64_t second) noexcept {
        words_[size_] = first;
        words_[size_ + 1] = second;
        size_ += 2;
        hash_ += mix(first ^ seed_, second ^ odd);
        seed_ += other;
    }

    std::uint64_t* const words_;
    std::size_t size_ = 1;
    std::uint64_t seed_ = other;
    std::uint64_t hash_ = 0;
    bool is_whole_ = true;
};

} // namespace

struct recollection {
    struct entry {
        std::uint64_t hash = 0;
        std::vector<std::uint64_t> said{};
        std::shared_ptr<const series> meant{};

        // Word by word: what was stored just now as single words is slow to come back as vectors.
        bool is(const spelling& spelled) const noexcept {
            const auto words = spelled.words();
            if (hash != spelled.hash() || said.size() != words.size())
                return false;
            for (std::size_t i = 0; i < words.size(); ++i)
                if (said[i] != words[i])
                    return false;
            return true;
        }
    };
    struct place {
        entry latest, earlier;
    };
    std::array<place, 512> places{};

    place& place_of(std::uint64_t hash) noexcept { return places[hash % places.size()]; }
};

[[gnu::noinline]] const series* recall(const saying& said) noexcept {
    auto* const names = my_shard ? my_shard->names : nullptr;
    if (!names)
        return nullptr;
    spelling::room words;
    const spelling spelled(said, words);
    if (!spelled.is_whole())
        return nullptr;
    const auto& at = names->place_of(spelled.hash());
    if (at.latest.is(spelled))
        return at.latest.meant.get();
    return at.earlier.is(spelled) ? at.earlier.meant.get() : nullptr;
}

[[gnu::noinline]] void remember(const saying& said, std::shared_ptr<const series> what) noexcept {
    spelling::room words;
    const spelling spelled(said, words);
    if (!my_shard || !spelled.is_whole())
        return;
    try {
        if (!my_shard->names)
            my_shard->names = new recollection;
        recollection::entry made{spelled.hash(), {spelled.words().begin(), spelled.words().end()}, std::move(what)};
        auto& at = my_shard->names->place_of(made.hash);
        at.earlier = std::exchange(at.latest, std::move(made));
    } catch (const std::bad_alloc&) { // it is found the long way again
    }
}

} // namespace infra::monitoring::detail
