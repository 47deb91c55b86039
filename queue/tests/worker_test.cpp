#include "worker_fixture.hpp"

#include <infra/base/propagation.hpp>

#include <boost/asio/post.hpp>

#include <thread>

namespace infra::queue::tests {
namespace {

TEST_F(QueueWorker, RunsAJobAndRecordsItsResult) {
    handle([](json::value data) -> awaitable<json::value> { co_return data.at("n"); });
    offer("a", {.keep_completed = {.count = 7}});
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(result().result, "1");
    EXPECT_EQ(result().held.token, "token of a");
    EXPECT_EQ(result().at, time.wall());
    EXPECT_EQ(result().keep.count, 7u);
}

TEST_F(QueueWorker, RunsAPlainFunctionOnAThreadOfItsOwn) {
    std::thread::id where;
    handle([&](json::value) { where = std::this_thread::get_id(); });
    offer("a");
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(result().result, "");
    EXPECT_NE(where, std::this_thread::get_id());
    EXPECT_NE(where, std::thread::id());
}

TEST_F(QueueWorker, TellsTheHandlerAboutItsJob) {
    std::string told;
    handle([&](json::value, job_context& job) -> awaitable<void> {
        told = job.id() + " " + job.name() + " " + job.queue() + " " + std::to_string(job.attempt()) + "/" +
               std::to_string(job.attempts()) + (job.last_attempt() ? " last" : "") + " fence " +
               std::to_string(job.fence());
        EXPECT_EQ(job.deadline(), deadline(time.steady() + 5s));
        EXPECT_FALSE(job.stop_requested());
        co_await job.log("half way");
    });
    auto job = claimed_job{.held = {.job = {"mail", "a"}, .fence = 9, .token = "t"},
                           .name = "job",
                           .data = "{}",
                           .options = {.attempts = 3, .timeout = 5s},
                           .attempts_made = 2};
    stored->offer(job);
    start();
    wait_for_finished(1);
    EXPECT_EQ(told, "a job mail 3/3 last fence 9");
    EXPECT_EQ(captured_log::count("info half way"), 1u);
}

TEST_F(QueueWorker, RunsUnderTheProducersTrace) {
    span_context seen;
    handle([&](json::value) -> awaitable<void> {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        seen = current_span();
    });
    const auto producer = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    stored->offer(job_of(to_carrier({.traceparent = producer})));
    start();
    wait_for_finished(1);
    EXPECT_EQ(seen.trace, parse_traceparent(producer)->trace);
    EXPECT_NE(seen.span, parse_traceparent(producer)->span);
}

TEST_F(QueueWorker, TellsWhatBecameOfAJobUnderTheProducersTrace) {
    handle([](json::value) { throw std::runtime_error("busy"); });
    const auto carrier = to_carrier({.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
    auto again = job_of(carrier);
    again.options.attempts = 2;
    auto unread = job_of(carrier);
    unread.fail_with = "nobody can read it";
    for (const auto& each : {again, job_of(carrier), unread})
        stored->offer(each);
    start();
    wait_for_finished(3);
    const std::string trace = " trace_id=0af7651916cd43dd8448eb211c80319c";
    EXPECT_TRUE(captured_log::mentions("warn job failed and will be retried", "error=busy" + trace));
    EXPECT_TRUE(captured_log::mentions("error job failed", "error=busy" + trace));
    EXPECT_TRUE(captured_log::mentions("error job failed", "error=nobody can read it" + trace)) << "no handler ran";
}

TEST_F(QueueWorker, GivesTheHandlerStateAndBaggageOfTheProducer) {
    trace_headers told;
    handle([&](json::value) -> awaitable<void> {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        told = inject();
    });
    stored->offer(job_of(to_carrier({.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                     .tracestate = "rojo=1",
                                     .baggage = "tenant=acme"})));
    start();
    wait_for_finished(1);
    EXPECT_EQ(told.traceparent.substr(3, 32), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(told.tracestate, "rojo=1");
    EXPECT_EQ(told.baggage, "tenant=acme");
}

TEST_F(QueueWorker, LogsNoBaggageWhateverBecomesOfTheJob) {
    handle([](json::value, job_context& job) -> awaitable<void> {
        co_await job.log("half way");
        throw std::runtime_error("busy");
    });
    stored->offer(job_of(to_carrier({.baggage = "token=s3cret"})));
    start();
    wait_for_finished(1);
    EXPECT_TRUE(captured_log::mentions("half way"));
    EXPECT_TRUE(captured_log::mentions("busy"));
    EXPECT_FALSE(captured_log::mentions("s3cret"));
}

TEST_F(QueueWorker, RunsAJobWhateverItsCarrierIs) {
    std::vector<span_context> seen;
    handle([&](json::value) { seen.push_back(current_span()); });
    const std::string cases[] = {"",
                                 "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                 "{",
                                 "[1]",
                                 R"({"traceparent":1})",
                                 std::string(100'000, '{')};
    for (const auto& each : cases)
        stored->offer(job_of(each));
    start({.concurrency = 1});
    wait_for_finished(std::size(cases));
    ASSERT_EQ(seen.size(), std::size(cases));
    for (const auto& each : seen)
        EXPECT_NE(each.trace, parse_traceparent(cases[1])->trace) << "a trace of its own";
}

TEST_F(QueueWorker, BringsNothingOfItsOwnContextIntoAJob) {
    std::string told = "nothing";
    handle([&](json::value) -> awaitable<void> {
        told = std::string(context::current().request_id()) + inject().baggage;
        co_return;
    });
    stored->offer(job_of({}));
    {
        const context_scope in(context().with_request_id("of the worker").with_baggage({{"its", "own"}}));
        start();
    }
    wait_for_finished(1);
    EXPECT_EQ(told, "");
}

TEST_F(QueueWorker, DropsAResultThatIsTooLarge) {
    const queue small(stored, {.max_payload_bytes = 10}, jobs.jobs(), time);
    handle([](json::value) { return std::string(100, 'x'); });
    offer("a");
    w.emplace(small, worker_options{.renewals = loop.get_executor()});
    running = loop.start(w->run());
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(result().result, "");
    EXPECT_EQ(captured_log::count("warn a job's result is too large"), 1u);
}

// --- stopping ------------------------------------------------------------------------------------------------------

TEST_F(QueueWorker, RunsOnce) {
    start();
    EXPECT_EQ(loop.code_of(w->run()), infra::errc::invalid_state);
    loop.await(w->stop(0ms));
    EXPECT_EQ(loop.code_of(w->run()), infra::errc::invalid_state);
}

TEST_F(QueueWorker, RefusesBadOptionsByName) {
    const auto refusal = [&](worker_options options) -> std::string {
        try {
            worker made(jobs, std::move(options));
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal({.concurrency = 0}), "queue::worker_options::concurrency must be at least 1");
    EXPECT_EQ(refusal({.concurrency = 10'001}), "queue::worker_options::concurrency must be at most 10000");
    EXPECT_EQ(refusal({.queues = {"a:b"}}), "queue::worker_options::queues must not contain a colon");
    EXPECT_EQ(refusal({.name = "a:b"}), "queue::worker_options::name must not contain a colon");
    EXPECT_EQ(refusal({.drain_timeout = -1ms}), "queue::worker_options::drain_timeout must not be negative");
    EXPECT_EQ(refusal({.lease = 9ms}), "queue::worker_options::lease must be from 10 ms to 1 day");
    EXPECT_EQ(refusal({.max_stalls = -1}), "queue::worker_options::max_stalls must not be negative");
}

} // namespace
} // namespace infra::queue::tests
