#include "src/instruments.hpp"

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace infra::redis {
namespace {

/// Keeps the sums of what is added, by `name{label=value}`. Not for two tests at once, which each are a process.
class listener {
public:
    listener() {
        sums().clear();
        telemetry::install(&table);
    }
    ~listener() { telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr)); }
    static double of(const std::string& name) { return sums()[name]; }
    static std::map<std::string, double>& sums() {
        static std::map<std::string, double> all;
        return all;
    }

private:
    static void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
        std::string name(of.name);
        for (const auto& [key, value] : labels)
            name.append("{").append(key).append("=").append(value).append("}");
        return &*sums().try_emplace(name).first;
    }
    static void add(void* series, double amount) noexcept {
        static_cast<std::pair<const std::string, double>*>(series)->second += amount;
    }
    static constexpr telemetry::meter_functions table{&bind, &add, &add};
};

TEST(RedisInstruments, CountWhatCameOfCommandsAndNoKeys) {
    if (!server::installed())
        GTEST_SKIP() << server::how_to_install;
    const listener heard;
    const server one({}, false);
    test_loop loop;
    proxy between(loop.get_executor(), one.socket());
    {
        const client redis({loop.get_executor()}, between.to());
        loop.wait(redis.execute<void>({"SET", "secret-key", "v"}));
        loop.get(redis.execute({{"GET", "secret-key"}, {"INCR", "secret-key"}, {"GET", "secret-key"}}));
        between.on_reply = [&](std::string) -> std::optional<std::string> {
            between.on_reply = nullptr;
            return std::nullopt;
        };
        loop.run(redis.execute({"INCR", "n"}));
        loop.wait(redis.execute<void>({"PING"}));
        EXPECT_EQ(heard.of("redis_connections"), 1);
        loop.wait(redis.stop(deadline::after(1s)));
        EXPECT_EQ(loop.run(redis.execute({"PING"}))->code(), infra::errc::closed);
    }
    loop.settle();
    EXPECT_EQ(heard.of("redis_commands_total{outcome=ok}"), 4);
    EXPECT_EQ(heard.of("redis_commands_total{outcome=error}"), 1) << "each of a batch counts by itself";
    EXPECT_EQ(heard.of("redis_commands_total{outcome=lost}"), 1);
    EXPECT_EQ(heard.of("redis_connections_lost_total"), 1);
    EXPECT_EQ(heard.of("redis_connects_total{outcome=connected}"), 2);
    EXPECT_EQ(heard.of("redis_connections"), 0);
    EXPECT_EQ(heard.of("redis_queued_commands"), 0);
    EXPECT_GT(heard.of("redis_sent_bytes_total"), 50);
    EXPECT_GT(heard.of("redis_received_bytes_total"), 10);
    for (const auto& [name, sum] : listener::sums())
        EXPECT_EQ(name.find("secret"), std::string::npos) << name;
}

} // namespace
} // namespace infra::redis
