// What docs/redis.md shows.

#include "../support.hpp"

#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

// [redis]
#include <infra/redis.hpp>

infra::awaitable<std::optional<std::string>> name_of_user(infra::redis::client& redis) {
    co_await redis.execute<void>({"SET", "user:42", "Ada", "PX", 60'000});
    co_return co_await redis.execute<std::optional<std::string>>({"GET", "user:42"});
}
// [/redis]

TEST(BookRedis, ReadsWhatItWrote) {
    if (!infra::testing::redis_server::installed())
        GTEST_SKIP() << infra::testing::redis_server::how_to_install;
    infra::testing::redis_server server;
    infra::redis::client redis(infra::redis::options_from(server.url()));
    EXPECT_EQ(infra::wait(name_of_user(redis)), "Ada");
}
