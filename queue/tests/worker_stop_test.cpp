#include "worker_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <thread>

namespace infra::queue::tests {
namespace {

TEST_F(QueueWorker, LetsHandlersFinishWhenStopped) {
    asio::steady_timer gate(loop.io, steady_time::max());
    handle([&](json::value) -> awaitable<void> {
        boost::system::error_code ec;
        co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    });
    offer("a");
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    const auto stopped = loop.start(w->stop(deadline(time.steady() + 10s)));
    loop.settle();
    offer("b");
    pass(9s);
    EXPECT_FALSE(running->ended);
    gate.cancel();
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_FALSE(running->failure);
    EXPECT_EQ(stored->finished_count(), 1u);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(stored->ready.size(), 1u) << "claimed while it stopped";
}

TEST_F(QueueWorker, LeavesOnceAndNotUntilItsClaimsHaveEnded) {
    handle([](json::value) -> awaitable<void> { co_return; });
    start();
    turn_until([&] { return !stored->claims.empty(); });
    EXPECT_EQ(stored->departures, 0);
    const auto stopped = loop.start(w->stop(10s));
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(stored->departures, 1);
}

TEST_F(QueueWorker, LeavesAStorageThatIsLockedWhenItsDrainTimeIsOver) {
    handle([](json::value) -> awaitable<void> { co_return; });
    start();
    turn_until([&] { return !stored->claims.empty(); });
    stored->is_locked = true;
    const auto stopped = loop.start(w->stop(50ms));
    turn_until([&] { return stored->departures == 1; });
    pass(49ms);
    EXPECT_FALSE(running->ended);
    pass(1ms);
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(captured_log::count("warn the storage was not told that a worker has stopped"), 0u)
        << "it may hear of it yet";
}

TEST_F(QueueWorker, ReturnsJobWithoutSpendingAttemptWhenItsDrainTimeIsOver) {
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    offer("a", {.attempts = 3});
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    const auto stopped = loop.start(w->stop(10s));
    pass(9999ms);
    EXPECT_EQ(stored->finished_count(), 0u);
    pass(1ms);
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(result().as, outcome::kind::returned);
    EXPECT_EQ(result().run_at, std::nullopt);
    EXPECT_EQ(captured_log::count("info job returned"), 1u);
}

TEST_F(QueueWorker, ReturnsTheJobOfAHandlerThatDoesNotHeedCancellation) {
    auto gate = std::make_shared<asio::steady_timer>(loop.io, steady_time::max());
    handle([gate](json::value, job_context& job) -> awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        boost::system::error_code ec;
        co_await gate->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        EXPECT_TRUE(job.stop_requested());
    });
    offer("a");
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    const auto stopped = loop.start(w->stop(0ms));
    pass(999ms);
    EXPECT_FALSE(running->ended);
    pass(1ms);
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(result().as, outcome::kind::returned);
    EXPECT_EQ(captured_log::count("warn a cancelled handler does not end"), 1u);
    gate->cancel();
    for (int i = 0; i < 20; ++i)
        loop.settle();
    EXPECT_EQ(stored->finished_count(), 1u) << "its late end was recorded";
}

TEST_F(QueueWorker, CompletesAJobWhoseHandlerFinishesAlthoughCancelled) {
    handle([](json::value) -> awaitable<int> {
        try {
            co_await for_ever();
        } catch (const boost::system::system_error&) {
        }
        co_return 7;
    });
    offer("a");
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    loop.await(w->stop(0ms));
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(result().result, "7");
}

TEST_F(QueueWorker, TellsPlainFunctionsToStop) {
    handle([](json::value, job_context& job) {
        while (!job.stop_requested())
            std::this_thread::yield();
        throw std::runtime_error("stopped half way");
    });
    offer("a", {.attempts = 2});
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    loop.await(w->stop(0ms));
    EXPECT_EQ(result().as, outcome::kind::returned);
}

TEST_F(QueueWorker, HoldsTheEarliestDeadlineItWasGiven) {
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    offer("a");
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    const auto first = loop.start(w->stop(1h));
    const auto second = loop.start(w->stop(2s));
    const auto third = loop.start(w->stop(3h));
    pass(2s);
    turn_until([&] { return first->ended && second->ended && third->ended; });
    EXPECT_EQ(result().as, outcome::kind::returned);
}

TEST_F(QueueWorker, GivesUpRecordingWhenItStopsAndTheStorageDoesNotAnswer) {
    handle([](json::value) {});
    for (int i = 0; i < 1000; ++i)
        stored->finish_failures.push_back(unavailable());
    offer("a");
    start();
    turn_until([&] { return stored->finish_failures.size() < 1000; });
    const auto stopped = loop.start(w->stop(0ms));
    for (int i = 0; i < 50 && !stopped->ended; ++i)
        pass(100ms);
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(captured_log::count("error stopped without recording"), 1u);
}

TEST_F(QueueWorker, GivesJobsBackWhenRunIsCancelled) {
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    offer("a");
    worker cancelled(jobs, {.renewals = loop.get_executor()});
    asio::cancellation_signal cancel;
    std::optional<std::exception_ptr> end;
    asio::co_spawn(loop.get_executor(), cancelled.run(),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) { end = e; }));
    turn_until([&] { return !stored->transcript().empty(); });
    cancel.emit(asio::cancellation_type::terminal);
    turn_until([&] { return end.has_value(); });
    EXPECT_EQ(infra::code_of(*end), asio::error::operation_aborted);
    EXPECT_EQ(result().as, outcome::kind::returned);
}

} // namespace
} // namespace infra::queue::tests
