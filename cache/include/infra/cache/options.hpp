#pragma once

/// How a cache is made, how a value is stored, how a missing one is loaded. Each field that is out of its range is a
/// std::invalid_argument naming it.

#include <infra/cache/string_list.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace infra::cache {

/// A time to live without an end: until erased or evicted. Where a cache has a default_ttl this says "but not this one".
inline constexpr std::chrono::milliseconds forever = std::chrono::milliseconds::max();

struct cache_options {
    /// `memory:`, or what another linked backend understands. Empty: CACHE_URL, otherwise `memory:`. REDIS_URL without a
    /// backend for it is an error rather than a cache that others do not see.
    std::string url{};

    /// In front of every key: `shop:`. Caches that share a store need different ones. At most 256 bytes of UTF-8 without
    /// control characters and without `@@`, and no `@` at the end.
    std::string prefix{};

    /// Of values that are stored without a time to live. Not set: until erased or evicted.
    std::optional<std::chrono::milliseconds> default_ttl{};

    /// Of the memory store, everything included. More: fewer misses, more memory. At least 64 KiB.
    std::size_t max_bytes = std::size_t{64} << 20;

    /// Of one operation of a store that is elsewhere. A hit in memory does not wait.
    std::chrono::milliseconds timeout{2000};

    /// Background refreshes at once; more are not begun, and the next reader tries again. 0: none.
    std::size_t max_refreshes = 64;
};

struct set_options {
    /// Positive, or `forever`. Not set: the cache's default_ttl.
    std::optional<std::chrono::milliseconds> ttl{};

    /// `invalidate_tag` makes every value that carries one a miss. At most 64, of at most 255 bytes of UTF-8 without control
    /// characters each.
    string_list tags{};

    /// Leaves a value that is there alone.
    bool only_if_absent = false;
};

/// What get_or_set may do. With `ttl` alone it stores what the loader gave and loads again when that is over. The value's
/// life in full:
///
///     |----- fresh: ttl ------|---- stale: served, refreshed behind ----|
///     |            eager ^    |------- grace: served only if the loader fails or takes long ------|
struct load_options {
    std::optional<std::chrono::milliseconds> ttl{}; ///< as set_options::ttl
    string_list tags{};                             ///< as set_options::tags

    /// After the ttl: the old value is served at once and one refresh runs behind it.
    std::chrono::milliseconds stale{0};

    /// After the ttl: the old value is served if the loader throws, or by `soft_timeout`. The error is logged.
    std::chrono::milliseconds grace{0};

    /// After a failure that an old value covered, in line or behind a reader, that counts as fresh for so long, never beyond
    /// its end: what is down is left alone.
    std::chrono::milliseconds throttle{30'000};

    /// With a value in its grace: waits for the loader at most so long, then serves that while the loader goes on. At once
    /// where as many refreshes run as may.
    std::optional<std::chrono::milliseconds> soft_timeout{};

    /// Ends the loader, by cancellation; callers get the old value if there is one, otherwise errc::timed_out. Who waits for
    /// another's loader waits no longer either. Not set: a minute.
    std::optional<std::chrono::milliseconds> hard_timeout{};

    /// A reader that comes after this share of the ttl (0.8 say) starts a refresh behind the fresh value. 0: none does.
    double eager = 0;

    /// 0 to 1: the share of each ttl that is drawn by lot, so that what was stored together does not end together.
    double jitter = 0;

    /// For a loader that gives an empty optional: for so long that answer is remembered. Not set: not at all.
    std::optional<std::chrono::milliseconds> none_ttl{};
};

/// Each throws std::invalid_argument: `cache::load_options::eager must be from 0 to 1`.
void check(const cache_options& options);
void check(const set_options& options);
void check(const load_options& options);

} // namespace infra::cache
