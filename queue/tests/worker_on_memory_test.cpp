// What a worker and its handlers make of a storage that knows everything.

#include <infra/queue/memory.hpp>
#include <infra/queue/worker.hpp>

#include "support.hpp"

#include <infra/runtime/wait.hpp>

#include <boost/asio/steady_timer.hpp>

namespace infra::queue::tests {
namespace {

class QueueWorkerOnMemory : public ::testing::Test {
protected:
    ~QueueWorkerOnMemory() override {
        const auto stopped = loop.start(w.stop(0ms));
        loop.until([&] { return stopped->ended && running->ended; });
    }

    void start() { running = loop.start(w.run()); }

    job_info end_of(const job_id& id) {
        const auto end = loop.start(jobs.wait_for(id, deadline()));
        EXPECT_TRUE(loop.until([&] { return end->ended; }));
        return end->value.value_or(job_info());
    }
    job_info info(const job_id& id) { return loop.await(jobs.find_job(id)).value_or(job_info()); }

    /// Lets what can happen happen, moves time on, and again.
    void pass(std::chrono::milliseconds d) {
        for (int i = 0; i < 30; ++i)
            loop.settle();
        time.advance(d);
        for (int i = 0; i < 30; ++i)
            loop.settle();
    }

    template <class F>
    job_id run(F handler, job_definition<json::value> as = {}) {
        as.name = "job";
        as.handler = std::move(handler);
        const auto job = jobs.define_job(std::move(as));
        start();
        return loop.await(jobs.enqueue(job, json::value(1)));
    }

    static awaitable<void> for_ever() {
        asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
        co_await timer.async_wait(asio::use_awaitable);
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<memory_backend> stored = make_memory_backend();
    queue jobs{stored, {}, std::make_shared<registry>(), time};
    worker w{jobs, {.renewals = loop.get_executor()}};
    std::shared_ptr<pending<void>> running;
};

TEST_F(QueueWorkerOnMemory, KeepsWhatAHandlerTells) {
    const auto id = run([](json::value, job_context& job) -> awaitable<void> {
        co_await job.progress(50);
        co_await job.log("half way");
    });
    EXPECT_EQ(end_of(id).progress, "50");
    const auto lines = loop.await(jobs.logs(id));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0], (log_line{t0, "half way"}));
}

TEST_F(QueueWorkerOnMemory, KeepsWhatAPlainFunctionTells) {
    const auto id = run([](json::value, job_context& job) { wait(job.progress(std::string("done"))); });
    EXPECT_EQ(end_of(id).progress, "\"done\"");
}

TEST_F(QueueWorkerOnMemory, RunsASnoozedJobLaterWithoutSpendingAnAttempt) {
    int runs = 0;
    const auto id = run([&](json::value) -> awaitable<verdict> {
        if (++runs == 1)
            co_return verdict::snooze(5min);
        co_return verdict::completed(std::string("now"));
    });
    loop.until([&] { return info(id).state == job_state::delayed; });
    EXPECT_EQ(info(id).run_at, t0 + 5min);
    EXPECT_EQ(info(id).attempts_made, 0);
    pass(5min);
    EXPECT_EQ(end_of(id).result, "\"now\"");
    EXPECT_EQ(info(id).attempts_made, 1);
}

TEST_F(QueueWorkerOnMemory, FailsAJobThatItsHandlerCancels) {
    const auto id = run([](json::value) { return verdict::cancel("withdrawn"); }, {.attempts = 5});
    EXPECT_EQ(end_of(id).state, job_state::failed);
    EXPECT_EQ(info(id).failed_reason, "cancelled: withdrawn");
    EXPECT_EQ(info(id).attempts_made, 1);
}

TEST_F(QueueWorkerOnMemory, CancelsAHandlerThatRuns) {
    bool asked = false;
    const auto id = run(
        [&](json::value, job_context& job) -> awaitable<void> {
            try {
                co_await for_ever();
            } catch (...) {
                asked = job.cancel_requested() && job.stop_requested();
                throw;
            }
        },
        {.attempts = 5});
    loop.until([&] { return info(id).state == job_state::active; });
    EXPECT_TRUE(loop.await(jobs.cancel(id)));
    pass(4s); // a renewal
    EXPECT_EQ(end_of(id).failed_reason, cancelled_reason);
    EXPECT_EQ(info(id).state, job_state::failed);
    EXPECT_TRUE(asked);
}

TEST_F(QueueWorkerOnMemory, CancelsAtOnceWhatIsCancelledInItsProcess) {
    const auto id = run([&](json::value) -> awaitable<void> { co_await for_ever(); });
    loop.until([&] { return info(id).state == job_state::active; });
    EXPECT_TRUE(loop.await(jobs.cancel(id)));
    EXPECT_EQ(end_of(id).failed_reason, cancelled_reason) << "no time passes here";
}

TEST_F(QueueWorkerOnMemory, CancelsWithinASecondWhatIsCancelledElsewhere) {
    const auto id = run([&](json::value) -> awaitable<void> { co_await for_ever(); });
    loop.until([&] { return info(id).state == job_state::active; });
    loop.await(
        stored->change({.what = job_change::cancel, .jobs = {{"job", id}}, .now = t0})); // as another process does
    pass(999ms);
    EXPECT_EQ(info(id).state, job_state::active);
    pass(1ms);
    EXPECT_EQ(end_of(id).failed_reason, cancelled_reason);
}

TEST_F(QueueWorkerOnMemory, CompletesACancelledJobWhoseHandlerCompletes) {
    const auto id = run([](json::value) -> awaitable<int> {
        try {
            co_await for_ever();
        } catch (...) {
        }
        co_return 7;
    });
    loop.until([&] { return info(id).state == job_state::active; });
    loop.await(jobs.cancel(id));
    pass(4s);
    EXPECT_EQ(end_of(id).state, job_state::completed);
    EXPECT_EQ(info(id).result, "7");
}

TEST_F(QueueWorkerOnMemory, TellsAPlainFunctionThatItsJobIsCancelled) {
    std::atomic<bool> begun = false, told = false;
    const auto id = run([&](json::value, job_context& job) {
        begun = true;
        while (!job.cancel_requested())
            std::this_thread::yield();
        told = true;
    });
    ASSERT_TRUE(loop.until([&] { return begun.load(); }));
    loop.await(jobs.cancel(id));
    pass(4s);
    EXPECT_EQ(end_of(id).failed_reason, cancelled_reason);
    EXPECT_TRUE(loop.until([&] { return told.load(); }));
}

TEST_F(QueueWorkerOnMemory, GivesAHandlerTheTimeItAsksFor) {
    const auto id = run(
        [this](json::value, job_context& job) -> awaitable<void> {
            job.extend(1min);
            job.extend(1s); // never takes time away
            EXPECT_EQ(job.deadline(), deadline(time.steady() + 1min));
            co_await time.sleep_for(50s);
        },
        {.timeout = 5s});
    pass(10s);
    EXPECT_EQ(info(id).state, job_state::active);
    pass(40s);
    EXPECT_EQ(end_of(id).state, job_state::completed);
}

TEST_F(QueueWorkerOnMemory, EndsAHandlerThatTakesLongerThanItAskedFor) {
    const auto id = run(
        [this](json::value, job_context& job) -> awaitable<void> {
            job.extend(1min);
            co_await time.sleep_for(1h);
        },
        {.timeout = 5s});
    pass(59s);
    EXPECT_EQ(info(id).state, job_state::active);
    pass(1s);
    EXPECT_EQ(end_of(id).failed_reason, "timed out after 5000 ms");
}

TEST_F(QueueWorkerOnMemory, TriesNoMoreWhereTheDefinitionSeesNoUse) {
    std::string seen;
    const auto id = run([](json::value) -> awaitable<void> { throw std::runtime_error("no such mailbox"); },
                        {.attempts = 5, .retry_if = [&](const failed_attempt& failed) {
                             seen = failed.reason;
                             return failed.reason != "no such mailbox";
                         }});
    EXPECT_EQ(end_of(id).attempts_made, 1);
    EXPECT_EQ(info(id).state, job_state::failed);
    EXPECT_EQ(seen, "no such mailbox");
}

TEST_F(QueueWorkerOnMemory, WaitsBetweenAttemptsAsTheDefinitionSays) {
    const auto id = run([](json::value) -> awaitable<void> { throw std::runtime_error("busy"); },
                        {.attempts = 3, .backoff = fixed(1h), .backoff_by = [](const failed_attempt& failed) {
                             return std::chrono::milliseconds(failed.attempt * 1000);
                         }});
    loop.until([&] { return info(id).state == job_state::delayed; });
    EXPECT_EQ(info(id).run_at, t0 + 1s);
    pass(1s);
    loop.until([&] { return info(id).attempts_made == 2; });
    EXPECT_EQ(info(id).run_at, t0 + 3s);
}

TEST_F(QueueWorkerOnMemory, GoesByTheNumbersWhereARuleThrows) {
    const auto id = run([](json::value) -> awaitable<void> { throw std::runtime_error("busy"); },
                        {.attempts = 2,
                         .backoff = fixed(3s),
                         .retry_if = [](const failed_attempt&) -> bool { throw 1; },
                         .backoff_by = [](const failed_attempt&) -> std::chrono::milliseconds { throw 1; }});
    loop.until([&] { return info(id).state == job_state::delayed; });
    EXPECT_EQ(info(id).run_at, t0 + 3s);
}

TEST_F(QueueWorkerOnMemory, RemembersEachError) {
    const auto id = run(
        [](json::value, job_context& job) -> awaitable<void> {
            throw std::runtime_error("error " + std::to_string(job.attempt()));
            co_return;
        },
        {.attempts = 3});
    const auto errors = end_of(id).errors;
    ASSERT_EQ(errors.size(), 3u);
    EXPECT_EQ(errors[0], (job_error{.attempt = 1, .at = t0, .reason = "error 1"}));
    EXPECT_EQ(errors[2].reason, "error 3");
}

TEST_F(QueueWorkerOnMemory, RunsNothingThatWaitedTooLong) {
    int runs = 0;
    loop.await(jobs.pause("job"));
    const auto id = run(
        [&](json::value) -> awaitable<void> {
            ++runs;
            co_return;
        },
        {.ttl = 1min});
    pass(1min);
    loop.await(jobs.resume("job"));
    EXPECT_EQ(end_of(id).failed_reason, expired_reason);
    EXPECT_EQ(runs, 0);
}

TEST_F(QueueWorkerOnMemory, RunsAJobOfAnUnknownNameOnceAWorkerComesThatKnowsIt) {
    w = worker(jobs, {.queues = {"post"}, .renewals = loop.get_executor()});
    start();
    const auto id = loop.await(jobs.enqueue("letter", json::value(2), {.attempts = 1, .queue = "post"}));
    ASSERT_TRUE(loop.until([&] { return info(id).state == job_state::delayed; })) << "kept for others";
    for (int i = 0; i < 5; ++i)
        pass(10s);
    EXPECT_EQ(info(id).attempts_made, 0);
    EXPECT_EQ(info(id).failed_reason, "");
    queue elsewhere(stored->open_again(), {}, std::make_shared<registry>(), time); // as another process
    elsewhere.define_job({.name = "letter", .handler = [](json::value) { return 42; }, .queue = "post"});
    worker who_knows(elsewhere, {.renewals = loop.get_executor()});
    const auto other = loop.start(who_knows.run());
    const auto found = loop.start(w.stop(0ms)); // or they take it from each other
    ASSERT_TRUE(loop.until([&] { return found->ended; }));
    pass(10s);
    EXPECT_EQ(end_of(id).result, "42");
    EXPECT_EQ(info(id).attempts_made, 1);
    const auto stopped = loop.start(who_knows.stop(0ms));
    EXPECT_TRUE(loop.until([&] { return stopped->ended && other->ended; }));
}

TEST_F(QueueWorkerOnMemory, PassesOnJobsOfAnyName) {
    jobs.jobs()->define_others([](std::string data, std::shared_ptr<job_context> job) -> awaitable<verdict> {
        co_return verdict::completed(job->name() + " " + data);
    });
    w = worker(jobs, {.queues = {"post"}, .renewals = loop.get_executor()});
    start();
    const auto id = loop.await(jobs.enqueue("letter", json::value(2), {.queue = "post"}));
    EXPECT_EQ(end_of(id).result, "\"letter 2\"");
}

} // namespace
} // namespace infra::queue::tests
