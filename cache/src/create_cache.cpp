#include <infra/cache.hpp>

#include <infra/runtime/default_runtime.hpp>

#include <mutex>
#include <optional>

namespace infra::cache {
namespace {

struct default_slot {
    std::mutex mutex;
    std::optional<cache> one; // guarded by mutex
};

default_slot& slot() {
    default_loops(); // made before and so destroyed after the cache, whose refreshes end on them
    static default_slot only;
    return only;
}

cache on_store_of(cache_options options, clock& time) {
    auto stored = make_store(
        options.url,
        {.prefix = options.prefix, .max_bytes = options.max_bytes, .timeout = options.timeout, .time = &time});
    return cache(std::move(stored), std::move(options), time);
}

} // namespace

std::string url_from(const environment& variables) {
    if (const auto url = variables.get("CACHE_URL"))
        return *url;
    const auto redis = variables.get("REDIS_URL");
    if (!redis)
        return "memory:";
    const auto scheme = redis->substr(0, redis->find(':'));
    if (!knows_store(scheme))
        throw error(infra::errc::misconfigured,
                    "REDIS_URL: no Redis backend of the cache is linked; set CACHE_URL (memory:) "
                    "or unset REDIS_URL");
    return *redis;
}

cache create_cache(cache_options options, clock& time) {
    return cache_from(environment::of_process(), std::move(options), time);
}

cache cache_from(const environment& variables, cache_options options, clock& time) {
    check(options);
    if (!options.url.empty())
        return on_store_of(std::move(options), time);
    options.url = url_from(variables);
    try {
        return on_store_of(std::move(options), time);
    } catch (const error& e) {
        throw error(e.code(), std::string(variables.get("CACHE_URL") ? "CACHE_URL: " : "REDIS_URL: ") + e.what());
    }
}

cache default_cache() {
    auto& held = slot();
    const std::scoped_lock lock(held.mutex);
    if (!held.one)
        held.one = create_cache();
    return *held.one;
}

void set_default_cache(cache instead) {
    auto& held = slot();
    const std::scoped_lock lock(held.mutex);
    held.one = std::move(instead);
}

} // namespace infra::cache
