#include "src/sqlite/look_plan.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace infra::queue::tests {
namespace {

using namespace std::chrono_literals;
using sqlite::look_plan;

constexpr steady_time t0 = steady_time() + 1h;

look_plan told_plan(look_plan::duration poll = 2ms) {
    look_plan plan(poll, 500ms);
    plan.be_told(true);
    plan.looked(t0 - 1min, true);
    return plan;
}

/// How often it looks in that time, always for nothing, while others write every `writes`; 0: they do not.
int looks_within(look_plan plan, look_plan::duration all, look_plan::duration writes = 0s) {
    int looks = 0;
    auto next_write = t0 + writes;
    for (auto now = t0; now < t0 + all; now += 10us) {
        if (writes > 0s && now >= next_write) {
            plan.told(now);
            next_write += writes;
        }
        if (now >= plan.earliest() && now >= plan.next()) {
            plan.looked(now, false);
            ++looks;
        }
    }
    return looks;
}

TEST(LookPlan, LooksAtOnceWhenItIsTold) {
    auto plan = told_plan();
    plan.looked(t0, false);
    EXPECT_EQ(plan.next(), t0 + 500ms);
    plan.told(t0 + 3ms);
    EXPECT_LE(plan.next(), t0 + 3ms);
}

TEST(LookPlan, LooksTwiceASecondWhileNobodyTellsAnything) { EXPECT_EQ(looks_within(told_plan(), 10s), 20); }

TEST(LookPlan, LooksEverMoreSeldomForWhatWasWrittenAndCannotBeSeenYet) {
    auto plan = told_plan();
    plan.told(t0);
    for (auto now = t0; now < t0 + 900ms; now = std::max(plan.next(), plan.earliest())) {
        plan.looked(now, false);
        const auto passed = now - t0;
        EXPECT_LE(std::max(plan.next(), plan.earliest()) - now, std::max<look_plan::duration>(passed / 2, 2ms));
    }
    auto again = told_plan();
    again.told(t0);
    EXPECT_LT(looks_within(again, 1s), 25);
}

TEST(LookPlan, RestsOnceWhatWasWrittenIsSettled) {
    auto plan = told_plan();
    plan.told(t0);
    plan.looked(t0, true);
    plan.settled();
    EXPECT_EQ(plan.next(), t0 + 500ms);
}

TEST(LookPlan, LooksNoMoreOftenForNothingThanItWouldUntold) {
    for (const auto writes : {10us, 100us, 1000us, 5000us})
        EXPECT_LE(looks_within(told_plan(), 1s, writes), 1000 / 2 + 9) << writes.count() << " us apart";
}

TEST(LookPlan, CountsNoLooksThatBroughtWork) {
    auto plan = told_plan();
    for (auto now = t0; now < t0 + 1s; now += 100us) {
        plan.told(now);
        ASSERT_LE(plan.next(), now);
        plan.looked(now, true);
    }
}

TEST(LookPlan, LooksEachPollWhereNobodyTells) {
    look_plan plan(2ms, 500ms);
    plan.looked(t0, false);
    EXPECT_EQ(plan.next(), t0 + 2ms);
}

TEST(LookPlan, RestsNoShorterThanItWouldUntold) {
    auto plan = told_plan(1min);
    plan.looked(t0, true);
    EXPECT_EQ(plan.next(), t0 + 1min);
}

TEST(LookPlan, LooksByItselfOnceThreeWritesWereNotToldOf) {
    auto plan = told_plan();
    plan.looked(t0, false);
    plan.missed();
    plan.missed();
    EXPECT_EQ(plan.next(), t0 + 500ms);
    plan.missed();
    EXPECT_FALSE(plan.is_told());
    EXPECT_EQ(plan.next(), t0 + 2ms);
}

TEST(LookPlan, ForgetsWhatItMissedOnceItIsToldOfAWrite) {
    auto plan = told_plan();
    for (int weeks = 0; weeks < 5; ++weeks) {
        plan.missed();
        plan.missed();
        weeks % 2 == 0 ? plan.heard() : plan.told(t0);
    }
    EXPECT_TRUE(plan.is_told());
}

} // namespace
} // namespace infra::queue::tests
