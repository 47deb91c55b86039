#include <infra/runtime/event.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace infra {
namespace {

using namespace std::chrono_literals;

struct Event : testing::Test {
    asio::io_context io{1};
    manual_clock time;
    event subject;
    int told = 0;

    awaitable<void> hear(promise<void> by) {
        co_await by.get();
        ++told;
    }
    void listen() { asio::co_spawn(io, hear(subject.listener(io.get_executor())), asio::detached); }
    void turn() {
        io.restart();
        while (io.poll() > 0)
            io.restart();
    }
};

TEST_F(Event, IsHeardByAllWhoWaitAndByWhoeverComesLater) {
    listen();
    listen();
    turn();
    EXPECT_FALSE(subject.is_set());
    EXPECT_EQ(told, 0);
    std::thread([this] { subject.set(); }).join();
    turn();
    EXPECT_TRUE(subject.is_set());
    EXPECT_EQ(told, 2);
    subject.set();
    listen();
    turn();
    EXPECT_EQ(told, 3);
}

TEST_F(Event, IsWaitedForNoLongerThanAsked) {
    std::optional<bool> in_time;
    const auto wait_a_second = [&] {
        in_time.reset();
        asio::co_spawn(io, told_within(subject.listener(io.get_executor()), deadline::after(1s, time.steady()), time),
                       [&in_time](std::exception_ptr, bool was) { in_time = was; });
        turn();
    };
    wait_a_second();
    EXPECT_EQ(in_time, std::nullopt);
    time.advance(1s);
    turn();
    EXPECT_EQ(in_time, false);
    subject.set();
    wait_a_second();
    EXPECT_EQ(in_time, true);
}

} // namespace
} // namespace infra
