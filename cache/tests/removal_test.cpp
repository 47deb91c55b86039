#include <infra/cache/removal.hpp>

#include "support.hpp"

#include <infra/cache.hpp>

#include <gtest/gtest.h>

namespace infra::cache {
namespace {

TEST(KeyBelow, LeavesOutWhatTheCacheKeepsForItself) {
    EXPECT_EQ(key_below("shop:", "shop:user:1"), "user:1");
    EXPECT_EQ(key_below("shop:", "shop:@@version"), std::nullopt);
    EXPECT_EQ(key_below("shop:", "shop:@@tag:users"), std::nullopt);
    EXPECT_EQ(key_below("shop:", "shop:ns:@@1:k"), std::nullopt);
    EXPECT_EQ(key_below("", "shop@@version"), std::nullopt);
    EXPECT_EQ(key_below("shop:", "shop:long@@#0123"), "long@@#0123");
    EXPECT_EQ(key_below("shop:", "other:k"), std::nullopt);
    EXPECT_EQ(key_below("shop:", "shop:"), std::nullopt);
    EXPECT_EQ(key_below("shop:@@1:", "shop:@@1:k"), "k");
}

TEST(Removal, IsOfThoseThatBeginSo) {
    tests::test_loop loop;
    const cache in(make_memory_store(), {.prefix = "shop:"});
    const std::string long_name = "user:" + std::string(5000, 'x');
    for (const auto& key : {std::string("user:1"), std::string("user:2"), std::string("users"), long_name})
        loop.await(in.set(key, 1, std::chrono::minutes(1)));
    removal done;
    std::size_t count = 0;
    do {
        done = loop.await(remove_starting_with(in, "user:", done.next));
        count += done.count;
    } while (!done.next.empty());
    EXPECT_EQ(count, 3u) << "one of a name that is too long to be kept among them";
    EXPECT_TRUE(loop.await(in.exists("users")));
    EXPECT_FALSE(loop.await(in.exists("user:1")));
    EXPECT_THROW(loop.await(remove_starting_with(in, "")), std::invalid_argument) << "that would be everything";
}

} // namespace
} // namespace infra::cache
