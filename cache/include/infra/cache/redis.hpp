#pragma once

/// The cache on a Redis server, shared by all who are given its URL. Link infra::cache_redis.
///
///     auto cache = infra::cache::create_cache({.url = "rediss://shop:secret@cache.internal:6380/2", .prefix = "shop:"});
///     auto stored = infra::cache::make_redis_store({.server = {.host = "10.0.0.5"}, .outage = outage_policy::raise});
///
/// While the server is away, a service goes on without it: reads find nothing, writes are dropped and counted, and
/// nobody waits. cache/README.md draws what lies on the server.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/cache/store.hpp>
#include <infra/redis/options.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache {

/// What becomes of an operation that the server does not answer.
enum class outage_policy {
    /// Reads find nothing, writes are dropped: both are counted. What cannot be made up throws errc::unavailable all the
    /// same: increment(), whose sum nobody knows, and locks, which nobody may believe to hold.
    forgo,
    raise, ///< all of them throw errc::unavailable
};

/// When the server is taken to be away. Then operations end at once, while somebody asks behind them whether it is back.
struct breaker_options {
    /// Operations that fail in a row, with no answer of the server, or of any in a cluster, between them. Fewer: sooner, and
    /// sometimes for nothing. At least 1.
    int failures = 3;

    /// Asked, it says nothing for so long, and for as long again when asked once more; in a cluster one of its masters,
    /// whatever the others say. Shorter: callers wait less, and the server is given up more often for nothing. At least 10 ms.
    std::chrono::milliseconds patience{500};

    /// Between two questions whether it is back. 10 ms to 1 s.
    std::chrono::milliseconds probe_every{200};
};

/// Copies of values in this process, which the server tells to drop (CLIENT TRACKING with BCAST, RESP3). A read that finds
/// one asks nobody; it is at most one message older than what another process wrote. While the connection that tells is
/// away there are none.
struct near_cache_options {
    /// 0: no copies. Otherwise at least 64 KiB.
    std::size_t max_bytes = 0;

    /// Of the keys that are kept, and that the server tells of: each change of any such key comes to this process.
    std::string prefix{};

    /// No copy is older. Longer: more hits, and after a connection that died without a word older values; that is found
    /// out within redis::options::ping_every and response_timeout. Positive.
    std::chrono::milliseconds max_age{600'000};
};

struct redis_store_options {
    /// Where it is. Of the database everything may be used by others as well.
    redis::options server{};

    /// Of one verb, waiting for a connection included. More than zero.
    std::chrono::milliseconds timeout{2000};

    outage_policy outage = outage_policy::forgo; ///< what becomes of operations while it is away
    breaker_options breaker{};                   ///< when it is taken to be away
    near_cache_options near_cache{};             ///< copies of values in this process

    /// Keys that writes, erasures and invalidations would have changed while the server was away. They are made void when
    /// it is back, before anybody reads again; beyond this number all that is kept under the same caches' prefixes is.
    /// A process that ends meanwhile takes them along.
    std::size_t max_owed = 10'000;
};

/// On these loops, or, without any, on those of the default runtime. The first operation connects. Throws
/// std::invalid_argument naming a bad option. `time` must outlive the store.
std::shared_ptr<store> make_redis_store(redis_store_options options, std::vector<executor> loops = {},
                                        clock& time = real_clock());

/// From what redis::options_from understands, `?outage=raise` and `?near_cache=on|off`. There is a near-cache of
/// store_options::max_bytes if it says so, or has nothing to say and there is a prefix: without one, this process would
/// hear of every change that anybody makes to any key of the server. Throws infra::error, infra::errc::misconfigured.
redis_store_options redis_store_options_from(std::string_view url, const store_options& options = {});

/// Throws std::invalid_argument naming the field.
void check(const redis_store_options& options);

/// FLUSHDB, which cache::flush() is not: everything in the database goes, queues, locks and the values of other programs
/// included. The store must be one on Redis.
awaitable<void> erase_whole_database_whoever_uses_it(std::shared_ptr<store> reached_through);

} // namespace infra::cache
