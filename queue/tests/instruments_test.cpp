#include <infra/queue/memory.hpp>
#include <infra/queue/worker.hpp>

#include "../../runtime/tests/metrics_recorder.hpp"
#include "support.hpp"

// Each test has a queue of its own: series live as long as the process.

namespace infra::queue::tests {
namespace {

class QueueInstruments : public ::testing::Test {
protected:
    QueueInstruments() { time.set_wall(t0); }
    ~QueueInstruments() override { loop.code_of(stored->stop(deadline::after(30s))); }

    void add(const std::string& queue, wall_time created_at, std::optional<wall_time> run_at = {}) {
        auto job = make_job("", {.keep_completed = {}}, queue);
        job.created_at = created_at;
        job.run_at = run_at;
        loop.await(stored->enqueue({job}));
    }

    std::vector<double> values(const std::string& name, const std::string& queue) const {
        return metrics.values(name + "{queue=" + queue + "}");
    }

    metrics_recorder metrics;
    test_loop loop;
    manual_clock time;
    std::shared_ptr<memory_backend> stored = make_memory_backend();
    queue jobs{stored, {}, std::make_shared<registry>(), time};
};

TEST_F(QueueInstruments, SayHowLongJobsWaitedSinceTheyWereDue) {
    add("waits", t0 - 5s);
    add("waits", t0 - 1h, t0 - 2s);
    add("waits", t0 + 1min); // by a clock that is ahead
    jobs.define_job<json::value>(
        {.name = "welcome", .handler = [](json::value) -> awaitable<void> { co_return; }, .queue = "waits"});
    worker w(jobs, {.renewals = loop.get_executor()});
    const auto running = loop.start(w.run());
    ASSERT_TRUE(loop.until([&] { return values("queue_job_duration_seconds", "waits").size() == 3; }));
    auto waited = values("queue_job_wait_seconds", "waits");
    std::ranges::sort(waited);
    EXPECT_EQ(waited, (std::vector{0.0, 2.0, 5.0}));
    const auto stopped = loop.start(w.stop(0ms));
    ASSERT_TRUE(loop.until([&] { return stopped->ended && running->ended; }));
}

TEST_F(QueueInstruments, SayWhatWaitsWheneverSomebodyLooks) {
    add("looked-at", t0 - 90s);
    add("looked-at", t0);
    add("empty", t0, t0 + 1h);
    const auto all = loop.await(jobs.backlogs());
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all.at(0).counts.queue, "empty");
    EXPECT_EQ(all.at(0).oldest, std::nullopt);
    EXPECT_EQ(all.at(1).oldest, t0 - 90s);
    EXPECT_EQ(values("queue_waiting_jobs", "looked-at"), std::vector{2.0});
    EXPECT_EQ(values("queue_oldest_waiting_seconds", "looked-at"), std::vector{90.0});
    EXPECT_EQ(values("queue_oldest_waiting_seconds", "empty"), std::vector{0.0});
    loop.await(stored->change({.what = job_change::remove, .filter = {.queue = "looked-at"}, .now = t0}));
    loop.await(jobs.backlogs({"looked-at"}));
    EXPECT_EQ(values("queue_oldest_waiting_seconds", "looked-at"), std::vector{0.0});
}

TEST_F(QueueInstruments, AreKeptFreshByWorkers) {
    loop.await(jobs.pause("tended"));
    add("tended", t0 - 10s);
    worker w(jobs, {.queues = {"tended"}, .renewals = loop.get_executor()});
    const auto running = loop.start(w.run());
    const auto oldest_is = [&](double seconds) {
        return loop.until([&] {
            time.advance(1s);
            loop.settle();
            const auto now = values("queue_oldest_waiting_seconds", "tended");
            return !now.empty() && now.front() >= seconds;
        });
    };
    EXPECT_TRUE(oldest_is(10));
    EXPECT_TRUE(oldest_is(24)) << "again after a while";
    const auto stopped = loop.start(w.stop(0ms));
    ASSERT_TRUE(loop.until([&] { return stopped->ended && running->ended; }));
}

} // namespace
} // namespace infra::queue::tests
