#include "src/parts/budget.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/storage/error.hpp>
#include <infra/testing/test_loop.hpp>

#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

struct PartMemory : ::testing::Test {
    testing::test_loop loop;
    manual_clock time;
    std::ptrdiff_t told = 0, most_told = 0;
    part_memory memory{100, time, [this](std::ptrdiff_t more) {
                           told += more;
                           most_told = std::max(most_told, told);
                       }};

    auto ask(std::size_t size, deadline limit = {}, asio::cancellation_slot slot = {}) {
        return loop.spawn(memory.take(size, limit), slot);
    }
};

TEST_F(PartMemory, GivesWhatThereIs) {
    {
        auto buffer = loop.get(memory.take(60, {}));
        ASSERT_EQ(buffer.room().size(), 60u);
        std::ranges::copy(std::string_view("hello"), buffer.room().begin());
        const auto bytes = std::move(buffer).share(5);
        EXPECT_FALSE(buffer);
        EXPECT_EQ(bytes.view(), "hello");
        EXPECT_EQ(memory.in_use(), 60u);
        EXPECT_EQ(told, 60);
    }
    EXPECT_EQ(memory.in_use(), 0u);
    EXPECT_EQ(told, 0);
}

TEST_F(PartMemory, ComesInTheOrderOfAsking) {
    auto first = std::optional(loop.get(memory.take(90, {})));
    const auto large = ask(50), small = ask(10);
    loop.settle();
    EXPECT_FALSE(large->done()) << "there is too little";
    EXPECT_FALSE(small->done()) << "what is small must not overtake";
    first.reset();
    loop.until([&] { return large->done() && small->done(); });
    EXPECT_EQ(memory.in_use(), 60u);
}

TEST_F(PartMemory, GivesMoreThanThereEverIsToWhoIsAlone) {
    auto small = std::optional(loop.get(memory.take(1, {})));
    const auto huge = ask(1000);
    loop.settle();
    EXPECT_FALSE(huge->done());
    small.reset();
    loop.until([&] { return huge->done(); });
    EXPECT_EQ(huge->value->room().size(), 1000u);
    EXPECT_FALSE(ask(1)->done());
}

TEST_F(PartMemory, IsNotWaitedForBeyondTheDeadline) {
    const auto all = loop.get(memory.take(100, {}));
    const auto waiting = ask(10, deadline::after(5s, time.steady()));
    loop.until([&] { return time.sleepers() > 0; });
    time.advance(5s);
    loop.until([&] { return waiting->done(); });
    EXPECT_EQ(waiting->code(), infra::errc::overloaded);
    EXPECT_NE(waiting->what().find("storage_options::max_buffered"), std::string::npos);
    EXPECT_EQ(memory.waiting(), 0u);
}

TEST_F(PartMemory, IsLeftToTheNextByWhoIsCancelled) {
    auto all = std::optional(loop.get(memory.take(100, {})));
    asio::cancellation_signal stop;
    const auto leaving = ask(100, {}, stop.slot()), next = ask(100);
    loop.settle();
    loop.cancel(stop);
    loop.until([&] { return leaving->done(); });
    EXPECT_EQ(memory.waiting(), 1u);
    all.reset();
    loop.until([&] { return next->done(); });
    EXPECT_TRUE(next->value);
}

TEST_F(PartMemory, IsNotLostWithWhoIsCancelledOnceItWasHis) {
    auto all = std::optional(loop.get(memory.take(100, {})));
    asio::cancellation_signal stop;
    const auto leaving = ask(100, {}, stop.slot());
    loop.settle();
    asio::post(loop.io, [&] {
        all.reset();
        stop.emit(asio::cancellation_type::terminal);
    });
    loop.until([&] { return leaving->done(); });
    leaving->value.reset();
    EXPECT_EQ(memory.in_use(), 0u);
    EXPECT_EQ(loop.get(memory.take(100, {})).room().size(), 100u);
}

TEST_F(PartMemory, IsUsedAgainWhileOthersAreInUse) {
    const auto held = loop.get(memory.take(40, {}));
    const char* where = nullptr;
    {
        const auto buffer = loop.get(memory.take(40, {}));
        where = buffer.room().data();
    }
    EXPECT_EQ(loop.get(memory.take(40, {})).room().data(), where);
}

TEST_F(PartMemory, CountsWhatOthersHold) {
    auto mine = std::optional(loop.get(memory.reserve(80, {})));
    EXPECT_EQ(memory.in_use(), 80u);
    const auto waiting = ask(30);
    loop.settle();
    EXPECT_FALSE(waiting->done());
    mine.reset();
    loop.until([&] { return waiting->done(); });
}

TEST(PartMemoryOfManyThreads, IsNeverMoreThanThereIs) {
    std::atomic<std::ptrdiff_t> now{0}, most{0};
    part_memory memory(10, real_clock(), [&](std::ptrdiff_t more) {
        const auto here = now += more;
        if (here > most)
            most = here;
    });
    event_loops loops(4);
    loops.start();
    const auto work = [&memory](std::size_t size) -> awaitable<void> {
        for (int i = 0; i < 300; ++i) {
            auto buffer = co_await memory.take(size, {});
            std::ranges::fill(buffer.room(), 'x');
        }
    };
    std::vector<std::future<void>> all;
    for (std::size_t i = 0; i < 16; ++i)
        all.push_back(asio::co_spawn(loops.next().get_executor(), work(1 + i % 5), asio::use_future));
    for (auto& each : all)
        each.get();
    EXPECT_LE(most, 10);
    EXPECT_EQ(now, 0);
    EXPECT_EQ(memory.in_use(), 0u);
}

} // namespace
} // namespace infra::storage
