#pragma once

// What a call says about a series, as a row of numbers: quick to make, to hash and to compare.

#include <infra/monitoring/metrics.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace infra::monitoring::detail {

/// What a call says, and to whom. `era` is a number that no other registry ever has, nor the same one after it forgot a
/// series. A view on the caller's arguments.
struct saying {
    std::uint64_t era;
    metric_type type;
    std::string_view name;
    const labels& with;
};

/// A saying as words that no other saying has: to whom and what about, with the length of the name; the name; and of each
/// label the two lengths, its name and its value. Text of up to 7 bytes is one word, other text as many as it takes, where
/// the last may overlap the one before. So what is said is looked at once, and compared without telling its parts apart:
/// they are short, and calling memcmp for each would cost more than all the rest.
///
/// It is inlined, and the words are elsewhere, so that all it counts is in registers.
class spelling {
    static constexpr std::size_t most_words = 128;
    static constexpr std::size_t most_text_words = 64;

public:
    /// For a label that begins where there were just not too many words, and a word more.
    using room = std::array<std::uint64_t, most_words + 1 + 2 * (most_text_words + 1) + 1>;

    [[gnu::always_inline]] spelling(const saying& said, room& words) noexcept : words_(words.data()) {
        put(said.era << 12 | said.name.size() << 2 | static_cast<std::uint64_t>(said.type));
        put_text(said.name);
        const auto put_label = [this](std::string_view label, std::string_view value) __attribute__((always_inline)) {
            if (!is_whole()) [[unlikely]]
                return;
            put(label.size() << 32 | value.size());
            put_text(label);
            put_text(value);
        };
        said.with.for_each(put_label);
        words_[size_] = 0;
    }

    /// False if it is too long to be remembered: then there are words missing.
    bool is_whole() const noexcept { return size_ <= most_words; }
    /// A zero may follow, so that they can be looked at in pairs; no saying goes on with just one word more.
    std::span<const std::uint64_t> words() const noexcept { return {words_, size_ + size_ % 2}; }
    /// The first bits are the best ones.
    std::uint64_t hash() const noexcept { return hash_; }

private:
    [[gnu::always_inline]] void put(std::uint64_t word) noexcept {
        words_[size_] = word;
        hash_ += word * factors[size_];
        ++size_;
    }

    [[gnu::always_inline]] void put_text(std::string_view text) noexcept {
        if (text.size() < 8)
            put(short_word(text.data(), text.size()));
        else if (text.size() <= 16)
            put_pair(text.data(), text.data() + text.size() - 8);
        else
            put_long(text.data(), text.size());
    }

    /// Up to 7 bytes; the same for no other text of that length.
    static std::uint64_t short_word(const char* at, std::size_t length) noexcept {
        if (length >= 4)
            return load<std::uint32_t>(at) | std::uint64_t(load<std::uint32_t>(at + length - 4)) << 32;
        const auto byte = [at](std::size_t i) { return static_cast<unsigned char>(at[i]); };
        return length == 0 ? 0 : byte(0) | std::uint64_t(byte(length / 2)) << 8 | std::uint64_t(byte(length - 1)) << 16;
    }

    [[gnu::always_inline]] void put_pair(const char* first, const char* second) noexcept {
        put(load<std::uint64_t>(first));
        put(load<std::uint64_t>(second));
    }

    [[gnu::always_inline]] void put_long(const char* at, std::size_t left) noexcept {
        if (left > 8 * most_text_words) [[unlikely]] {
            size_ = most_words + 1;
            return;
        }
        for (; left > 16; at += 16, left -= 16)
            put_pair(at, at + 8);
        put_pair(at + left - 16, at + left - 8); // there are bytes before it
    }

    template <class T>
    static T load(const char* from) noexcept {
        T read;
        std::memcpy(&read, from, sizeof read);
        return read;
    }

    /// Odd numbers without a pattern, one for each word.
    static constexpr auto factors = [] {
        room made{};
        std::uint64_t state = 0x9E3779B97F4A7C15;
        for (auto& factor : made) {
            state = (state ^ state >> 32) * 0xD1B54A32D192ED03;
            factor = (state ^ state >> 29) | 1;
        }
        return made;
    }();

    std::uint64_t* const words_;
    std::size_t size_ = 0;
    std::uint64_t hash_ = 0;
};

} // namespace infra::monitoring::detail
