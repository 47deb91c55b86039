#pragma once

// What the tests of the store on Redis share. Servers and proxies are those of the Redis room's tests.

#include "../support.hpp"

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/cache/redis.hpp>
#include <infra/redis.hpp>

#include <map>
#include <span>
#include <vector>

namespace infra::cache::tests {

using maybe = std::optional<std::string>;

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

/// Keeps the sums of what is added, and the last of what is recorded, by `name{label=value}`. Each test is a process.
class metrics_listener {
public:
    metrics_listener() {
        sums().clear();
        telemetry::install(&table);
    }
    ~metrics_listener() { telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr)); }
    static double of(const std::string& name) { return sums()[name]; }

private:
    static std::map<std::string, double>& sums() {
        static std::map<std::string, double> all;
        return all;
    }
    static void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
        std::string name(of.name);
        for (const auto& [key, value] : labels)
            name.append("{").append(key).append("=").append(value).append("}");
        return &*sums().try_emplace(name).first;
    }
    static double& in(void* series) noexcept {
        return static_cast<std::pair<const std::string, double>*>(series)->second;
    }
    static void add(void* series, double amount) noexcept { in(series) += amount; }
    static void record(void* series, double value) noexcept { in(series) = value; }
    static constexpr telemetry::meter_functions table{&bind, &add, &record};
};

} // namespace infra::cache::tests
