#include "src/tracking_line.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

using texts = std::vector<std::string>;

reply text(std::string t) { return reply(std::move(t)); }

TEST(RedisInvalidation, IsReadFromAPush) {
    const auto some = detail::invalidation_in(
        reply({text("invalidate"), reply(reply::list{text("a"), text("b")})}, reply::kind::push));
    ASSERT_TRUE(some);
    EXPECT_FALSE(some->all);
    EXPECT_EQ(some->keys, (texts{"a", "b"}));
    const auto all = detail::invalidation_in(reply({text("invalidate"), reply()}, reply::kind::push));
    ASSERT_TRUE(all);
    EXPECT_TRUE(all->all);
}

TEST(RedisInvalidation, IsNothingElse) {
    EXPECT_FALSE(detail::invalidation_in(reply({text("invalidate"), reply(reply::list{})}))) << "an answer";
    EXPECT_FALSE(detail::invalidation_in(reply({text("message"), text("a"), text("b")}, reply::kind::push)));
    EXPECT_FALSE(detail::invalidation_in(reply({text("invalidate")}, reply::kind::push)));
    EXPECT_FALSE(detail::invalidation_in(reply({reply(), reply()}, reply::kind::push)));
}

TEST(RedisInvalidation, IsAskedForByPrefix) {
    EXPECT_EQ(detail::tracking_command({"a:", "b:"}).words(),
              (std::vector<std::string_view>{"CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a:", "PREFIX", "b:"}));
    EXPECT_EQ(detail::tracking_command({}).size(), 4U);
    EXPECT_EQ(detail::tracking_command({""}).size(), 4U);
}

} // namespace
} // namespace infra::redis
