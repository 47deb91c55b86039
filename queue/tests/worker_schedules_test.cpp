// Schedules as workers keep them.

#include <infra/queue/memory.hpp>
#include <infra/queue/worker.hpp>

#include "support.hpp"

#include <deque>

namespace infra::queue::tests {
namespace {

class QueueWorkerSchedules : public ::testing::Test {
protected:
    ~QueueWorkerSchedules() override {
        for (auto& each : workers)
            stop(each);
    }

    struct working {
        std::shared_ptr<registry> defined;
        queue jobs;
        worker w;
        std::shared_ptr<pending<void>> running{};
    };

    /// A process with definitions of its own.
    working& process(std::size_t concurrency = 10) {
        auto defined = std::make_shared<registry>();
        queue own(stored, {}, defined, time);
        return workers.emplace_back(defined, own,
                                    worker(own, {.concurrency = concurrency, .renewals = loop.get_executor()}));
    }
    void start(working& p) {
        p.running = loop.start(p.w.run());
        settle();
    }
    void stop(working& p) {
        if (!p.running)
            return;
        const auto stopped = loop.start(p.w.stop(0ms));
        loop.until([&] { return stopped->ended && p.running->ended; });
        p.running.reset();
    }

    cron_definition every_minute(missed_runs missed = missed_runs::one) {
        return {.name = "tick",
                .pattern = "* * * * *",
                .handler = [this](job_context& job) -> awaitable<void> {
                    runs.push_back(*job.scheduled_for());
                    co_return;
                },
                .missed = missed};
    }

    void settle() {
        for (int i = 0; i < 60; ++i)
            loop.settle();
    }
    void pass(std::chrono::milliseconds d) {
        settle();
        time.advance(d);
        settle();
    }
    cron_job known(const queue& by) { return loop.await(by.get_cron_job("tick")).value_or(cron_job()); }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<memory_backend> stored = make_memory_backend();
    std::deque<working> workers;
    std::vector<wall_time> runs;
};

using times = std::vector<wall_time>;

TEST_F(QueueWorkerSchedules, RunsEachTickOnce) {
    for (int i = 0; i < 2; ++i) {
        auto& p = process();
        p.jobs.define_cron(every_minute());
        start(p);
    }
    for (int i = 0; i < 3; ++i)
        pass(1min);
    EXPECT_EQ(runs, (times{t0 + 1min, t0 + 2min, t0 + 3min}));
    EXPECT_EQ(known(workers[0].jobs).runs, 3u);
    EXPECT_EQ(known(workers[0].jobs).next, t0 + 4min);
    EXPECT_EQ(known(workers[0].jobs).last, t0 + 3min);
    EXPECT_EQ(loop.await(workers[0].jobs.counts({"tick"})).at(0),
              (queue_counts{.queue = "tick", .delayed = 1, .completed = 3}));
}

TEST_F(QueueWorkerSchedules, RunsAgainAndAgain) {
    auto& p = process();
    auto d = every_minute();
    d.pattern.clear();
    d.every = 10s;
    d.immediately = true;
    d.limit = 3;
    p.jobs.define_cron(d);
    start(p);
    for (int i = 0; i < 5; ++i)
        pass(10s);
    EXPECT_EQ(runs.size(), 3u);
    EXPECT_EQ(runs.front(), t0);
    EXPECT_EQ(known(p.jobs).next, std::nullopt);
}

TEST_F(QueueWorkerSchedules, TakesUpWhatIsDefinedWhileItRuns) {
    auto& p = process();
    start(p);
    p.jobs.define_cron(every_minute());
    EXPECT_FALSE(known(p.jobs).stored);
    EXPECT_EQ(known(p.jobs).next, t0 + 1min);
    pass(5s);
    EXPECT_TRUE(known(p.jobs).stored);
    pass(55s);
    EXPECT_EQ(runs, times{t0 + 1min});
}

TEST_F(QueueWorkerSchedules, RunsNothingOfWhatIsPausedWhoeverDefinesIt) {
    auto& first = process();
    first.jobs.define_cron(every_minute(missed_runs::all));
    start(first);
    pass(1min);
    EXPECT_TRUE(loop.await(first.jobs.pause_schedule({"tick", "tick"})));
    auto& second = process(); // a process that starts, with another pattern by now
    auto d = every_minute(missed_runs::all);
    d.pattern = "*/2 * * * *";
    second.jobs.define_cron(d);
    stop(first);
    start(second);
    for (int i = 0; i < 4; ++i)
        pass(1min);
    EXPECT_EQ(runs, times{t0 + 1min});
    EXPECT_EQ(known(second.jobs).next, std::nullopt);
    EXPECT_EQ(known(second.jobs).paused_since, t0 + 1min);
    EXPECT_EQ(known(second.jobs).when.pattern, d.pattern);
    EXPECT_FALSE(known(second.jobs).orphaned);
    EXPECT_TRUE(loop.await(second.jobs.resume_schedule({"tick", "tick"})));
    EXPECT_EQ(known(second.jobs).next, t0 + 6min);
    for (int i = 0; i < 3; ++i)
        pass(1min);
    EXPECT_EQ(runs, (times{t0 + 1min, t0 + 6min, t0 + 8min}));
}

TEST_F(QueueWorkerSchedules, LetARunGoOnThatIsPausedMeanwhile) {
    auto& p = process();
    auto d = every_minute();
    d.handler = [this](no_data) -> awaitable<void> {
        co_await time.sleep_for(30s);
        runs.push_back(time.wall());
    };
    p.jobs.define_cron(d);
    start(p);
    pass(1min);
    loop.await(p.jobs.pause_schedule({"tick", "tick"}));
    pass(30s);
    pass(5min);
    EXPECT_EQ(runs, times{t0 + 90s});
    EXPECT_EQ(loop.await(p.jobs.counts({"tick"})).at(0), (queue_counts{.queue = "tick", .completed = 1}));
}

TEST_F(QueueWorkerSchedules, KeepToTheirLimitOverAPause) {
    auto& p = process();
    auto d = every_minute();
    d.limit = 2;
    p.jobs.define_cron(d);
    start(p);
    pass(1min);
    loop.await(p.jobs.pause_schedule({"tick", "tick"}));
    pass(5min);
    loop.await(p.jobs.resume_schedule({"tick", "tick"}));
    for (int i = 0; i < 3; ++i)
        pass(1min);
    EXPECT_EQ(runs, (times{t0 + 1min, t0 + 7min}));
    loop.await(p.jobs.pause_schedule({"tick", "tick"}));
    loop.await(p.jobs.resume_schedule({"tick", "tick"}));
    EXPECT_EQ(known(p.jobs).next, std::nullopt) << "it is over";
}

TEST_F(QueueWorkerSchedules, AdvancesBeforeItPerforms) {
    auto& p = process();
    auto d = every_minute();
    d.handler = [this](no_data) -> awaitable<void> {
        runs.push_back(time.wall());
        co_await time.sleep_for(10h); // hangs
    };
    p.jobs.define_cron(d);
    start(p);
    pass(1min);
    pass(1min);
    EXPECT_EQ(runs, (times{t0 + 1min, t0 + 2min}));
}

TEST_F(QueueWorkerSchedules, MakesUpForMissedRunsByPolicy) {
    const std::vector<std::pair<missed_runs, times>> made{{missed_runs::one, {t0 + 1min}},
                                                          {missed_runs::skip, {t0 + 3min}}, // not a minute late
                                                          {missed_runs::all, {t0 + 1min, t0 + 2min, t0 + 3min}}};
    for (const auto& [policy, expected] : made) {
        time.set_wall(t0);
        stored = make_memory_backend();
        runs.clear();
        for (const auto nobody_was_there : {3min + 30s, 0min + 0s}) {
            auto& p = process();
            p.jobs.define_cron(every_minute(policy));
            start(p);
            settle();
            stop(p);
            time.advance(nobody_was_there);
        }
        EXPECT_EQ(runs, expected) << static_cast<int>(policy);
        EXPECT_EQ(known(workers.back().jobs).next, t0 + 4min);
    }
}

TEST_F(QueueWorkerSchedules, CountsNoRunThatIsSkipped) {
    for (const auto nobody_was_there : {3min + 30s, 0min + 0s}) {
        auto& p = process();
        p.jobs.define_cron(every_minute(missed_runs::skip));
        start(p);
        stop(p);
        time.advance(nobody_was_there);
    }
    const auto& jobs = workers.back().jobs;
    EXPECT_EQ(runs, times{t0 + 3min});
    EXPECT_EQ(known(jobs).runs, 1u);
    EXPECT_EQ(loop.await(jobs.counts({"tick"})).at(0), (queue_counts{.queue = "tick", .delayed = 1, .completed = 1}));
    EXPECT_EQ(loop.await(stored->history("tick", t0, t0 + 1h)), (std::vector<minute_counts>{{t0 + 3min, 1, 0}}));
    EXPECT_FALSE(loop.await(jobs.find_job(run_id("tick", t0 + 1min))));
}

TEST_F(QueueWorkerSchedules, KeepsThemWhileAllItsPlacesAreTaken) {
    auto& p = process(1);
    const auto hang = p.jobs.define_job<no_data>(
        {.name = "hang", .handler = [this](no_data) -> awaitable<void> { co_await time.sleep_for(10h); }});
    loop.await(p.jobs.enqueue(hang, {}));
    start(p);
    ASSERT_EQ(loop.await(p.jobs.counts({"hang"})).at(0).active, 1u);
    p.jobs.define_cron(every_minute());
    pass(5s);
    EXPECT_TRUE(known(p.jobs).stored);
}

TEST_F(QueueWorkerSchedules, AdvancesARunThatHasExpired) {
    auto& p = process();
    p.jobs.define_job<no_data>({.name = "tick", .handler = [this](no_data) -> awaitable<void> {
                                    runs.push_back(time.wall());
                                    co_return;
                                }});
    loop.await(p.jobs.upsert_schedule(
        {.queue = "tick", .id = "tick", .when = {.pattern = "* * * * *"}, .name = "tick", .options = {.ttl = 10s}}));
    time.advance(50s);
    start(p); // its look at the schedules finds nothing wrong
    time.advance(25s);
    pass(5s); // the next look is not before t0 + 110s
    EXPECT_TRUE(runs.empty());
    const auto kept = loop.await(stored->schedules("tick")).at(0);
    EXPECT_EQ(kept.next, t0 + 2min);
    EXPECT_TRUE(kept.pending);
    pass(40s);
    EXPECT_EQ(runs, times{t0 + 2min});
}

TEST_F(QueueWorkerSchedules, KeepsTheRunOfAScheduleAcrossRestarts) {
    for (int i = 0; i < 2; ++i) {
        auto& p = process();
        auto d = every_minute();
        d.pattern.clear();
        d.every = 60s;
        d.offset = 0s;
        p.jobs.define_cron(d);
        start(p);
        pass(10s);
        stop(p);
    }
    EXPECT_EQ(known(workers[0].jobs).next, t0 + 1min);
}

TEST_F(QueueWorkerSchedules, GivesAScheduleItsLostRunAgain) {
    auto& p = process();
    p.jobs.define_job<no_data>({.name = "tick", .handler = [this](no_data) -> awaitable<void> {
                                    runs.push_back(time.wall());
                                    co_return;
                                }});
    loop.await(p.jobs.upsert_schedule({.queue = "tick",
                                       .id = "tick",
                                       .when = {.pattern = "* * * * *"},
                                       .name = "tick",
                                       .options = {.ttl = 10s, .keep_failed = {.count = 0}}}));
    time.advance(90s);
    loop.await(stored->claim({.queues = {"tick"}, .worker = "another", .now = time.wall()})); // expired, and forgotten
    EXPECT_FALSE(loop.await(stored->schedules("tick")).at(0).pending);
    start(p);
    EXPECT_TRUE(loop.await(stored->schedules("tick")).at(0).pending);
    pass(30s);
    EXPECT_EQ(runs, times{t0 + 2min});
}

TEST_F(QueueWorkerSchedules, ShowsWhatNobodyDefinesAsOrphanedAndDoesNotRunIt) {
    auto& p = process();
    p.jobs.define_cron(every_minute());
    start(p);
    EXPECT_EQ(p.defined->clear_cron_jobs(), 1u);
    for (int i = 0; i < 4; ++i)
        pass(1min);
    EXPECT_TRUE(runs.empty());
    EXPECT_TRUE(known(p.jobs).orphaned);
    EXPECT_FALSE(known(p.jobs).defined_here);
    p.jobs.define_cron(every_minute());
    for (int i = 0; i < 2; ++i)
        pass(5s);
    EXPECT_FALSE(known(p.jobs).orphaned);
    EXPECT_EQ(runs.size(), 1u);
}

TEST_F(QueueWorkerSchedules, CallsNoScheduleOrphanedThatAWorkerCanRun) {
    auto& p = process();
    p.jobs.define_job<no_data>({.name = "tick", .handler = [this](no_data) { runs.push_back(time.wall()); }});
    loop.await(
        p.jobs.upsert_schedule({.queue = "tick", .id = "tick", .when = {.pattern = "0 0 * * *"}, .name = "tick"}));
    start(p);
    for (int i = 0; i < 5; ++i)
        pass(1min);
    EXPECT_FALSE(known(p.jobs).orphaned);
}

TEST_F(QueueWorkerSchedules, RemovesAScheduleForGood) {
    auto& p = process();
    p.jobs.define_cron(every_minute());
    start(p);
    EXPECT_TRUE(loop.await(p.jobs.remove_cron("tick")));
    EXPECT_FALSE(loop.await(p.jobs.remove_cron("tick")));
    pass(5s);
    pass(1min);
    EXPECT_TRUE(runs.empty());
    EXPECT_TRUE(loop.await(p.jobs.get_cron_jobs()).empty());
}

TEST_F(QueueWorkerSchedules, RunsAScheduleNowBesideItsOwnRuns) {
    auto& p = process();
    auto d = every_minute();
    d.handler = [this](job_context&) -> awaitable<void> {
        runs.push_back(time.wall());
        co_return;
    };
    p.jobs.define_cron(std::move(d));
    start(p);
    const auto next = known(p.jobs).next;
    const auto id = loop.await(p.jobs.run_cron({"tick", "tick"}));
    ASSERT_TRUE(id);
    pass(5s);
    EXPECT_EQ(runs.size(), 1U);
    EXPECT_EQ(loop.await(p.jobs.find_job(job_key{"tick", *id}))->state, job_state::completed);
    EXPECT_EQ(known(p.jobs).next, next);
    EXPECT_EQ(known(p.jobs).runs, 0U);
    EXPECT_FALSE(loop.await(p.jobs.run_cron({"tick", "tock"})));
}

TEST_F(QueueWorkerSchedules, RefusesADefinitionThatNeverRuns) {
    auto& p = process();
    auto d = every_minute();
    d.pattern = "75 * * * *";
    EXPECT_THROW(p.jobs.define_cron(d), std::invalid_argument);
    d.pattern = "* * * * *";
    d.every = 1s;
    EXPECT_THROW(p.jobs.define_cron(d), std::invalid_argument);
    d = every_minute();
    d.handler = {};
    EXPECT_THROW(p.jobs.define_cron(d), std::invalid_argument);
    EXPECT_TRUE(p.defined->all().empty());
}

} // namespace
} // namespace infra::queue::tests
