#pragma once

// What every backend must do about schedules.

#include "backend_fixture.hpp"

namespace infra::queue::tests {

class QueueSchedules : public QueueBackend {
protected:
    void upsert(new_schedule s) {
        std::vector<new_schedule> one{std::move(s)};
        loop.await(stored->upsert(std::move(one)));
    }

    static new_schedule make_schedule(wall_time next = t0 + 1min, std::string id = "s") {
        return {.queue = "mail",
                .id = std::move(id),
                .when = {.pattern = "* * * * *"},
                .name = "report",
                .data = R"({"n":1})",
                .options = {.attempts = 3},
                .next = next,
                .now = t0};
    }

    bool advance(wall_time run, std::optional<wall_time> next, wall_time now) {
        return loop.await(stored->advance({{.of = {"mail", "s"}, .run = run, .next = next, .now = now}})).at(0);
    }

    bool pause(wall_time now = t0 + 10s) { return loop.await(stored->pause_schedules({{"mail", "s"}}, now)).at(0); }

    bool resume(std::optional<wall_time> next, wall_time now, schedule when = make_schedule().when) {
        return loop
            .await(stored->resume_schedules({{.of = {"mail", "s"}, .when = std::move(when), .next = next, .now = now}}))
            .at(0);
    }

    schedule_info known(const std::string& id = "s") {
        for (const auto& each : loop.await(stored->schedules(std::nullopt)))
            if (each.id == id)
                return each;
        return {};
    }
};

TEST_P(QueueSchedules, HoldsItsRunUntilItIsDue) {
    upsert(make_schedule());
    const auto run = run_id("s", t0 + 1min);
    EXPECT_EQ(info(run)->state, job_state::delayed);
    EXPECT_EQ(info(run)->run_at, t0 + 1min);
    EXPECT_EQ(info(run)->created_at, t0);
    EXPECT_EQ(ids_of(claim(1, t0 + 59s)), ids{});
    const auto taken = claim(1, t0 + 1min);
    ASSERT_EQ(ids_of(taken), ids{run});
    EXPECT_EQ(taken.jobs[0].name, "report");
    EXPECT_EQ(taken.jobs[0].data, R"({"n":1})");
    EXPECT_EQ(taken.jobs[0].options, (job_options{.attempts = 3}));
}

TEST_P(QueueSchedules, RunsAtOnceWhatIsDueNow) {
    upsert(make_schedule(t0));
    EXPECT_EQ(ids_of(claim()), ids{run_id("s", t0)});
}

TEST_P(QueueSchedules, RemembersAllThatIsSaidAboutASchedule) {
    auto s = make_schedule();
    s.when = {.pattern = "0 6 * * *",
              .tz = "Europe/Berlin",
              .limit = 5,
              .start = t0,
              .end = t0 + 24h,
              .missed = missed_runs::all};
    upsert(s);
    const auto kept = known();
    EXPECT_EQ(kept.queue, "mail");
    EXPECT_EQ(kept.id, "s");
    EXPECT_EQ(kept.when, s.when);
    EXPECT_EQ(kept.name, "report");
    EXPECT_EQ(kept.data, s.data);
    EXPECT_EQ(kept.options, s.options);
    EXPECT_EQ(kept.runs, 0u);
    EXPECT_EQ(kept.next, t0 + 1min);
    EXPECT_EQ(kept.last, std::nullopt);
    EXPECT_EQ(kept.defined_at, t0);
    EXPECT_EQ(kept.pending, job_state::delayed);
}

TEST_P(QueueSchedules, AdvancesFromRunToRun) {
    upsert(make_schedule());
    const auto taken = claim(1, t0 + 1min);
    EXPECT_TRUE(advance(t0 + 1min, t0 + 2min, t0 + 1min));
    EXPECT_EQ(known().runs, 1u);
    EXPECT_EQ(known().last, t0 + 1min);
    EXPECT_EQ(known().next, t0 + 2min);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .delayed = 1, .active = 1}));
    finish({.held = taken.jobs.at(0).held, .at = t0 + 1min, .keep = {}});
    EXPECT_EQ(ids_of(claim(1, t0 + 2min)), ids{run_id("s", t0 + 2min)});
}

TEST_P(QueueSchedules, AdvancesOnceFromEachRun) {
    upsert(make_schedule());
    claim(1, t0 + 1min);
    EXPECT_TRUE(advance(t0 + 1min, t0 + 2min, t0 + 1min));
    EXPECT_FALSE(advance(t0 + 1min, t0 + 2min, t0 + 1min)); // its worker vanished, and another has the run
    EXPECT_EQ(known().runs, 1u);
    EXPECT_EQ(counts().delayed, 1u);
}

TEST_P(QueueSchedules, HasNoRunOnceItIsOver) {
    upsert(make_schedule());
    claim(1, t0 + 1min);
    EXPECT_TRUE(advance(t0 + 1min, std::nullopt, t0 + 1min));
    EXPECT_EQ(known().next, std::nullopt);
    EXPECT_EQ(known().pending, std::nullopt);
    EXPECT_FALSE(advance(t0 + 1min, t0 + 2min, t0 + 1min));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .active = 1}));
}

TEST_P(QueueSchedules, KeepsTheRunOfAScheduleThatIsDefinedAgain) {
    upsert(make_schedule(t0 + 1min));
    auto again = make_schedule(t0 + 90s);
    again.data = R"({"n":2})";
    again.now = t0 + 30s;
    upsert(again);
    EXPECT_EQ(known().next, t0 + 1min);
    EXPECT_EQ(known().defined_at, t0 + 30s);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .delayed = 1}));
    const auto taken = claim(1, t0 + 1min);
    ASSERT_EQ(ids_of(taken), ids{run_id("s", t0 + 1min)});
    EXPECT_EQ(taken.jobs[0].data, R"({"n":2})");
}

TEST_P(QueueSchedules, MovesTheRunOfAScheduleThatChanged) {
    upsert(make_schedule(t0 + 1min));
    auto other = make_schedule(t0 + 5min);
    other.when = {.every = 5min};
    upsert(other);
    EXPECT_FALSE(info(run_id("s", t0 + 1min)));
    EXPECT_EQ(known().next, t0 + 5min);
    EXPECT_EQ(known().when, other.when);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .delayed = 1}));
}

TEST_P(QueueSchedules, LeavesARunThatIsActiveWhenItsScheduleChanges) {
    upsert(make_schedule(t0 + 1min));
    claim(1, t0 + 1min);
    auto other = make_schedule(t0 + 5min);
    other.when = {.every = 5min};
    upsert(other);
    EXPECT_EQ(info(run_id("s", t0 + 1min))->state, job_state::active);
    EXPECT_FALSE(advance(t0 + 1min, t0 + 2min, t0 + 1min));
    EXPECT_EQ(known().next, t0 + 5min);
}

TEST_P(QueueSchedules, RemovesAScheduleWithItsRun) {
    upsert(make_schedule());
    upsert(make_schedule(t0 + 1min, "other"));
    EXPECT_EQ(loop.await(stored->remove_schedules({{"mail", "s"}, {"mail", "unheard of"}})),
              (std::vector<bool>{true, false}));
    EXPECT_EQ(known().id, "");
    EXPECT_EQ(ids_of(claim(10, t0 + 1h)), ids{run_id("other", t0 + 1min)});
}

TEST_P(QueueSchedules, LeavesTheActiveRunOfAScheduleThatIsRemoved) {
    upsert(make_schedule());
    const auto taken = claim(1, t0 + 1min);
    loop.await(stored->remove_schedules({{"mail", "s"}}));
    EXPECT_FALSE(advance(t0 + 1min, t0 + 2min, t0 + 1min));
    EXPECT_TRUE(finish({.held = taken.jobs.at(0).held, .at = t0 + 1min, .keep = {}}));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .completed = 1}));
}

TEST_P(QueueSchedules, ProtectsThePendingRun) {
    upsert(make_schedule());
    const auto run = run_id("s", t0 + 1min);
    for (const auto what : {job_change::remove, job_change::cancel})
        EXPECT_EQ(loop.await(stored->change({.what = what, .jobs = {{"mail", run}}, .now = t0})).changed, 0u);
    EXPECT_EQ(loop.await(stored->change({.what = job_change::remove, .filter = {.queue = "mail"}, .now = t0})).changed,
              0u);
    EXPECT_EQ(counts().delayed, 1u);
}

TEST_P(QueueSchedules, PutsTheNextRunInPlaceOfOneThatIsOver) {
    auto s = make_schedule();
    s.options.ttl = 10s;
    upsert(s);
    EXPECT_EQ(claim(1, t0 + 2min).expired.size(), 1u); // nobody was there to run it
    EXPECT_EQ(known().pending, job_state::failed);
    EXPECT_TRUE(advance(t0 + 1min, t0 + 3min, t0 + 2min));
    EXPECT_EQ(info(run_id("s", t0 + 3min))->expires_at, t0 + 3min + 10s);
}

TEST_P(QueueSchedules, SaysWhenItsRunIsNowhere) {
    auto s = make_schedule();
    s.options = {.ttl = 10s, .keep_failed = {.count = 0}};
    upsert(s);
    claim(1, t0 + 2min);
    EXPECT_EQ(known().next, t0 + 1min);
    EXPECT_EQ(known().pending, std::nullopt);
    EXPECT_TRUE(advance(t0 + 1min, t0 + 3min, t0 + 2min));
    EXPECT_EQ(known().pending, job_state::delayed);
}

TEST_P(QueueSchedules, MakesNoRunWhilePaused) {
    upsert(make_schedule());
    EXPECT_TRUE(pause(t0 + 10s));
    EXPECT_FALSE(info(run_id("s", t0 + 1min))) << "withdrawn, and not failed";
    EXPECT_EQ(counts(), queue_counts{.queue = "mail"});
    EXPECT_EQ(known().paused_since, t0 + 10s);
    EXPECT_EQ(known().next, std::nullopt);
    EXPECT_EQ(known().pending, std::nullopt);
    EXPECT_EQ(known().last, std::nullopt);
    EXPECT_EQ(known().runs, 0u);
    EXPECT_FALSE(advance(t0 + 1min, t0 + 2min, t0 + 1min));
    EXPECT_EQ(ids_of(claim(10, t0 + 1h)), ids{});
}

TEST_P(QueueSchedules, TakesARunThatWaitsAlreadyBackWhenPaused) {
    upsert(make_schedule(t0));
    EXPECT_EQ(counts().waiting, 1u);
    EXPECT_TRUE(pause());
    EXPECT_EQ(counts(), queue_counts{.queue = "mail"});
}

TEST_P(QueueSchedules, LetsARunThatWasTakenGoOnWhenPaused) {
    upsert(make_schedule());
    const auto taken = claim(1, t0 + 1min); // and nobody has advanced the schedule yet
    EXPECT_TRUE(pause(t0 + 1min));
    EXPECT_EQ(known().runs, 1u);
    EXPECT_EQ(known().last, t0 + 1min);
    EXPECT_FALSE(advance(t0 + 1min, t0 + 2min, t0 + 1min));
    EXPECT_TRUE(finish({.held = taken.jobs.at(0).held, .at = t0 + 1min}));
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .completed = 1}));
}

TEST_P(QueueSchedules, CountsNoRunThatAPauseTookAway) {
    upsert(make_schedule());
    claim(1, t0 + 1min);
    advance(t0 + 1min, t0 + 2min, t0 + 1min);
    EXPECT_TRUE(pause(t0 + 1min));
    EXPECT_EQ(known().runs, 1u);
    EXPECT_EQ(known().last, t0 + 1min);
    EXPECT_TRUE(resume(t0 + 5min, t0 + 4min));
    EXPECT_EQ(known().runs, 1u);
    EXPECT_EQ(known().last, t0 + 1min);
}

TEST_P(QueueSchedules, RunsOnFromWhereItIsResumed) {
    upsert(make_schedule());
    pause();
    EXPECT_TRUE(resume(t0 + 10min, t0 + 9min));
    EXPECT_EQ(known().paused_since, std::nullopt);
    EXPECT_EQ(known().next, t0 + 10min);
    EXPECT_EQ(known().pending, job_state::delayed);
    EXPECT_EQ(info(run_id("s", t0 + 10min))->created_at, t0 + 9min);
    const auto taken = claim(1, t0 + 10min);
    ASSERT_EQ(ids_of(taken), ids{run_id("s", t0 + 10min)});
    EXPECT_EQ(taken.jobs[0].name, "report");
    EXPECT_EQ(taken.jobs[0].data, R"({"n":1})");
    EXPECT_EQ(taken.jobs[0].options, (job_options{.attempts = 3}));
    EXPECT_TRUE(advance(t0 + 10min, t0 + 11min, t0 + 10min));
    EXPECT_EQ(known().runs, 1u);
}

TEST_P(QueueSchedules, IsOverIfNothingFollowsWhenItIsResumed) {
    upsert(make_schedule());
    pause();
    EXPECT_TRUE(resume(std::nullopt, t0 + 9min));
    EXPECT_EQ(known().paused_since, std::nullopt);
    EXPECT_EQ(known().next, std::nullopt);
    EXPECT_EQ(known().runs, 0u);
    EXPECT_EQ(counts(), queue_counts{.queue = "mail"});
}

TEST_P(QueueSchedules, StaysPausedWhoeverDefinesIt) {
    upsert(make_schedule());
    pause();
    auto again = make_schedule(t0 + 1min);
    again.now = t0 + 30s;
    upsert(again);
    EXPECT_EQ(known().defined_at, t0 + 30s);
    auto other = make_schedule(t0 + 5min);
    other.when = {.every = 5min};
    other.data = R"({"n":2})";
    upsert(other);
    EXPECT_EQ(known().paused_since, t0 + 10s);
    EXPECT_EQ(known().next, std::nullopt);
    EXPECT_EQ(known().when, other.when);
    EXPECT_EQ(known().data, other.data);
    EXPECT_EQ(counts(), queue_counts{.queue = "mail"});
    EXPECT_TRUE(resume(t0 + 15min, t0 + 11min, other.when));
    EXPECT_EQ(info(run_id("s", t0 + 15min))->data, other.data);
    EXPECT_EQ(known().when, other.when);
}

TEST_P(QueueSchedules, IsResumedAsItWasSeenOrNotAtAll) {
    upsert(make_schedule());
    EXPECT_FALSE(resume(t0 + 5min, t0 + 4min)) << "it is not paused";
    EXPECT_EQ(known().next, t0 + 1min);
    pause();
    EXPECT_FALSE(resume(t0 + 5min, t0 + 4min, {.every = 5min})) << "somebody has defined it otherwise";
    EXPECT_TRUE(known().paused_since);
    EXPECT_TRUE(resume(t0 + 5min, t0 + 4min));
    EXPECT_FALSE(resume(t0 + 7min, t0 + 4min)) << "somebody was there before";
    EXPECT_EQ(known().next, t0 + 5min);
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .delayed = 1}));
    EXPECT_EQ(loop.await(stored->resume_schedules({{.of = {"mail", "unheard of"}, .now = t0}})), std::vector{false});
}

TEST_P(QueueSchedules, MayBePausedTwice) {
    upsert(make_schedule());
    EXPECT_TRUE(pause(t0 + 10s));
    EXPECT_TRUE(pause(t0 + 20s));
    EXPECT_EQ(known().paused_since, t0 + 10s);
    EXPECT_EQ(loop.await(stored->pause_schedules({{"mail", "unheard of"}, {"unheard of", "s"}}, t0)),
              (std::vector{false, false}));
}

TEST_P(QueueSchedules, MayBePausedThoughItIsOver) {
    upsert(make_schedule());
    claim(1, t0 + 1min);
    advance(t0 + 1min, std::nullopt, t0 + 1min);
    EXPECT_TRUE(pause(t0 + 2min));
    EXPECT_EQ(known().runs, 1u);
    EXPECT_EQ(known().last, t0 + 1min);
    EXPECT_TRUE(known().paused_since);
    EXPECT_TRUE(resume(std::nullopt, t0 + 3min));
    EXPECT_EQ(known().runs, 1u);
    EXPECT_EQ(known().next, std::nullopt);
}

TEST_P(QueueSchedules, ForgetsThePauseOfAScheduleThatIsRemoved) {
    upsert(make_schedule());
    pause();
    EXPECT_EQ(loop.await(stored->remove_schedules({{"mail", "s"}})), std::vector{true});
    EXPECT_EQ(known().id, "");
    EXPECT_FALSE(resume(t0 + 5min, t0 + 4min));
    upsert(make_schedule());
    EXPECT_EQ(known().paused_since, std::nullopt);
    EXPECT_EQ(known().next, t0 + 1min);
    EXPECT_EQ(known().runs, 0u);
}

TEST_P(QueueSchedules, PausesOneAndLeavesTheOthers) {
    upsert(make_schedule(t0 + 1min, "r"));
    upsert(make_schedule());
    upsert(make_schedule(t0 + 1min, "t"));
    pause();
    const auto all = loop.await(stored->schedules("mail"));
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[1].id, "s");
    EXPECT_TRUE(all[1].paused_since);
    EXPECT_FALSE(all[0].paused_since || all[2].paused_since);
    EXPECT_EQ(claim(10, t0 + 1h).jobs.size(), 2u);
}

TEST_P(QueueSchedules, SharesPausesWithOthers) {
    const auto other = subject.open_again();
    upsert(make_schedule());
    EXPECT_EQ(loop.await(other->pause_schedules({{"mail", "s"}}, t0 + 10s)), std::vector{true});
    EXPECT_EQ(known().paused_since, t0 + 10s);
    EXPECT_TRUE(resume(t0 + 5min, t0 + 4min));
    EXPECT_EQ(loop.await(other->schedules("mail")).at(0).next, t0 + 5min);
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueSchedules, KeepsAQueueThatHasAPausedOne) {
    upsert(make_schedule());
    pause();
    EXPECT_FALSE(loop.await(stored->forget_queue("mail")));
    EXPECT_TRUE(known().paused_since);
    loop.await(stored->remove_schedules({{"mail", "s"}}));
    EXPECT_TRUE(loop.await(stored->forget_queue("mail")));
    upsert(make_schedule());
    EXPECT_FALSE(known().paused_since);
}

TEST_P(QueueSchedules, ListsByQueueAndId) {
    upsert(make_schedule(t0 + 1min, "b"));
    upsert(make_schedule(t0 + 1min, "a"));
    auto other = make_schedule();
    other.queue = "images";
    upsert(other);
    const auto all = loop.await(stored->schedules(std::nullopt));
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].queue, "images");
    EXPECT_EQ(all[1].id, "a");
    EXPECT_EQ(all[2].id, "b");
    EXPECT_EQ(loop.await(stored->schedules("mail")).size(), 2u);
    EXPECT_TRUE(loop.await(stored->schedules("unheard of")).empty());
}

TEST_P(QueueSchedules, SharesSchedulesWithOthers) {
    const auto other = subject.open_again();
    upsert(make_schedule());
    EXPECT_EQ(loop.await(other->schedules("mail")).size(), 1u);
    claim(1, t0 + 1min);
    EXPECT_TRUE(
        loop.await(other->advance({{.of = {"mail", "s"}, .run = t0 + 1min, .next = t0 + 2min, .now = t0 + 1min}}))
            .at(0));
    EXPECT_FALSE(advance(t0 + 1min, t0 + 2min, t0 + 1min));
    loop.await(other->stop(deadline::after(30s)));
}

TEST_P(QueueSchedules, KeepsAQueueThatHasSchedules) {
    upsert(make_schedule());
    EXPECT_FALSE(loop.await(stored->forget_queue("mail")));
}

} // namespace infra::queue::tests
