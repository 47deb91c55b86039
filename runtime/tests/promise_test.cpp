#include <infra/runtime/promise.hpp>

#include <infra/runtime/wait.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace infra {
namespace {

struct Promise : testing::Test {
    asio::io_context io{1};
    std::exception_ptr failure;
    int value = 0;
    bool done = false;

    awaitable<void> store(promise<int> from) { value = co_await from.get(); }
    auto note() {
        return [this](std::exception_ptr e) {
            failure = e;
            done = true;
        };
    }
};

TEST_F(Promise, BringsAValueFromAnotherThread) {
    const promise<int> p(io.get_executor());
    asio::co_spawn(io, store(p), note());
    std::thread setter([p] { p.set_value(42); });
    io.run();
    setter.join();
    EXPECT_EQ(value, 42);
}

TEST_F(Promise, KeepsAValueThatCameBeforeItWasAskedFor) {
    const promise<int> p(io.get_executor());
    p.set_value(1);
    io.run();
    io.restart();
    asio::co_spawn(io, store(p), note());
    io.run();
    EXPECT_EQ(value, 1);
}

TEST_F(Promise, ThrowsWhatItWasGiven) {
    const promise<int> p(io.get_executor());
    asio::co_spawn(io, store(p), note());
    p.set_exception(std::make_exception_ptr(error(errc::io, "disk")));
    io.run();
    EXPECT_EQ(code_of(failure), errc::io);
}

TEST_F(Promise, TakesTheFirstResultOnly) {
    const promise<int> p(io.get_executor());
    p.set_value(1);
    p.set_value(2);
    p.set_exception(std::make_exception_ptr(42));
    asio::co_spawn(io, store(p), note());
    io.run();
    EXPECT_EQ(value, 1);
    EXPECT_FALSE(failure);
}

TEST_F(Promise, CancelledWaitDropsTheResult) {
    const promise<int> p(io.get_executor());
    asio::cancellation_signal signal;
    asio::co_spawn(io, store(p), asio::bind_cancellation_slot(signal.slot(), note()));
    io.poll();
    signal.emit(asio::cancellation_type::terminal);
    io.poll();
    EXPECT_TRUE(done);
    EXPECT_EQ(code_of(failure), asio::error::operation_aborted);
    p.set_value(5);
    io.restart();
    io.run();
    EXPECT_EQ(value, 0);
}

TEST_F(Promise, IsAskedAgainAfterACancelledWait) {
    const promise<int> p(io.get_executor());
    asio::cancellation_signal signal;
    asio::co_spawn(io, store(p), asio::bind_cancellation_slot(signal.slot(), note()));
    io.poll();
    signal.emit(asio::cancellation_type::terminal);
    io.poll();
    asio::co_spawn(io, store(p), note());
    p.set_value(3);
    io.restart();
    io.run();
    EXPECT_EQ(value, 3);
}

// Memory errors where it goes wrong: the sanitizers' builds see them.
TEST(PromiseWithoutALoop, TakesAResultForWhichTheLoopIsGone) {
    auto io = std::make_unique<asio::io_context>(1);
    const promise<int> never_asked(io->get_executor());
    const promise<int> waited_for(io->get_executor());
    const auto wait_for = [](promise<int> p) -> awaitable<void> { co_await p.get(); };
    bool resumed = false;
    asio::co_spawn(*io, wait_for(waited_for), [&resumed](std::exception_ptr) { resumed = true; });
    io->poll();
    io.reset();
    never_asked.set_value(1);
    waited_for.set_value(2);
    EXPECT_FALSE(resumed);
}

TEST(PromiseWithoutALoop, TakesAResultWhileTheLoopGoes) {
    for (int i = 0; i < 300; ++i) {
        auto io = std::make_unique<asio::io_context>(1);
        const promise<int> p(io->get_executor());
        const auto wait_for = [](promise<int> from) -> awaitable<void> { co_await from.get(); };
        asio::co_spawn(*io, wait_for(p), [](std::exception_ptr) {});
        io->poll();
        std::thread setter([p] { p.set_value(1); });
        io.reset();
        setter.join();
    }
}

} // namespace
} // namespace infra
