#include <infra/redis.hpp>

#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <set>

namespace infra::redis {
namespace {

using namespace std::string_literals;
using maybe = std::optional<std::string>;

class RedisClient : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace();
        redis.emplace(std::vector{loop.get_executor()}, one->over_socket());
    }

    template <class T>
    T ask(command c) {
        return loop.get(redis->execute<T>(std::move(c)));
    }

    std::optional<server> one;
    test_loop loop;
    std::optional<client> redis;
};

TEST_F(RedisClient, SetsAndGets) {
    loop.wait(redis->execute<void>({"SET", "k", "v", "PX", 60'000}));
    EXPECT_EQ(ask<maybe>({"GET", "k"}), "v");
    EXPECT_EQ(ask<maybe>({"GET", "none"}), std::nullopt);
    EXPECT_EQ(ask<int>({"INCR", "n"}), 1);
    EXPECT_EQ(ask<int>({"INCR", "n"}), 2);
}

TEST_F(RedisClient, SpeaksOverTcp) {
    const client tcp({loop.get_executor()}, one->over_tcp());
    EXPECT_EQ(loop.get(tcp.execute<std::string>({"PING"})), "PONG");
}

TEST_F(RedisClient, GivesErrorsAsValuesAndThrowsThemWhereATypeIsAsked) {
    loop.wait(redis->execute<void>({"SET", "k", "v"}));
    const auto r = loop.get(redis->execute({"LPUSH", "k", "x"}));
    EXPECT_EQ(r.error_code(), "WRONGTYPE");
    const auto thrown = loop.run(redis->execute<int>({"LPUSH", "k", "x"}));
    EXPECT_EQ(thrown->code(), errc::server);
    EXPECT_EQ(thrown->what().find("WRONGTYPE"), 0u);
}

} // namespace
} // namespace infra::redis
