#pragma once

/// Values under a key, for a while.
///
///     auto cache = infra::cache::create_cache();
///     co_await cache.set("user:123", user, 60s);
///     if (auto hit = co_await cache.get<user>("user:123")) use(*hit);
///     auto fresh = co_await cache.get_or_set("user:123", 5min, [=] { return load_user(123); });
///
/// cache/cache.hpp is the page to read; cache/options.hpp says what get_or_set can do about a loader that is slow or down;
/// cache/store.hpp is for those who write a backend.

#include <infra/cache/cache.hpp>
#include <infra/cache/error.hpp>
#include <infra/cache/lock.hpp>
#include <infra/cache/memory.hpp>
#include <infra/cache/options.hpp>
#include <infra/cache/payload.hpp>
#include <infra/cache/store.hpp>
#include <infra/runtime/environment.hpp>

namespace infra::cache {

/// A cache on a store of its own. Throws infra::error with infra::errc::misconfigured when the URL is not understood, and
/// std::invalid_argument for a bad option.
[[nodiscard]] cache create_cache(cache_options options = {}, clock& time = real_clock());

/// Where the environment wants values kept: CACHE_URL, otherwise REDIS_URL if a backend for it is linked, otherwise
/// `memory:`. Throws infra::error with infra::errc::misconfigured when REDIS_URL asks for what is not linked: a cache that
/// others do not see, and do not make void, is not what was asked for.
std::string url_from(const environment& variables);

/// The cache that is kept there; a URL among the options wins. Throws as create_cache().
[[nodiscard]] cache cache_from(const environment& variables, cache_options options = {}, clock& time = real_clock());

/// One cache for the process, made at first use by create_cache().
cache default_cache();

/// Replaces it, for calls that begin afterwards.
void set_default_cache(cache instead);

} // namespace infra::cache
