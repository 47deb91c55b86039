#include "src/presence.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

const address here{.host = "a", .port = 1}, there{.host = "b", .port = 2};

TEST(RedisPresence, KnowsEachPlaceAsLongAsSomebodyIsThere) {
    presence of;
    of.came(here, false);
    of.came(here, false);
    of.came(there, false);
    of.is_gone(here);
    EXPECT_EQ(of.places(), (std::vector{here, there}));
    of.is_gone(here);
    of.is_gone(here);
    EXPECT_EQ(of.places(), std::vector{there});
}

TEST(RedisPresence, TellsWhoComesAndGoes) {
    presence of;
    std::vector<std::pair<address, presence::change>> told;
    of.tell([&](const address& at, presence::change what) { told.emplace_back(at, what); });
    of.came(here, false);
    of.came(here, true);
    of.is_gone(here);
    of.tell_that_it_went(here);
    using enum presence::change;
    EXPECT_EQ(told,
              (std::vector<std::pair<address, presence::change>>{{here, came}, {here, came_again}, {here, went}}));
}

TEST(RedisPresence, KnowsNobodyOfWhomItCannotTell) {
    presence of;
    of.tell([](const address&, presence::change) { throw std::bad_alloc(); });
    EXPECT_THROW(of.came(here, false), std::bad_alloc);
    EXPECT_TRUE(of.places().empty());
}

} // namespace
} // namespace infra::redis::detail
