#pragma once

// What is kept with a value when its time to live does not say all: cache/README.md draws the bytes.
//
// A value without an envelope is bare: the JSON text alone, as the TypeScript package writes and reads it. An envelope
// begins with a byte that neither JSON nor any UTF-8 text begins with.

#include <infra/cache/payload.hpp>
#include <infra/cache/store.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::cache {

inline constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();

/// A tag and the version it had before the value was made.
struct tag_version {
    std::string tag{};
    std::uint64_t version = 0;
    friend bool operator==(const tag_version&, const tag_version&) = default;
};

struct envelope {
    bool raw = false;     ///< payload::raw
    bool none = false;    ///< remembers that there is no value
    bool rearmed = false; ///< over, and served again because its loader failed
    std::int64_t created_ms = 0;
    std::int64_t fresh_until_ms = never_ms;
    std::int64_t dead_at_ms = never_ms;
    std::vector<tag_version> tags{};
    friend bool operator==(const envelope&, const envelope&) = default;
};

std::string seal(const envelope& e, std::string_view payload);

struct opened {
    std::optional<envelope> cover{}; ///< empty: bare
    std::size_t payload_at = 0;
};

/// Looks only at the first byte.
inline bool is_sealed(std::string_view stored) noexcept { return !stored.empty() && stored.front() == sealed_mark; }

/// Empty for an envelope that is damaged or of a version from the future: a value that this release cannot read.
std::optional<opened> open(std::string_view stored);

} // namespace infra::cache
