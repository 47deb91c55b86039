#pragma once

// What is to be done with what was found, and for how long a new value is good. Pure: the time is an argument, the lot too.

#include "envelope.hpp"

#include <infra/cache/options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace infra::cache {

/// What a look found: there, readable, with tags that still hold.
struct found_value {
    payload value{};
    std::optional<envelope> cover{}; ///< empty: bare, and good as long as the store keeps it
};

bool is_fresh(const found_value& v, std::int64_t now_ms) noexcept;

/// A value for readers that know neither stale ones nor remembered absences.
bool is_plainly_there(const found_value& v, std::int64_t now_ms) noexcept;

enum class verdict { serve, serve_and_refresh, load };

/// `takes_none`: the caller can do something with the memory of an absence.
verdict judge(const std::optional<found_value>& found, std::int64_t now_ms, const load_options& o,
              bool takes_none) noexcept;

/// Whether it is a value, fresh or old, that has not come to its end. A bare one is none: its end is the store's.
bool is_alive(const std::optional<found_value>& found, std::int64_t now_ms) noexcept;

/// Whether it may stand in for a loader that failed or takes long.
bool may_stand_in(const std::optional<found_value>& found, std::int64_t now_ms, const load_options& o) noexcept;

/// How a value is stored: what goes into its envelope, and when the store may forget it.
struct storing {
    envelope cover{};
    bool bare = true; ///< the ttl says all
    std::chrono::milliseconds ttl = forever;
};

storing plan_set(std::int64_t now_ms, std::chrono::milliseconds ttl, bool raw, std::vector<tag_version> tags);

/// `lot` from 0 to 1 shortens the ttl by up to its jitter. `made` is what the loader gave: a value, or nothing.
storing plan_loaded(std::int64_t now_ms, std::chrono::milliseconds ttl, const load_options& o, double lot,
                    const std::optional<payload>& made, std::vector<tag_version> tags);

/// An old value that is served again for the throttle, never beyond its own end.
storing plan_rearmed(std::int64_t now_ms, const envelope& old, std::chrono::milliseconds throttle);

/// One that is given another time from now; for how long it is stale, or may stand in, stays.
storing plan_extended(std::int64_t now_ms, const found_value& old, std::chrono::milliseconds ttl);

} // namespace infra::cache
