#include "envelope.hpp"

#include <bit>
#include <concepts>

namespace infra::cache {
namespace {

constexpr std::uint8_t envelope_version = 1;
constexpr std::uint8_t raw_flag = 1, none_flag = 2, rearmed_flag = 4;

template <std::unsigned_integral N>
void put(std::string& out, N number) {
    for (std::size_t i = 0; i < sizeof(N); ++i)
        out.push_back(static_cast<char>(number >> (8 * i)));
}

/// Takes numbers off the front; `ok` tells whether there was always enough.
struct cursor {
    std::string_view rest;
    bool ok = true;

    std::string_view take(std::size_t n) {
        ok = ok && rest.size() >= n;
        if (!ok)
            return {};
        const auto front = rest.substr(0, n);
        rest.remove_prefix(n);
        return front;
    }
    template <std::unsigned_integral N>
    N number() {
        N value = 0;
        const auto bytes = take(sizeof(N));
        for (std::size_t i = 0; i < bytes.size(); ++i)
            value =
                static_cast<N>(value | static_cast<N>(static_cast<N>(static_cast<unsigned char>(bytes[i])) << (8 * i)));
        return value;
    }
};

std::int64_t time_of(cursor& c) { return static_cast<std::int64_t>(c.number<std::uint64_t>()); }

} // namespace

std::string seal(const envelope& e, std::string_view payload) {
    std::string out;
    out.reserve(28 + payload.size() + 32 * e.tags.size());
    out.push_back(sealed_mark);
    put(out, envelope_version);
    put(out,
        static_cast<std::uint8_t>((e.raw ? raw_flag : 0) | (e.none ? none_flag : 0) | (e.rearmed ? rearmed_flag : 0)));
    for (const auto time : {e.created_ms, e.fresh_until_ms, e.dead_at_ms})
        put(out, static_cast<std::uint64_t>(time));
    put(out, static_cast<std::uint8_t>(e.tags.size()));
    for (const auto& each : e.tags) {
        put(out, static_cast<std::uint8_t>(each.tag.size()));
        out += each.tag;
        put(out, each.version);
    }
    return out.append(payload);
}

std::optional<opened> open(std::string_view stored) {
    if (!is_sealed(stored))
        return opened{};
    cursor c{stored.substr(1)};
    if (c.number<std::uint8_t>() != envelope_version)
        return std::nullopt;
    envelope e;
    const auto flags = c.number<std::uint8_t>();
    e.raw = flags & raw_flag;
    e.none = flags & none_flag;
    e.rearmed = flags & rearmed_flag;
    e.created_ms = time_of(c);
    e.fresh_until_ms = time_of(c);
    e.dead_at_ms = time_of(c);
    const auto tags = c.number<std::uint8_t>();
    for (std::size_t i = 0; i < tags && c.ok; ++i) {
        const auto name = c.take(c.number<std::uint8_t>());
        e.tags.push_back({std::string(name), c.number<std::uint64_t>()});
    }
    const bool known = (flags & ~(raw_flag | none_flag | rearmed_flag)) == 0;
    const bool in_order = 0 <= e.created_ms && e.created_ms <= e.fresh_until_ms && e.fresh_until_ms <= e.dead_at_ms;
    if (!c.ok || !known || !in_order)
        return std::nullopt;
    return opened{std::move(e), stored.size() - c.rest.size()};
}

} // namespace infra::cache
