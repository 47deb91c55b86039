#include "../src/flights.hpp"

#include "support.hpp"

#include <infra/runtime/event_loop.hpp>

#include <boost/asio/use_future.hpp>

namespace infra::cache::tests {
namespace {

using heard = std::shared_ptr<const flight_result>;

class CacheFlights : public ::testing::Test {
protected:
    static awaitable<heard> sit(flights::seat mine) { co_return co_await mine.wait(); }

    /// Waits, and keeps the seat in `kept` if it is to lead.
    static awaitable<heard> sit_and_lead(flights::seat mine, std::optional<flights::seat>* kept) {
        auto result = co_await mine.wait();
        if (mine.leads())
            kept->emplace(std::move(mine));
        co_return result;
    }

    flights::seat join() { return flying->join("key", loop.get_executor()); }

    test_loop loop;
    std::shared_ptr<flights> flying = std::make_shared<flights>();
};

TEST_F(CacheFlights, TheFirstLeadsAndTellsTheOthers) {
    auto leader = join();
    ASSERT_TRUE(leader.leads());
    const auto a = loop.start(sit(join()));
    const auto b = loop.start(sit(join()));
    loop.settle();
    EXPECT_FALSE(a->ended || b->ended);
    leader.finish({.value = payload{"7"}});
    loop.settle();
    ASSERT_TRUE(a->ended && b->ended);
    EXPECT_EQ((*a->value)->value->bytes, "7");
    EXPECT_EQ(*a->value, *b->value);
    EXPECT_EQ(flying->size(), 0U);
}

TEST_F(CacheFlights, EachKeyFliesAlone) {
    const auto one = join();
    EXPECT_FALSE(flying->try_lead("key"));
    EXPECT_TRUE(flying->try_lead("other"));
}

TEST_F(CacheFlights, ALeaderThatLeavesHandsTheLeadOn) {
    std::optional<flights::seat> leader(join());
    std::optional<flights::seat> next;
    const auto a = loop.start(sit_and_lead(join(), &next));
    const auto b = loop.start(sit(join()));
    loop.settle();
    leader.reset();
    loop.settle();
    ASSERT_TRUE(next && next->leads()) << "the one who has waited longest";
    EXPECT_FALSE(b->ended);
    next->finish({.value = payload{"1"}});
    loop.settle();
    EXPECT_TRUE(b->ended);
}

TEST_F(CacheFlights, AWaiterThatLeavesIsNotMissed) {
    auto leader = join();
    const auto a = loop.start(sit(join()));
    const auto b = loop.start(sit(join()));
    loop.settle();
    loop.cancel(a);
    loop.settle();
    EXPECT_EQ(code_of(a->failure), asio::error::operation_aborted);
    leader.finish({});
    loop.settle();
    EXPECT_TRUE(b->ended);
    EXPECT_EQ(flying->size(), 0U);
}

// Told to lead and cancelled in the same turn: it never hears of it, and yet the lead must go on.
TEST_F(CacheFlights, AnHeirThatLeavesAtThatMomentHandsOnToo) {
    std::optional<flights::seat> leader(join());
    std::optional<flights::seat> next;
    const auto a = loop.start(sit(join()));
    const auto b = loop.start(sit_and_lead(join(), &next));
    loop.settle();
    asio::post(loop.io, [a] { a->cancel.emit(asio::cancellation_type::terminal); });
    leader.reset();
    loop.settle();
    ASSERT_TRUE(a->ended);
    if (!next) { // `a` heard it before it was cancelled, and dropped its seat at its end
        loop.settle();
    }
    ASSERT_TRUE(next && next->leads());
    next.reset();
    EXPECT_EQ(flying->size(), 0U);
}

TEST_F(CacheFlights, OneWhoWasToldAndLeftDisturbsNoLaterFlight) {
    auto leader = join();
    std::optional<flights::seat> told(join());
    leader.finish({});
    auto later = join();
    ASSERT_TRUE(later.leads());
    told.reset();
    EXPECT_FALSE(join().leads());
    later.finish({});
}

TEST_F(CacheFlights, ALoopThatEndsLeavesTheLeadToOthers) {
    std::optional<flights::seat> next;
    auto ends = std::make_unique<asio::io_context>(1);
    auto holds = [](flights::seat mine) -> awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
        co_await timer.async_wait(asio::use_awaitable);
        mine.finish({});
    };
    asio::co_spawn(*ends, holds(flying->join("key", ends->get_executor())), asio::detached);
    ends->poll();
    const auto waits = loop.start(sit_and_lead(join(), &next));
    loop.settle();
    ends.reset();
    loop.settle();
    EXPECT_TRUE(next && next->leads());
}

TEST_F(CacheFlights, LeadersOnManyThreadsAreNeverTwo) {
    event_loops loops(3);
    loops.start();
    std::atomic<int> leading{0}, led{0};
    auto one = [&](executor ex) -> awaitable<void> {
        for (int i = 0; i < 300; ++i) {
            auto mine = flying->join("key", ex);
            while (!mine.leads() && !co_await mine.wait()) {
            }
            if (!mine.leads())
                continue;
            EXPECT_EQ(leading.fetch_add(1), 0);
            ++led;
            co_await asio::post(ex, asio::use_awaitable);
            leading.fetch_sub(1);
            if (i % 3 != 0) // otherwise it leaves, and another goes on
                mine.finish({});
        }
    };
    std::vector<std::future<void>> ends;
    for (int i = 0; i < 12; ++i) {
        const auto ex = loops.next().get_executor();
        ends.push_back(asio::co_spawn(ex, one(ex), asio::use_future));
    }
    for (auto& each : ends)
        each.get();
    EXPECT_GT(led, 0);
    EXPECT_EQ(flying->size(), 0U);
    loops.stop();
}

} // namespace
} // namespace infra::cache::tests
