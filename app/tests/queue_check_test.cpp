#include <infra/app/queue_check.hpp>

#include "src/queue_judgement.hpp"

#include <infra/queue.hpp>
#include <infra/queue/memory.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/runtime.hpp>
#include <infra/testing/redis_server.hpp> // a folder that goes

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace infra::app {
namespace {

using namespace std::chrono_literals;
using health::health_status;

// --- what is said of what is seen ---

queue_seen seen(std::string queue, std::size_t waiting, std::chrono::milliseconds waited = 1ms,
                std::chrono::milliseconds unattended = 0ms, bool paused = false) {
    return {.counts = {.queue = std::move(queue), .waiting = waiting, .paused = paused},
            .waited = waited,
            .unattended = unattended};
}

struct judged {
    const char* what;
    std::vector<queue_seen> all;
    health_status status;
    std::string message;
};

TEST(QueueJudgement, NamesWhatIsWrongWhereAndWhatToDo) {
    const queue_check_options options{.degraded_above = 10,
                                      .unhealthy_above = 20,
                                      .degraded_after = 5min,
                                      .unhealthy_after = 1h,
                                      .degraded_without_worker = 30s,
                                      .unhealthy_without_worker = 2min};
    const auto healthy = health_status::healthy, degraded = health_status::degraded,
               unhealthy = health_status::unhealthy;
    const judged table[] = {
        {"nothing", {}, healthy, ""},
        {"an empty queue", {seen("mail", 0, 0ms)}, healthy, ""},
        {"as many as may wait, as long as they may", {seen("mail", 10, 5min, 30s)}, healthy, ""},
        {"too many",
         {seen("mail", 8), seen("photos", 3)},
         degraded,
         "11 jobs wait, 8 of them in the queue mail: add workers, or see what they do"},
        {"far too many",
         {seen("mail", 21)},
         unhealthy,
         "21 jobs wait, 21 of them in the queue mail: add workers, or see what they do"},
        {"too long",
         {seen("mail", 1, 5min + 1ms), seen("photos", 1)},
         degraded,
         "a job of the queue mail has waited for 5 min: add workers, or see what they do"},
        {"far too long",
         {seen("mail", 1, 3h)},
         unhealthy,
         "a job of the queue mail has waited for 3 h: add workers, or see what they do"},
        {"due, and nobody has put it in line",
         {seen("mail", 0, 6min)},
         degraded,
         "a job of the queue mail has waited for 6 min: add workers, or see what they do"},
        {"nobody there",
         {seen("mail", 1, 40s, 31s)},
         degraded,
         "no worker of the queue mail is there, and a job has waited for 40 s: start one, or pause the queue"},
        {"nobody there for long",
         {seen("mail", 1, 3min, 121s)},
         unhealthy,
         "no worker of the queue mail is there, and a job has waited for 3 min: start one, or pause the queue"},
        {"nobody there for a moment, and a job that has waited too long",
         {seen("mail", 1, 6min, 1s)},
         degraded,
         "a job of the queue mail has waited for 6 min: add workers, or see what they do"},
        {"nobody there, and far too long: the cause, and the worse of both",
         {seen("mail", 1, 2h, 31s)},
         unhealthy,
         "no worker of the queue mail is there, and a job has waited for 2 h: start one, or pause the queue"},
        {"paused, whatever waits",
         {seen("mail", 100, 3h, 0ms, true)},
         healthy,
         "the queue mail is paused, and 100 of its jobs wait"},
        {"paused, with nothing in it", {seen("mail", 0, 0ms, 0ms, true)}, healthy, ""},
        {"several paused",
         {seen("mail", 1, 1s, 0ms, true), seen("photos", 1, 1s, 0ms, true)},
         healthy,
         "the queue mail is paused, and 1 of its jobs wait; and 1 more"},
        {"paused beside one that is not well",
         {seen("mail", 100, 3h, 0ms, true), seen("photos", 1, 6min)},
         degraded,
         "a job of the queue photos has waited for 6 min: add workers, or see what they do"},
        {"many at once",
         {seen("a", 0, 6min), seen("b", 0, 6min), seen("c", 0, 6min), seen("d", 0, 6min), seen("e", 0, 6min)},
         degraded,
         "a job of the queue a has waited for 6 min: add workers, or see what they do; "
         "a job of the queue b has waited for 6 min: add workers, or see what they do; "
         "a job of the queue c has waited for 6 min: add workers, or see what they do; and 2 more"},
    };
    for (const auto& [what, all, status, message] : table) {
        const auto said = judge(all, options);
        EXPECT_EQ(said.status, status) << what;
        EXPECT_EQ(said.message, message) << what;
    }
}

TEST(QueueJudgement, ShowsWhatItDoesNotJudge) {
    auto parents = seen("mail", 1, 90s, 10s);
    parents.counts.waiting_children = 1'000'000;
    parents.counts.failed = 5;
    const auto said = judge({parents, seen("photos", 3, 2h, 0ms, true)}, {.degraded_above = 1});
    EXPECT_EQ(said.status, health_status::healthy);
    EXPECT_EQ(json::to_text(json::value(said.details)),
              R"({"waiting":4,"delayed":0,"active":0,"failed":5,"waiting_children":1000000,"oldest_waiting_ms":90000,)"
              R"("paused":["photos"],"without_worker":["mail"]})");
}

TEST(QueueCheckOptions, AreCheckedByName) {
    const auto refusal = [](queue_check_options options) {
        try {
            queue_check check(std::move(options));
        } catch (const std::invalid_argument& e) {
            return std::string(e.what());
        }
        return std::string("taken");
    };
    EXPECT_EQ(refusal({}), "taken");
    EXPECT_EQ(refusal({.unhealthy_above = 1}),
              "app::queue_check_options::unhealthy_above must not be less than degraded_above");
    EXPECT_EQ(refusal({.degraded_after = 0s}), "app::queue_check_options::degraded_after must be more than zero");
    EXPECT_EQ(refusal({.unhealthy_after = 1s}),
              "app::queue_check_options::unhealthy_after must not be less than degraded_after");
    EXPECT_EQ(refusal({.degraded_without_worker = 0s}),
              "app::queue_check_options::degraded_without_worker must be more than zero");
    EXPECT_EQ(refusal({.unhealthy_without_worker = 1s}),
              "app::queue_check_options::unhealthy_without_worker must not be less than degraded_without_worker");
}

// --- what it sees ---

/// In memory, and on a file that another process has open as well: its workers are there.
struct QueueCheck : ::testing::TestWithParam<const char*> {
    QueueCheck() {
        if (GetParam() == std::string("memory")) {
            stored = theirs = queue::make_memory_backend();
        } else {
            stored = queue::make_sqlite_backend({.file = folder.path() + "/queue.db"});
            theirs = queue::make_sqlite_backend({.file = folder.path() + "/queue.db"});
        }
        time.set_wall(now);
        queue::set_default_queue(queue::queue(stored, {}, std::make_shared<queue::registry>(), time));
    }
    ~QueueCheck() override {
        wait(theirs->stop(deadline::after(10s)));
        wait(stored->stop(deadline::after(10s)));
    }

    health::check_result ask(const queue_check& check) { return wait(check()); }
    void add(std::string id, std::optional<wall_time> run_at = {}) {
        queue::new_job job{.queue = "mail", .id = std::move(id), .name = "welcome", .created_at = time.wall()};
        job.run_at = run_at;
        std::vector<queue::new_job> one{job};
        wait(stored->enqueue(std::move(one)));
    }
    void claim_as(std::string worker, std::size_t max = 0) {
        wait(theirs->claim({.queues = {"mail"}, .max = max, .worker = std::move(worker), .now = time.wall()}));
    }

    void end_their_process(std::string worker) { // in memory it is this one, and its worker leaves
        wait(theirs == stored ? stored->leave(std::move(worker)) : theirs->stop(deadline::after(10s)));
    }

    static constexpr wall_time now = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
    manual_clock time;
    testing::temporary_folder folder;
    std::shared_ptr<queue::backend> stored, theirs;
};

INSTANTIATE_TEST_SUITE_P(Kept, QueueCheck, ::testing::Values("memory", "sqlite"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(QueueCheck, SpeaksUpWhenTooMuchWaits) {
    for (const auto* id : {"a", "b", "c"})
        add(id);
    EXPECT_EQ(ask(queue_check({.degraded_above = 3})).status, health_status::healthy);
    EXPECT_EQ(ask(queue_check({.degraded_above = 2, .unhealthy_above = 3})).status, health_status::degraded);
    const auto said = ask(queue_check({.degraded_above = 2, .unhealthy_above = 2}));
    EXPECT_EQ(said.status, health_status::unhealthy);
    EXPECT_EQ(said.details.at("waiting").as_uint64(), 3u);
    EXPECT_EQ(ask(queue_check({.queues = {"other"}, .degraded_above = 0})).status, health_status::healthy);
}

TEST_P(QueueCheck, SpeaksUpWhenAJobWaitsTooLongSinceItWasDue) {
    const queue_check check({.degraded_after = 1min, .degraded_without_worker = 1h});
    add("later", now + 1h);
    time.advance(1h + 1min);
    EXPECT_EQ(ask(check).status, health_status::healthy) << "not since it was added";
    time.advance(1s);
    EXPECT_EQ(ask(check).status, health_status::degraded);
}

TEST_P(QueueCheck, SpeaksUpWhenNobodyIsThereAndNotBeforeItHasSeenThatForAWhile) {
    const queue_check check({.degraded_after = 24h, .degraded_without_worker = 30s});
    add("a");
    time.advance(1h);
    EXPECT_EQ(ask(check).status, health_status::healthy) << "the service may have just started";
    time.advance(30s);
    EXPECT_EQ(ask(check).status, health_status::healthy);
    time.advance(1s);
    const auto said = ask(check);
    EXPECT_EQ(said.status, health_status::degraded);
    EXPECT_TRUE(said.message.starts_with("no worker of the queue mail is there")) << said.message;

    claim_as("w");
    EXPECT_EQ(ask(check).status, health_status::healthy);
    wait(theirs->leave("w"));
    EXPECT_EQ(ask(check).status, health_status::healthy) << "the next one may be about to come";
    time.advance(31s);
    EXPECT_EQ(ask(check).status, health_status::degraded);
    wait(stored->configure({.queue = "mail", .paused = true, .now = time.wall()}));
    EXPECT_EQ(ask(check).status, health_status::healthy);
}

TEST_P(QueueCheck, SeesThatTheProcessOfAWorkerIsGone) {
    const queue_check check({.degraded_after = 24h, .degraded_without_worker = 30s});
    add("a");
    claim_as("w");
    time.advance(1min);
    EXPECT_EQ(ask(check).status, health_status::healthy);
    end_their_process("w");
    EXPECT_EQ(ask(check).status, health_status::healthy);
    time.advance(31s);
    EXPECT_EQ(ask(check).status, health_status::degraded);
}

TEST_P(QueueCheck, SaysNothingOfAQueueWithoutJobsAndWithoutAWorker) {
    const queue_check check({.degraded_without_worker = 1s});
    add("a");
    claim_as("w", 1);
    wait(theirs->leave("w"));
    EXPECT_EQ(ask(check).status, health_status::healthy);
    time.advance(5s);
    EXPECT_EQ(ask(check).status, health_status::healthy);
}

TEST_P(QueueCheck, TakesAStorageThatDoesNotAnswerForUnhealthy) {
    wait(stored->stop(deadline::after(10s)));
    EXPECT_THROW(ask(queue_check()), boost::system::system_error) << "no storage, no health";
}

} // namespace
} // namespace infra::app
