#include <infra/runtime/promise.hpp>

#include <infra/runtime/wait.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

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

} // namespace
} // namespace infra
