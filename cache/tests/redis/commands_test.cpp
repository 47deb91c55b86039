#include "src/redis/commands.hpp"

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

namespace infra::cache::redis_backend {
namespace {

using redis::reply;

const reply one(std::int64_t{1}), none(std::int64_t{0});

reply text(std::string words) { return reply(std::move(words)); }
reply two(reply a, reply b) { return reply(reply::list{std::move(a), std::move(b)}); }

/// Of every kind, and none of which says what a script does.
std::vector<reply> odd_ones() {
    return {text("OK"),           reply(true),         reply(1.5),
            reply(reply::list{}), two(text("a"), one), reply("1", reply::kind::big_number)};
}

template <class Read>
boost::system::error_code code_of_reading(Read read) {
    try {
        read();
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

TEST(CacheRedisAnswers, OfALockOrALeaseAreYesAndNo) {
    EXPECT_TRUE(verdict_in(one));
    EXPECT_FALSE(verdict_in(none));
    for (const auto& each : odd_ones())
        EXPECT_EQ(code_of_reading([&] { verdict_in(each); }), errc::unavailable);
    EXPECT_EQ(code_of_reading([] { verdict_in(reply()); }), errc::unavailable);
}

TEST(CacheRedisAnswers, OfALockAreANumberOrThatAnotherHasIt) {
    EXPECT_EQ(fence_in(text("42")), 42u);
    EXPECT_EQ(fence_in(reply()), std::nullopt);
    for (const auto& each : odd_ones())
        EXPECT_EQ(code_of_reading([&] { fence_in(each); }), errc::unavailable);
}

TEST(CacheRedisAnswers, OfAnIncrementAreASumOrThatThereIsNoNumber) {
    EXPECT_EQ(sum_in(text("-42")), -42);
    EXPECT_EQ(code_of_reading([] { sum_in(reply()); }), errc::wrong_type);
    for (const auto& each : odd_ones())
        EXPECT_EQ(code_of_reading([&] { sum_in(each); }), errc::unavailable);
}

TEST(CacheRedisAnswers, OfAReadAreAsManyAsWereAskedFor) {
    EXPECT_EQ(items_in(two(text("a"), reply()), 2).size(), 2u);
    EXPECT_EQ(text_in(items_in(two(text("a"), reply()), 2)[0]), "a");
    EXPECT_EQ(all_in(two(one, one), 3), std::nullopt);
    for (const auto& each : odd_ones()) {
        const auto items = items_in(each, 3);
        ASSERT_EQ(items.size(), 3u);
        EXPECT_TRUE(items[0].is_null() && items[1].is_null() && items[2].is_null());
    }
}

TEST(CacheRedisAnswers, OfAScriptThatShowsAValueAreAPair) {
    EXPECT_TRUE(erased_in(two(one, reply())).there);
    EXPECT_EQ(erased_in(two(one, text("\xC1 x"))).sealed, "\xC1 x");
    EXPECT_TRUE(replaced_in(two(one, reply())).done);
    EXPECT_EQ(replaced_in(two(none, text("x"))).found, "x");
    EXPECT_TRUE(lease_in(two(one, reply())).granted);
    for (const auto& each : odd_ones()) {
        EXPECT_FALSE(erased_in(each).there);
        EXPECT_TRUE(replaced_in(each).unanswered);
        EXPECT_EQ(code_of_reading([&] { lease_in(each); }), errc::unavailable);
    }
}

} // namespace
} // namespace infra::cache::redis_backend
