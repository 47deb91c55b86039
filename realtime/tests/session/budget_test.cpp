#include "src/session/budget.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace infra::realtime::detail {
namespace {

using namespace std::chrono_literals;

constexpr rate fifty{.per_second = 50, .burst = 200};
const steady_time start{1h};

int spent(budget& b, steady_time at, int tries, rate limit = fifty) {
    int all = 0;
    for (int i = 0; i < tries; ++i)
        all += b.spend(at, limit) ? 1 : 0;
    return all;
}

TEST(Budget, AllowsABurstAndThenItsRate) {
    budget b;
    EXPECT_EQ(spent(b, start, 1000), 200);
    EXPECT_EQ(spent(b, start + 19ms, 10), 0);
    EXPECT_EQ(spent(b, start + 20ms, 10), 1);
    EXPECT_EQ(spent(b, start + 1020ms, 1000), 50);
}

TEST(Budget, IsFullAgainAfterARestAndNeverMore) {
    budget b;
    spent(b, start, 200);
    EXPECT_FALSE(b.is_full(start + 3999ms));
    EXPECT_TRUE(b.is_full(start + 4s));
    EXPECT_EQ(spent(b, start + 24h, 1000), 200);
}

TEST(Budget, OfLessThanOneASecond) {
    budget b;
    constexpr rate slow{.per_second = 0.1, .burst = 1};
    EXPECT_EQ(spent(b, start, 5, slow), 1);
    EXPECT_EQ(spent(b, start + 9999ms, 5, slow), 0);
    EXPECT_EQ(spent(b, start + 10s, 5, slow), 1);
}

TEST(Budget, MayBeWithoutBound) {
    budget b;
    EXPECT_EQ(spent(b, start, 1000, {.per_second = 1e300, .burst = 1e300}), 1000);
    budget c;
    EXPECT_EQ(spent(c, start, 1000, {.per_second = 1, .burst = 1e19}), 1000);
}

TEST(Budget, OfAUserIsSharedAndNobodyElses) {
    user_budgets users;
    for (int i = 0; i < 200; ++i)
        EXPECT_TRUE(users.spend("anna", start, fifty));
    EXPECT_FALSE(users.spend("anna", start, fifty));
    EXPECT_TRUE(users.spend("bert", start, fifty));
}

TEST(Budget, OfUsersWhoAreQuietTakesNoRoom) {
    user_budgets users;
    for (int second = 0; second < 100; ++second)
        for (int user = 0; user < 1000; ++user)
            users.spend(std::to_string(second) + ":" + std::to_string(user), start + second * 1s, fifty);
    EXPECT_LE(users.size(), 4000u);
}

} // namespace
} // namespace infra::realtime::detail
