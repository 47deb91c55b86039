// A client whose loop is none: one handler at a time, by whichever thread of a pool is free.

#include <infra/redis.hpp>

#include "tests/support.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

namespace infra::redis {
namespace {

awaitable<void> count_and_read_back(const client& redis, int times) {
    const std::string large(100'000, 'x'); // more than one reading brings
    for (int i = 0; i < times; ++i) {
        co_await redis.execute<int>({"INCR", "n"});
        co_await redis.execute<void>({"SET", "k", large});
        EXPECT_EQ(co_await redis.execute<std::string>({"GET", "k"}), large);
    }
}

TEST(RedisClientOnAStrand, CountsWhatEachOfManyAsks) {
    if (!server::installed())
        GTEST_SKIP() << server::how_to_install;
    const server one;
    asio::thread_pool pool(2);
    const executor strand = asio::make_strand(pool.get_executor());
    const client redis({strand}, one.over_tcp());
    std::vector<std::future<void>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(asio::co_spawn(strand, count_and_read_back(redis, 25), asio::use_future));
    for (auto& each : all)
        EXPECT_NO_THROW(each.get());
    auto count = asio::co_spawn(strand, redis.execute<int>({"GET", "n"}), asio::use_future);
    EXPECT_EQ(count.get(), 200);
    asio::co_spawn(strand, redis.stop(deadline::after(5s)), asio::use_future).get();
}

} // namespace
} // namespace infra::redis
