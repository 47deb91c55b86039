// What makes the schemes of Redis known to make_backend().

#include <infra/queue/redis.hpp>

namespace infra::queue {
namespace {

std::shared_ptr<backend> from_url(std::string_view url) { return make_redis_backend(redis_queue_options_from(url)); }

bool register_all() {
    for (const auto* const scheme :
         {"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"})
        register_backend(scheme, from_url);
    return true;
}

[[maybe_unused]] const bool registered = register_all();

} // namespace
} // namespace infra::queue

/// Named on the linker's command line by whoever links infra::queue_redis, so that the registration above comes along.
extern "C" void infra_queue_redis() {}
