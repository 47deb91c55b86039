#include "../src/recurrence.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

schedule_info minutely(missed_runs missed = missed_runs::one) {
    return {.queue = "mail",
            .id = "s",
            .when = {.pattern = "* * * * *", .missed = missed},
            .name = "s",
            .next = t0 + 1min,
            .pending = job_state::delayed};
}

TEST(QueueRecurrence, DefinesTheScheduledJobsOfTheQueuesServed) {
    registry jobs;
    const auto nothing = [] {};
    jobs.define_cron({.name = "here", .pattern = "0 6 * * *", .handler = nothing, .attempts = 3, .queue = "mail"});
    jobs.define_cron({.name = "elsewhere", .pattern = "0 6 * * *", .handler = nothing});
    jobs.define<no_data>({.name = "plain", .handler = nothing, .queue = "mail"});
    const auto all = to_define(jobs.all(), {"mail"}, t0);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].queue, "mail");
    EXPECT_EQ(all[0].id, "here");
    EXPECT_EQ(all[0].name, "here");
    EXPECT_EQ(all[0].when.pattern, "0 6 * * *");
    EXPECT_EQ(all[0].options.attempts, 3);
    EXPECT_EQ(all[0].next, t0 + 6h);
    EXPECT_EQ(all[0].now, t0);
}

TEST(QueueRecurrence, AdvancesToTheNextTime) {
    const auto next = to_advance(minutely(), t0 + 1min, t0 + 61s);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->of, (schedule_key{"mail", "s"}));
    EXPECT_EQ(next->run, t0 + 1min);
    EXPECT_TRUE(next->made);
    EXPECT_EQ(next->next, t0 + 2min);
}

TEST(QueueRecurrence, AdvancesFromThePendingRunOnly) {
    EXPECT_FALSE(to_advance(minutely(), t0, t0 + 1min));
    auto over = minutely();
    over.next.reset();
    EXPECT_FALSE(to_advance(over, t0 + 1min, t0 + 1min));
}

TEST(QueueRecurrence, FollowsARunThatWasPromotedWithTheOneAfterIt) {
    const auto next = to_advance(minutely(), t0 + 1min, t0 + 10s);
    EXPECT_TRUE(next->made);
    EXPECT_EQ(next->next, t0 + 2min);
}

TEST(QueueRecurrence, PassesOverWhatWasMissedByPolicy) {
    const auto late = t0 + 10min + 30s;
    EXPECT_EQ(to_advance(minutely(missed_runs::one), t0 + 1min, late)->next, t0 + 11min);
    EXPECT_TRUE(to_advance(minutely(missed_runs::one), t0 + 1min, late)->made);
    EXPECT_FALSE(to_advance(minutely(missed_runs::skip), t0 + 1min, late)->made);
    EXPECT_EQ(to_advance(minutely(missed_runs::all), t0 + 1min, late)->next, t0 + 2min);
}

TEST(QueueRecurrence, RepairsAScheduleWhoseRunIsNowhere) {
    auto s = minutely();
    EXPECT_FALSE(to_repair(s, t0));
    s.pending.reset();
    EXPECT_EQ(to_repair(s, t0)->next, t0 + 1min) << "the same again: its time is still to come";
    EXPECT_EQ(to_repair(s, t0 + 90s)->next, t0 + 2min);
    EXPECT_FALSE(to_repair(s, t0 + 90s)->made);
}

TEST(QueueRecurrence, RepairsAScheduleWhoseRunIsOverWithoutASuccessor) {
    auto s = minutely();
    for (const auto state : {job_state::waiting, job_state::active}) {
        s.pending = state;
        EXPECT_FALSE(to_repair(s, t0 + 2min));
    }
    for (const auto state : {job_state::completed, job_state::failed}) {
        s.pending = state;
        EXPECT_EQ(to_repair(s, t0 + 90s)->next, t0 + 2min);
        EXPECT_EQ(to_repair(s, t0)->next, t0 + 2min);
    }
}

TEST(QueueRecurrence, HasNothingToRepairInAScheduleThatIsOver) {
    auto s = minutely();
    s.next.reset();
    s.pending.reset();
    EXPECT_FALSE(to_repair(s, t0));
}

} // namespace
} // namespace infra::queue::tests
