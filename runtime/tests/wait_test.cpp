#include <infra/runtime/wait.hpp>

#include <infra/base/error.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace infra {
namespace {

awaitable<std::unique_ptr<int>> make(int value) {
    co_await asio::post(asio::use_awaitable);
    co_return std::make_unique<int>(value);
}

struct made_of_something {
    explicit made_of_something(int v) : value(v) {}
    int value;
};
awaitable<made_of_something> make_of(int value) { co_return made_of_something(value); }

awaitable<void> fail() {
    co_await asio::post(asio::use_awaitable);
    throw std::runtime_error("no");
}

awaitable<void> wait_inside() {
    wait(fail());
    co_return;
}

TEST(Wait, ReturnsWhatTheOperationDoes) { EXPECT_EQ(*wait(make(5)), 5); }

TEST(Wait, ReturnsWhatCannotBeMadeOfNothing) { EXPECT_EQ(wait(make_of(5)).value, 5); }

TEST(Wait, ThrowsWhatTheOperationDoes) { EXPECT_THROW(wait(fail()), std::runtime_error); }

TEST(Wait, RefusesToWaitOnALoop) {
    try {
        wait(wait_inside());
        FAIL() << "it would have waited for itself";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::invalid_state);
    }
}

TEST(Wait, RunsWhereItIsTold) {
    event_loop loop;
    loop.start();
    const auto where = []() -> awaitable<event_loop*> { co_return event_loop::current(); };
    EXPECT_EQ(wait(where(), loop.get_executor()), &loop);
}

} // namespace
} // namespace infra
