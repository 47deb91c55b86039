#include <infra/testing/inline_queue.hpp>

#include <infra/queue/flow.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>
#include <thread>

namespace infra::testing {
namespace {

using namespace std::chrono_literals;

struct greeting {
    std::string to;
};
BOOST_DESCRIBE_STRUCT(greeting, (), (to))

class InlineQueue : public ::testing::Test {
protected:
    explicit InlineQueue(std::chrono::milliseconds patience = 30s)
        : work({.jobs = std::make_shared<queue::registry>(), .max_runs = 50, .patience = patience}) {}

    template <class F>
    queue::job<greeting> define(F handler, int attempts = 1, backoff pause = {}) {
        return work.jobs().define_job<greeting>(
            {.name = "greet", .handler = std::move(handler), .attempts = attempts, .backoff = pause});
    }
    queue::job_id add(const queue::job<greeting>& to, std::string name, queue::enqueue_options options = {}) {
        return wait(work.jobs().enqueue(to, {std::move(name)}, std::move(options)));
    }
    queue::job_state state(const queue::job_id& id) { return wait(work.jobs().find_job(id)).value().state; }
    static std::string text(const job_runs& runs) {
        std::ostringstream out;
        out << runs;
        return out.str();
    }

    std::vector<std::string> greeted;
    inline_queue work;
};

class InlineQueueOfLittlePatience : public InlineQueue {
protected:
    InlineQueueOfLittlePatience() : InlineQueue(50ms) {}
};

TEST_F(InlineQueue, TellsWhatWasEnqueuedAndRunsNothingByItself) {
    const auto greet = define([this](greeting g) { greeted.push_back(g.to); });
    add(greet, "Ann");
    add(greet, "Ben", {.delay = 5s});
    wait(work.jobs().enqueue("other", {{"n", 1}}));
    EXPECT_EQ(work.enqueued().size(), 3u);
    EXPECT_EQ(work.enqueued("other").at(0).data, R"({"n":1})");
    ASSERT_EQ(work.enqueued(greet).size(), 2u);
    EXPECT_EQ(work.enqueued(greet)[1].to, "Ben");
    EXPECT_EQ(work.enqueued("greet")[1].run_at, work.time().wall() + 5s);
    EXPECT_TRUE(greeted.empty());
}

TEST_F(InlineQueue, GivesUpOnAJobThatSnoozesForEver) {
    add(define([](greeting) -> awaitable<queue::verdict> { co_return queue::verdict::snooze(0ms); }), "Ann");
    EXPECT_THROW(work.run_due(), error);
    work.time().advance(1h);
    EXPECT_THROW(work.run_all(), error);
}

TEST_F(InlineQueue, GivesUpOnAJobThatPutsItselfOffForEver) {
    add(define([](greeting) -> awaitable<queue::verdict> { co_return queue::verdict::snooze(1h); }), "Ann");
    EXPECT_THROW(work.run_all(), error);
}

TEST_F(InlineQueue, FailsAJobThatWaitsForChildrenAndHasNone) {
    add(define([](greeting) -> awaitable<queue::verdict> { co_return queue::verdict::wait_for_children(); }), "Ann");
    EXPECT_EQ(work.run_due().failed(), 1u);
}

TEST_F(InlineQueue, GivesUpOnAJobThatAddsChildrenForEver) {
    queue::job<greeting> child = work.jobs().define_job<greeting>({.name = "child", .handler = [](greeting) {}});
    add(define([&](greeting g, queue::job_context& c) -> awaitable<queue::verdict> {
            co_await work.jobs().enqueue_children(c, {queue::flow(child, g)});
            co_return queue::verdict::wait_for_children();
        }),
        "Ann");
    EXPECT_THROW(work.run_due(), error);
}

TEST_F(InlineQueue, RunsChildrenBeforeTheJobThatWaitsForThem) {
    const auto greet = define([this](greeting g) { greeted.push_back(g.to); });
    wait(work.jobs().enqueue_flow(queue::flow(greet, {"all"})
                                      .child(queue::flow(greet, {"Ann"}, {.delay = 5s}))
                                      .child(queue::flow(greet, {"Ben"}))));
    EXPECT_EQ(work.enqueued().size(), 3u);
    EXPECT_EQ(work.run_due().completed(), 1u);
    EXPECT_EQ(greeted, (std::vector<std::string>{"Ben"}));
    EXPECT_TRUE(work.run_all().all_completed());
    EXPECT_EQ(greeted, (std::vector<std::string>{"Ben", "Ann", "all"}));
}

TEST_F(InlineQueue, RunsAJobAgainAfterTheChildrenThatItAdded) {
    const auto greet = define([this](greeting g) { greeted.push_back(g.to); });
    const auto host = work.jobs().define_job<greeting>(
        {.name = "host", .handler = [&](greeting g, queue::job_context& c) -> awaitable<queue::verdict> {
             if ((co_await c.count_children()).total() == 0) {
                 co_await work.jobs().enqueue_children(c, {queue::flow(greet, {"Ann"})});
                 co_return queue::verdict::wait_for_children();
             }
             greeted.push_back(g.to);
             co_return queue::verdict::completed(g.to);
         }});
    add(host, "all");
    const auto runs = work.run_due();
    EXPECT_TRUE(runs.all_completed()) << runs;
    EXPECT_EQ(runs.all.size(), 2u) << "that it waited is no attempt";
    EXPECT_EQ(greeted, (std::vector<std::string>{"Ann", "all"}));
}

TEST_F(InlineQueue, LeavesAJobWhoseChildrenCannotRun) {
    const auto greet = define([this](greeting g) { greeted.push_back(g.to); });
    wait(work.jobs().enqueue_flow(queue::flow(greet, {"all"}).child(queue::flow("unknown", json::value()))));
    EXPECT_TRUE(work.run_all().all.empty());
    EXPECT_EQ(work.enqueued().size(), 2u);
}

TEST_F(InlineQueue, TellsWhetherAJobWasEnqueuedWithAPayload) {
    const auto greet = define([](greeting) {});
    add(greet, "Ann", {.priority = 3});
    add(greet, "Ben", {.delay = 5s});
    EXPECT_TRUE(work.was_enqueued(greet, {"Ann"}));
    EXPECT_TRUE(work.was_enqueued(greet, {"Ann"}, {.delay = 0ms, .priority = 3, .id = "1", .queue = "greet"}));
    EXPECT_TRUE(work.was_enqueued(greet, {"Ben"}, {.delay = 5s}));
    EXPECT_FALSE(work.was_enqueued(greet, {"Cid"}));
    EXPECT_FALSE(work.was_enqueued(greet, {"Ann"}, {.delay = 5s}));
    EXPECT_FALSE(work.was_enqueued(greet, {"Ann"}, {.priority = 1}));
    EXPECT_FALSE(work.was_enqueued("other", {{"to", "Ann"}}));
    work.run_due();
    EXPECT_TRUE(work.was_enqueued(greet, {"Ann"})) << "also once it has run";
}

TEST_F(InlineQueue, ShowsWhatWasEnqueuedInstead) {
    const auto greet = define([](greeting) {});
    const auto shown = [&] {
        std::ostringstream out;
        out << work.was_enqueued(greet, {"Cid"});
        return out.str();
    };
    EXPECT_EQ(shown(), "no job of that name was enqueued");
    add(greet, "Ann", {.delay = 5s, .priority = 3});
    EXPECT_EQ(shown(), "enqueued were:\n  {\"to\":\"Ann\"} (id 1, queue greet, delayed, delay 5000 ms, priority 3)");
}

TEST_F(InlineQueue, RunsSchedulesAtTheirTimes) {
    std::vector<wall_time> runs;
    const auto start = work.time().wall();
    work.jobs().define_cron({.name = "tick", .pattern = "* * * * *", .handler = [&](queue::job_context& job) {
                                 runs.push_back(*job.scheduled_for());
                             }});
    EXPECT_TRUE(work.run_for(3min + 30s).all_completed());
    EXPECT_EQ(runs, (std::vector<wall_time>{start + 1min, start + 2min, start + 3min}));
    EXPECT_EQ(work.time().wall(), start + 3min + 30s);
    EXPECT_EQ(work.run_all().all.size(), 0u) << "they never end";
}

TEST_F(InlineQueue, RunsCoroutinesOnTheCallersThreadAndPlainFunctionsToTheirEnd) {
    std::thread::id where;
    const auto greet = define([&](greeting) -> awaitable<void> {
        where = std::this_thread::get_id();
        co_return;
    });
    const auto plain =
        work.jobs().define_job({.name = "plain", .handler = [this](json::value) { greeted.push_back("plain"); }});
    const auto id = add(greet, "Ann");
    wait(work.jobs().enqueue(plain, {}));
    const auto runs = work.run_due();
    EXPECT_EQ(runs.completed(), 2u) << runs;
    EXPECT_TRUE(runs.all_completed());
    EXPECT_EQ(where, std::this_thread::get_id());
    EXPECT_EQ(greeted, std::vector<std::string>{"plain"});
    EXPECT_EQ(state(id), queue::job_state::completed);
    EXPECT_TRUE(work.enqueued().empty());
    EXPECT_TRUE(work.run_due().all.empty());
}

TEST_F(InlineQueue, RunsWhatJobsEnqueue) {
    std::optional<queue::job<greeting>> greet;
    greet = define([&](greeting g) -> awaitable<void> {
        greeted.push_back(g.to);
        if (g.to.size() < 3)
            co_await work.jobs().enqueue(*greet, {g.to + "!"});
    });
    add(*greet, "A");
    EXPECT_EQ(work.run_due().completed(), 3u);
    EXPECT_EQ(greeted, (std::vector<std::string>{"A", "A!", "A!!"}));
}

TEST_F(InlineQueue, HoldsDelayedJobsBackUntilTheTestMovesTheClock) {
    const auto greet = define([this](greeting g) { greeted.push_back(g.to); });
    add(greet, "Ann", {.delay = 24h});
    EXPECT_TRUE(work.run_due().all.empty());
    work.time().advance(24h);
    EXPECT_EQ(work.run_due().completed(), 1u);
}

TEST_F(InlineQueue, RunsRetriesAndDelaysInTheirOrderWithoutWaiting) {
    const auto greet = define(
        [this](greeting g, queue::job_context& job) {
            greeted.push_back(g.to + std::to_string(job.attempt()));
            if (!job.last_attempt())
                throw std::runtime_error("not yet");
        },
        3, exponential(1min));
    const auto begun = work.time().wall();
    add(greet, "Ann");
    add(greet, "Ben", {.delay = 90s, .attempts = 1});
    const auto runs = work.run_all();
    EXPECT_EQ(greeted, (std::vector<std::string>{"Ann1", "Ann2", "Ben1", "Ann3"}));
    EXPECT_EQ(runs.retried(), 2u);
    EXPECT_EQ(runs.completed(), 2u);
    EXPECT_FALSE(runs.all_completed());
    EXPECT_EQ(work.time().wall() - begun, 3min);
}

TEST_F(InlineQueue, ReportsFailuresWithTheirReason) {
    const auto greet = define([](greeting) { throw std::runtime_error("no such mailbox"); });
    add(greet, "Ann");
    wait(work.jobs().enqueue("greet", {{"to", "Ben"}}));
    const auto runs = work.run_due();
    EXPECT_EQ(runs.failed(), 2u);
    EXPECT_EQ(text(runs), "2 attempts\n"
                          "  greet {\"to\":\"Ann\"}: failed: no such mailbox\n"
                          "  greet {\"to\":\"Ben\"}: failed: no such mailbox");
}

TEST_F(InlineQueue, LeavesJobsThatNobodyHereCanRun) {
    wait(work.jobs().enqueue("unheard of", json::object{}));
    work.jobs().define_job({.name = "elsewhere"});
    wait(work.jobs().enqueue("elsewhere", json::object{}));
    EXPECT_TRUE(work.run_all().all.empty());
    EXPECT_EQ(work.enqueued().size(), 2u);
}

TEST_F(InlineQueue, LeavesAJobThatIsDelayedForEver) {
    add(define([](greeting) {}), "Ann", {.run_at = wall_time::max()});
    EXPECT_TRUE(work.run_all().all.empty());
}

TEST_F(InlineQueue, GivesUpOnJobsThatAlwaysAddAnother) {
    std::optional<queue::job<greeting>> greet;
    auto again = [&](std::chrono::milliseconds delay) -> awaitable<void> {
        co_await work.jobs().enqueue(*greet, {"me"}, {.delay = delay});
    };
    std::chrono::milliseconds delay{0};
    greet = define([&](greeting) -> awaitable<void> { co_await again(delay); });
    add(*greet, "me");
    try {
        work.run_due();
        FAIL() << "it cannot end";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::overloaded);
        EXPECT_NE(std::string(e.what()).find("\"greet\": does it always add another?"), std::string::npos) << e.what();
    }
    delay = 1h;
    EXPECT_THROW(work.run_all(), error);
}

TEST_F(InlineQueueOfLittlePatience, NamesAJobThatDoesNotEndAndGivesItBack) {
    const auto greet = define([this](greeting) -> awaitable<void> { co_await work.time().sleep_for(1s); });
    const auto id = add(greet, "Ann");
    try {
        work.run_due();
        FAIL() << "the clock stands still";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::timed_out);
        EXPECT_NE(std::string(e.what()).find("the job \"greet\" has not ended within 50 ms"), std::string::npos)
            << e.what();
    }
    EXPECT_EQ(state(id), queue::job_state::waiting);
    EXPECT_EQ(work.enqueued("greet").at(0).attempts_made, 0);
}

TEST_F(InlineQueue, ServesTheProcesssOwnFunctions) {
    inline_queue whole;
    const auto before = queue::default_queue();
    queue::set_default_queue(whole.jobs());
    const auto greet = queue::define_job<greeting>(
        {.name = "inline-queue-test", .handler = [this](greeting g) { greeted.push_back(g.to); }});
    wait(queue::enqueue(greet, {"Ann"}));
    EXPECT_TRUE(whole.run_due().all_completed());
    EXPECT_EQ(greeted, std::vector<std::string>{"Ann"});
    queue::set_default_queue(before);
}

TEST_F(InlineQueue, PassesOnThatItsStorageWasStopped) {
    const auto greet = define([](greeting) {});
    add(greet, "Ann");
    wait(work.jobs().stop(deadline::after(1s)));
    try {
        work.run_due();
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::closed);
    }
}

TEST_F(InlineQueue, RefusesBadOptionsByName) {
    EXPECT_THROW(inline_queue({.jobs = nullptr}), std::invalid_argument);
    EXPECT_THROW(inline_queue({.max_runs = 0}), std::invalid_argument);
}

} // namespace
} // namespace infra::testing
