#pragma once

// What the tests of the store on Redis share. Servers and proxies are those of the Redis room's tests.

#include "../metrics_listener.hpp"
#include "../support.hpp"

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <infra/cache/redis.hpp>
#include <infra/redis.hpp>

#include <vector>

namespace infra::cache::tests {

using maybe = std::optional<std::string>;

/// For what is not about outages, and is to take no busy machine for one.
inline redis_store_options patient(redis_store_options o) {
    o.timeout = 30s;
    o.breaker.patience = 10s;
    return o;
}

/// A server for each test, a proxy in front of it, and one loop for the store and the test.
class OnRedis : public ::testing::Test {
protected:
    void SetUp() override {
        if (!redis::server::installed())
            GTEST_SKIP() << redis::server::how_to_install;
        server.emplace();
        between.emplace(loop.get_executor(), server->socket());
        direct.emplace(std::vector{loop.get_executor()}, server->over_socket());
    }

    /// Behind the proxy, and of little patience.
    redis_store_options hasty() {
        redis_store_options o{.server = between->to()};
        o.server.reconnect.max = 100ms;
        o.timeout = 200ms;
        o.breaker = {.failures = 3, .patience = 100ms, .probe_every = 20ms};
        return o;
    }
    std::shared_ptr<store> make_store(redis_store_options o) {
        return make_redis_store(std::move(o), {loop.get_executor()});
    }

    /// As another client of the server sees it.
    maybe raw(const std::string& key) { return loop.await(direct->execute<maybe>({"GET", key})); }
    void put_raw(const std::string& key, const std::string& value) {
        loop.await(direct->execute<void>({"SET", key, value}));
    }

    void cut() {
        between->refusing = true;
        between->cut();
    }

    test_loop loop;
    std::optional<redis::server> server;
    std::optional<redis::proxy> between;
    std::optional<redis::client> direct;
};

} // namespace infra::cache::tests
