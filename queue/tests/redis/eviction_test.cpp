#include "src/redis/eviction.hpp"

#include "tests/captured_log.hpp"
#include "tests/support.hpp"

#include <infra/queue/redis.hpp>
#include <infra/testing/redis_server.hpp>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;

TEST(Eviction, OnlyNoEvictionKeepsAllJobs) {
    EXPECT_EQ(evicting_policy_in("maxmemory:0\r\nmaxmemory_policy:noeviction\r\n"), "");
    EXPECT_EQ(evicting_policy_in("maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\nx:1\r\n"), "allkeys-lru");
    EXPECT_EQ(evicting_policy_in("maxmemory_policy:volatile-ttl"), "volatile-ttl") << "locks end by a time";
    EXPECT_EQ(evicting_policy_in("maxmemory:0\r\n"), "") << "a server that does not tell";
}

TEST(Eviction, IsWarnedOfOnce) {
    testing::redis_server server({"--maxmemory-policy", "allkeys-lru"});
    const queue::tests::captured_log log;
    queue::tests::test_loop loop;
    const auto stored = make_redis_backend({.server = redis::options_from(server.url())}, {loop.get_executor()});
    loop.await(stored->enqueue({queue::tests::make_job("a")}));
    loop.await(stored->enqueue({queue::tests::make_job("b", {}, "images")}));
    loop.until([&] { return log.mentions("allkeys-lru"); });
    EXPECT_EQ(log.count("warn the server may evict"), 1u);
    loop.await(stored->stop(deadline::after(10s)));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
