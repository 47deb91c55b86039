#include "src/completion.hpp"

#include "support.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <numeric>
#include <thread>

namespace infra::queue::tests {
namespace {

awaitable<void> note(std::shared_ptr<completion> one, int number, std::vector<int>* into) {
    co_await one->delivered();
    into->push_back(number);
}

class Completion : public ::testing::Test {
protected:
    std::shared_ptr<completion> make() { return std::make_shared<completion>(loop.get_executor()); }

    static void complete(std::vector<std::shared_ptr<completion>> all, std::exception_ptr failure = nullptr) {
        completion_batch batch;
        for (auto& each : all)
            batch.add(std::move(each), failure);
        batch.deliver();
    }

    test_loop loop;
};

TEST_F(Completion, ResumesAllOfABatchInOrder) {
    std::vector<std::shared_ptr<completion>> all;
    std::vector<int> resumed;
    for (int i = 0; i < 1000; ++i) { // more than in one run
        all.push_back(make());
        loop.start(note(all.back(), i, &resumed));
    }
    loop.settle();
    EXPECT_TRUE(resumed.empty());
    std::thread([&] { complete(all); }).join();
    EXPECT_TRUE(loop.until([&] { return resumed.size() == all.size(); }));
    std::vector<int> expected(all.size());
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(resumed, expected);
}

TEST_F(Completion, IsThereForWhoeverWaitsLater) {
    const auto one = make();
    complete({one});
    loop.await(one->delivered());
}

TEST_F(Completion, ThrowsWhatItWasFailedWith) {
    const auto one = make();
    const auto waiting = loop.start(one->delivered());
    loop.settle();
    complete({one}, std::make_exception_ptr(error(errc::full, "no room")));
    EXPECT_TRUE(loop.until([&] { return waiting->ended; }));
    EXPECT_EQ(code_of(waiting->failure), errc::full);
}

TEST_F(Completion, CanBeAwaitedAgainAfterItWasCancelled) {
    const auto one = make();
    asio::cancellation_signal cancel;
    std::exception_ptr first;
    bool over = false;
    asio::co_spawn(loop.get_executor(), one->delivered(),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) { first = e, over = true; }));
    loop.settle();
    cancel.emit(asio::cancellation_type::terminal);
    EXPECT_TRUE(loop.until([&] { return over; }));
    EXPECT_EQ(code_of(first), asio::error::operation_aborted);
    const auto again = loop.start(one->delivered());
    loop.settle();
    EXPECT_FALSE(again->ended);
    complete({one});
    EXPECT_TRUE(loop.until([&] { return again->ended; }));
    EXPECT_FALSE(again->failure);
}

TEST_F(Completion, IsNotLostWhenItIsCancelledOnItsWay) {
    const auto one = make();
    asio::cancellation_signal cancel;
    bool over = false;
    asio::co_spawn(loop.get_executor(), one->delivered(),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr) { over = true; }));
    loop.settle();
    complete({one});
    cancel.emit(asio::cancellation_type::terminal);
    EXPECT_TRUE(loop.until([&] { return over; }));
    loop.await(one->delivered());
}

TEST_F(Completion, KeepsTheContextOfEachThatWaits) {
    std::vector<std::shared_ptr<completion>> all{make(), make()};
    std::vector<std::string> seen;
    for (const auto* id : {"first", "second"}) {
        const context_scope scope(context().with_request_id(id));
        loop.start([](std::shared_ptr<completion> one, std::vector<std::string>* into) -> awaitable<void> {
            co_await one->delivered();
            into->emplace_back(context::current().request_id());
        }(all[seen.size() + (std::string(id) == "second")], &seen));
    }
    loop.settle();
    complete(all);
    EXPECT_TRUE(loop.until([&] { return seen.size() == 2; }));
    EXPECT_EQ(seen, (std::vector<std::string>{"first", "second"}));
}

TEST_F(Completion, GoesNowhereOnceItsLoopIsGone) {
    auto io = std::make_unique<asio::io_context>(1);
    const auto awaited = std::make_shared<completion>(with_context(io->get_executor()));
    const auto early = std::make_shared<completion>(with_context(io->get_executor()));
    const auto witness = std::make_shared<int>(1);
    asio::co_spawn(
        with_context(io->get_executor()),
        [](std::shared_ptr<completion> one, std::shared_ptr<int>) -> awaitable<void> {
            co_await one->delivered();
        }(awaited, witness),
        asio::detached);
    io->poll();
    EXPECT_EQ(witness.use_count(), 2);
    io.reset();
    EXPECT_EQ(witness.use_count(), 1) << "the coroutine is gone with the loop";
    complete({awaited, early});
}

TEST_F(Completion, WorksFromManyThreadsAndOnStrands) {
    asio::thread_pool pool(4);
    std::atomic<int> resumed{0};
    std::vector<std::future<void>> ends;
    for (int i = 0; i < 400; ++i) {
        const executor on = with_context(asio::make_strand(pool.get_executor()));
        ends.push_back(asio::co_spawn(
            on,
            [](executor ex, std::atomic<int>* count) -> awaitable<void> {
                const auto one = std::make_shared<completion>(ex);
                asio::post(ex, [] {});
                std::thread([one] { complete({one}); }).detach();
                co_await one->delivered();
                ++*count;
            }(on, &resumed),
            asio::use_future));
    }
    for (auto& each : ends)
        each.get();
    EXPECT_EQ(resumed, 400);
    pool.join();
}

} // namespace
} // namespace infra::queue::tests
