#include <infra/queue.hpp>

#include <infra/runtime/default_runtime.hpp>

#include <mutex>
#include <optional>

namespace infra::queue {
namespace {

struct default_slot {
    std::mutex mutex;
    std::optional<queue> one; // guarded by mutex
};

default_slot& slot() {
    default_loops(); // made before and so destroyed after the queue, whose operations end on them
    static default_slot only;
    return only;
}

} // namespace

const std::shared_ptr<registry>& default_registry() {
    static const auto all = std::make_shared<registry>();
    return all;
}

std::string url_from(const environment& variables) {
    if (const auto url = variables.get("QUEUE_URL"))
        return *url;
    const auto redis = variables.get("REDIS_URL");
    if (!redis)
        return "sqlite:var/queue.db";
    // Jobs for all must not end in a file of this machine because somebody relied on the server.
    if (!knows_backend(redis->substr(0, redis->find(':'))))
        throw infra::error(infra::errc::misconfigured,
                           "REDIS_URL: no Redis backend of the queue is linked; link infra::queue_redis, set QUEUE_URL "
                           "(sqlite:var/queue.db) or unset REDIS_URL");
    return *redis;
}

queue queue_from(const environment& variables) {
    const auto url = url_from(variables);
    try {
        return queue(make_backend(url), {}, default_registry());
    } catch (const infra::error& e) {
        throw infra::error(e.code(),
                           std::string(variables.get("QUEUE_URL") ? "QUEUE_URL: " : "REDIS_URL: ") + e.what());
    }
}

queue default_queue() {
    auto& held = slot();
    const std::scoped_lock lock(held.mutex);
    if (!held.one)
        held.one = queue_from(environment::of_process());
    return *held.one;
}

void set_default_queue(queue instead) {
    auto& held = slot();
    const std::scoped_lock lock(held.mutex);
    held.one = std::move(instead);
}

} // namespace infra::queue
