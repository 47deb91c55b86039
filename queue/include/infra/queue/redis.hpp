#pragma once

/// The queue on a Redis server, in BullMQ's own layout: what Node adds, C++ runs, and the other way round. Link
/// infra::queue_redis.
///
///     auto jobs = infra::queue::create_queue({.url = "redis://10.0.0.5:6379"});
///     auto stored = infra::queue::make_redis_backend({.server = redis::options_from("rediss://10.0.0.5"), .prefix = "{shop}"});
///
/// What lies on the server, and what workers and dashboards of Node see of it, is drawn in queue/README.md.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/queue/backend.hpp>
#include <infra/redis/options.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

struct redis_queue_options {
    /// Where it is. Its eviction policy must be `noeviction`: anything else lets the server forget jobs.
    redis::options server{};

    /// What the names of all keys begin with: `bull:mail:wait`. In a cluster the keys of a queue, and of queues that jobs
    /// wait for each other in, must lie in one slot: `{shop}`. 1 to 100 bytes, as the other programs have it.
    std::string prefix = "bull";

    /// Replicas that must have what is added before that is acknowledged, at most 100; what a master had told nobody of is
    /// lost with it. Each call of `enqueue` takes as long as they need to say so, and where they do not within `timeout` it
    /// fails with errc::unavailable, though the jobs are there.
    std::size_t replicas = 0;

    // --- tuning ---

    /// Of one verb, waiting for a connection included. More than zero.
    std::chrono::milliseconds timeout{10'000};

    /// How long a claim that waits is blocked at most before it looks by itself, 10 ms to 1 minute; BullMQ's drainDelay. Shorter:
    /// less is lost when a wake-up is; longer: less work for an idle server.
    std::chrono::milliseconds look_every{5'000};

    /// How often it is looked, by one process of all, whether jobs are held by workers that vanished; BullMQ's
    /// stalledInterval. 100 ms to 1 hour.
    std::chrono::milliseconds stalled_interval{30'000};

    /// Connections that bear workers' names and do nothing else, by which BullMQ's getWorkers() and dashboards see who takes
    /// jobs: one for each queue and worker_options::name. Of further ones only this library knows. 0: none. At most 1000.
    std::size_t show_workers = 32;

    /// Operations, and bytes of payload, that may wait for the server; more is refused with infra::errc::overloaded. At least
    /// 1. A worker's own operations are always taken: its concurrency bounds them.
    std::size_t max_waiting = 65'536;
    std::size_t max_waiting_bytes = 64 * 1024 * 1024;
};

/// On these loops, or, without any, on one of its own, which no handler holds up. The first operation connects. Throws
/// std::invalid_argument naming a bad option. `time` must outlive it.
std::shared_ptr<backend> make_redis_backend(redis_queue_options options = {}, std::vector<executor> loops = {},
                                            clock& time = real_clock());

/// From what redis::options_from understands, `?prefix=…` and `?replicas=…`. Throws infra::error with infra::errc::misconfigured.
redis_queue_options redis_queue_options_from(std::string_view url);

/// Throws std::invalid_argument naming the field.
void check(const redis_queue_options& options);

} // namespace infra::queue
