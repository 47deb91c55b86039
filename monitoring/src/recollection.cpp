#include "recollection.hpp"

#include "cells.hpp"

#include <array>
#include <cstring>
#include <new>

namespace infra::monitoring::detail {

struct recollection {
    struct entry {
        std::uint64_t hash = 0;
        std::uint64_t era = 0;
        std::string said{}; // the type, then name, labels and values, each after its length
        std::shared_ptr<const series> meant{};
    };
    static constexpr std::size_t size = 1024;
    std::array<entry, size> entries{};

    /// The two places in which something may be.
    entry& first(std::uint64_t hash) noexcept { return entries[hash % size]; }
    entry& second(std::uint64_t hash) noexcept { return entries[hash % size ^ 1]; }
};

namespace {

constexpr std::size_t most_bytes = 1024;

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

struct two_words {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    friend bool operator==(const two_words&, const two_words&) = default;
};

// All of up to 16 bytes, in two loads that overlap. Names and labels are short: calling memcpy or memcmp for each would
// cost more than all the rest.
two_words short_text(const char* at, std::size_t length) noexcept {
    if (length >= 8)
        return {load<std::uint64_t>(at), load<std::uint64_t>(at + length - 8)};
    if (length >= 4)
        return {load<std::uint32_t>(at), load<std::uint32_t>(at + length - 4)};
    const auto byte = [at](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])); };
    return length == 0 ? two_words{} : two_words{byte(0) << 16 | byte(length / 2) << 8 | byte(length - 1), 0};
}

constexpr std::uint64_t odd = 0x9E3779B97F4A7C15, other = 0xD1B54A32D192ED03;

std::uint64_t hashed(std::uint64_t seed, std::string_view part) noexcept {
    const char* at = part.data();
    auto left = part.size();
    for (; left > 16; at += 16, left -= 16)
        seed = mix(load<std::uint64_t>(at) ^ seed, load<std::uint64_t>(at + 8) ^ other);
    const auto words = short_text(at, left);
    return mix(words.first ^ seed, words.last ^ other ^ part.size() * odd);
}

bool same(const char* a, const char* b, std::size_t length) noexcept {
    return length > 16 ? std::memcmp(a, b, length) == 0 : short_text(a, length) == short_text(b, length);
}

std::uint64_t hash_of(const saying& said) noexcept {
    auto hash = hashed(said.era * odd + static_cast<std::uint64_t>(said.type), said.name);
    said.with.for_each(
        [&hash](std::string_view label, std::string_view value) { hash = hashed(hashed(hash, label), value); });
    return hash;
}

bool is(const recollection::entry& e, std::uint64_t hash, const saying& said) noexcept {
    if (e.hash != hash || e.era != said.era || e.said.empty() || e.said.front() != static_cast<char>(said.type))
        return false;
    const char* at = e.said.data() + 1;
    const char* const end = e.said.data() + e.said.size();
    bool equal = true;
    const auto compare = [&](std::string_view part) {
        constexpr auto head = sizeof(std::uint32_t);
        equal = equal && static_cast<std::size_t>(end - at) >= head + part.size() &&
                load<std::uint32_t>(at) == part.size() && same(at + head, part.data(), part.size());
        if (equal)
            at += head + part.size();
    };
    compare(said.name);
    said.with.for_each([&](std::string_view label, std::string_view value) {
        compare(label);
        compare(value);
    });
    return equal && at == end;
}

std::string spelled(const saying& said) {
    std::string out(1, static_cast<char>(said.type));
    const auto put = [&out](std::string_view part) {
        const auto length = static_cast<std::uint32_t>(part.size());
        out.append(reinterpret_cast<const char*>(&length), sizeof length).append(part);
    };
    put(said.name);
    said.with.for_each([&](std::string_view label, std::string_view value) {
        put(label);
        put(value);
    });
    return out;
}

std::size_t size_of(const saying& said) noexcept {
    auto size = said.name.size();
    said.with.for_each([&](std::string_view label, std::string_view value) { size += label.size() + value.size(); });
    return size;
}

} // namespace

[[gnu::noinline]] const series* recall(const saying& said) noexcept {
    auto* const names = my_shard ? my_shard->names : nullptr;
    if (!names)
        return nullptr;
    const auto hash = hash_of(said);
    if (const auto& first = names->first(hash); is(first, hash, said))
        return first.meant.get();
    if (const auto& second = names->second(hash); is(second, hash, said))
        return second.meant.get();
    return nullptr;
}

[[gnu::noinline]] void remember(const saying& said, std::shared_ptr<const series> what) noexcept {
    if (!my_shard || size_of(said) > most_bytes)
        return;
    try {
        if (!my_shard->names)
            my_shard->names = new recollection;
        const auto hash = hash_of(said);
        recollection::entry made{hash, said.era, spelled(said), std::move(what)};
        auto& first = my_shard->names->first(hash);
        std::swap(my_shard->names->second(hash), first);
        std::swap(first, made);
    } catch (const std::bad_alloc&) { // it is found the long way again
    }
}

} // namespace infra::monitoring::detail
