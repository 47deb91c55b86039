// What makes the schemes of Redis known to make_store().

#include <infra/cache/redis.hpp>

namespace infra::cache {
namespace {

std::shared_ptr<store> from_url(std::string_view url, const store_options& options) {
    return make_redis_store(redis_store_options_from(url, options), {}, options.time ? *options.time : real_clock());
}

bool register_all() {
    for (const auto* const scheme :
         {"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"})
        register_store(scheme, from_url);
    return true;
}

[[maybe_unused]] const bool registered = register_all();

} // namespace
} // namespace infra::cache

/// Named on the linker's command line by whoever links infra::cache_redis, so that the registration above comes along.
extern "C" void infra_cache_redis() {}
