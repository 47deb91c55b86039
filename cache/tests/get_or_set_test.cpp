#include "get_or_set_fixture.hpp"

#include "../src/core.hpp"

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/use_future.hpp>

#include <set>
#include <thread>

namespace infra::cache::tests {
namespace {

class CacheGetOrSet : public GetOrSet {};

TEST_F(CacheGetOrSet, LoadsOnceUntilTheTtlIsOver) {
    EXPECT_EQ(get({.ttl = 1s}), 1);
    origin.next = 2;
    EXPECT_EQ(get({.ttl = 1s}), 1);
    EXPECT_EQ(origin.started, 1);
    time.advance(1s);
    EXPECT_EQ(get({.ttl = 1s}), 2);
}

TEST_F(CacheGetOrSet, TakesPlainFunctionsAndOptionals) {
    EXPECT_EQ(loop.await(subject.get_or_set("a", 1s, [] { return std::string("text"); })), "text");
    EXPECT_EQ(loop.await(subject.get_or_set("b", 1s, [] { return std::optional(5); })), 5);
    EXPECT_EQ(subject.try_get<int>("b"), 5);
    EXPECT_EQ(loop.await(subject.get_or_set("c", 1s, [] { return std::optional<int>(); })), std::nullopt);
}

TEST_F(CacheGetOrSet, TenThousandAtOnceMakeOneLoad) {
    origin.held = true;
    std::vector<decltype(start({}))> all;
    for (int i = 0; i < 10'000; ++i)
        all.push_back(start({.ttl = 1s}));
    loop.settle();
    EXPECT_EQ(origin.started, 1);
    origin.let_go();
    ASSERT_TRUE(loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->ended; }); }));
    for (const auto& each : all)
        ASSERT_EQ(each->value, 1);
    EXPECT_EQ(origin.started, 1);
}

TEST_F(CacheGetOrSet, TenThousandOnManyThreadsMakeOneLoad) {
    event_loops loops(4);
    loops.start();
    const cache shared(make_memory_store());
    std::atomic<int> loads{0};
    auto slow = [&loads]() -> awaitable<int> {
        ++loads;
        asio::steady_timer timer(co_await asio::this_coro::executor, 20ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return 7;
    };
    std::vector<std::future<int>> all;
    for (int i = 0; i < 10'000; ++i)
        all.push_back(
            asio::co_spawn(loops.next().get_executor(), shared.get_or_set("key", 1h, slow), asio::use_future));
    for (auto& each : all)
        ASSERT_EQ(each.get(), 7);
    EXPECT_EQ(loads, 1);
    loops.stop();
}

TEST_F(CacheGetOrSet, SharesTheFailureAndKeepsNothingOfIt) {
    origin.held = origin.fails = true;
    const auto a = start({.ttl = 1s}), b = start({.ttl = 1s});
    loop.settle();
    origin.let_go();
    loop.settle();
    ASSERT_TRUE(a->ended && b->ended);
    EXPECT_EQ(describe(a->failure), "the database is down");
    EXPECT_EQ(describe(b->failure), "the database is down");
    EXPECT_EQ(origin.started, 1);
    origin.fails = false;
    EXPECT_EQ(get({.ttl = 1s}), 1);
}

TEST_F(CacheGetOrSet, ACancelledLeaderHandsOverToTheNext) {
    origin.held = true;
    const auto leader = start({.ttl = 1s}), heir = start({.ttl = 1s}), third = start({.ttl = 1s});
    loop.settle();
    ASSERT_EQ(origin.started, 1);
    loop.cancel(leader);
    loop.settle();
    EXPECT_EQ(code_of(leader->failure), asio::error::operation_aborted);
    EXPECT_EQ(origin.cancelled, 1);
    EXPECT_EQ(origin.started, 2) << "the heir began with its own loader";
    origin.let_go();
    loop.settle();
    EXPECT_EQ(heir->value, 1);
    EXPECT_EQ(third->value, 1);
    EXPECT_EQ(origin.started, 2);
}

TEST_F(CacheGetOrSet, ACancelledWaiterDisturbsNobody) {
    origin.held = true;
    const auto leader = start({.ttl = 1s}), waiter = start({.ttl = 1s});
    loop.settle();
    loop.cancel(waiter);
    loop.settle();
    EXPECT_EQ(code_of(waiter->failure), asio::error::operation_aborted);
    origin.let_go();
    loop.settle();
    EXPECT_EQ(leader->value, 1);
    EXPECT_EQ(origin.started, 1);
}

TEST_F(CacheGetOrSet, RemembersAnAbsenceOnlyIfTold) {
    int loads = 0;
    auto nothing = [&loads]() -> std::optional<int> { return ++loads, std::nullopt; };
    loop.await(subject.get_or_set("a", 1s, nothing));
    loop.await(subject.get_or_set("a", 1s, nothing));
    EXPECT_EQ(loads, 2);
    const load_options o{.ttl = 1h, .grace = 1h, .none_ttl = 100ms};
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(loop.await(subject.get_or_set("b", o, nothing)), std::nullopt);
    EXPECT_EQ(loads, 3);
    EXPECT_EQ(loop.await(subject.get<int>("b")), std::nullopt);
    EXPECT_FALSE(loop.await(subject.exists("b")));
    EXPECT_EQ(loop.await(subject.ttl("b")), std::nullopt);
    EXPECT_EQ(loop.await(subject.get_or_set("b", 1s, [] { return 5; })), 5) << "one whose type knows no nothing loads";
    time.advance(1h);
    loop.await(subject.get_or_set("b", o, nothing));
    EXPECT_EQ(loads, 4);
}

TEST_F(CacheGetOrSet, ATagThatIsMadeVoidWhileItLoadsMakesTheResultVoid) {
    origin.held = true;
    const auto first = start({.ttl = 1h, .tags = "t"});
    loop.settle();
    loop.await(subject.invalidate_tag("t"));
    origin.let_go();
    loop.settle();
    EXPECT_EQ(first->value, 1);
    EXPECT_FALSE(loop.await(subject.exists("key")));
}

TEST_F(CacheGetOrSet, AFlushWhileItLoadsMakesTheResultVoid) {
    origin.held = true;
    const auto first = start({.ttl = 1h});
    loop.settle();
    loop.await(subject.flush());
    origin.let_go();
    loop.settle();
    EXPECT_EQ(first->value, 1);
    EXPECT_FALSE(loop.await(subject.exists("key")));
}

TEST_F(CacheGetOrSet, WhatCannotBeStoredIsTheCallersAnyway) {
    const auto huge = loop.await(subject.get_or_set("huge", 1s, [] { return std::string(800'000, 'x'); }));
    EXPECT_EQ(huge.size(), 800'000U);
    EXPECT_FALSE(loop.await(subject.exists("huge")));
}

TEST_F(CacheGetOrSet, AValueOfAnotherTypeIsAnErrorNotALoad) {
    loop.await(subject.set("key", "text"));
    EXPECT_EQ(loop.code_of(ask({.ttl = 1s})), errc::wrong_type);
    EXPECT_EQ(origin.started, 0);
}

TEST_F(CacheGetOrSet, RefreshesAreBounded) {
    const cache bounded(make_memory_store({}, time), {.max_refreshes = 1}, time);
    const load_options o{.ttl = 1s, .stale = 1h};
    const auto ask_for = [&](const char* key) { return loop.await(bounded.get_or_set(key, o, origin.loader())); };
    ask_for("a"), ask_for("b");
    time.advance(2s);
    origin.held = true;
    ask_for("a"), ask_for("b");
    loop.settle();
    EXPECT_EQ(origin.started, 3) << "that of b was not begun";
    origin.let_go();
    loop.settle();
    ask_for("b");
    loop.settle();
    EXPECT_EQ(origin.started, 4) << "and the next reader tried again";
}

TEST_F(CacheGetOrSet, StopCancelsARefreshThatDoesNotEnd) {
    const load_options o{.ttl = 1s, .stale = 1h};
    get(o);
    time.advance(2s);
    origin.held = true;
    get(o);
    loop.settle();
    const auto stopped = loop.start(subject.stop(deadline::after(1s, time.steady())));
    loop.settle();
    EXPECT_FALSE(stopped->ended);
    time.advance(1s);
    ASSERT_TRUE(loop.until([&] { return stopped->ended; }));
    EXPECT_EQ(describe(stopped->failure), "");
    EXPECT_EQ(origin.cancelled, 1);
}

TEST_F(CacheGetOrSet, PassesOnWhateverALoaderThrows) {
    auto odd = []() -> awaitable<int> {
        throw 5;
        co_return 0;
    };
    auto early = []() -> awaitable<int> { throw std::runtime_error("before there was a coroutine"); };
    auto plain = []() -> int { throw std::runtime_error("plain"); };
    EXPECT_THROW(loop.await(subject.get_or_set("a", 1s, odd)), int);
    EXPECT_THROW(loop.await(subject.get_or_set("a", 1s, early)), std::runtime_error);
    EXPECT_THROW(loop.await(subject.get_or_set("a", 1s, plain)), std::runtime_error);
    EXPECT_EQ(loop.await(subject.get_or_set("a", 1s, [] { return 1; })), 1) << "and the next one loads";
}

TEST_F(CacheGetOrSet, AnAbsenceEndsAtItsOwnTimeWhateverTheOptionsSayOfValues) {
    int loads = 0;
    auto nothing = [&loads]() -> std::optional<int> { return ++loads, std::nullopt; };
    const auto ask_for = [&](const char* key, load_options o) {
        return loop.await(subject.get_or_set(key, std::move(o), nothing));
    };
    const load_options every{
        .ttl = 1h, .tags = "t", .stale = 1h, .grace = 1h, .eager = 0.1, .jitter = 0.0, .none_ttl = 100ms};
    ask_for("a", every);
    time.advance(99ms);
    ask_for("a", every);
    loop.settle();
    EXPECT_EQ(loads, 1) << "not refreshed early";
    time.advance(1ms);
    ask_for("a", every);
    EXPECT_EQ(loads, 2) << "neither stale nor in a grace";
    loop.await(subject.invalidate_tag("t"));
    ask_for("a", every);
    EXPECT_EQ(loads, 3);
    loop.await(subject.set("a", 5));
    EXPECT_EQ(ask_for("a", every), 5);
}

TEST_F(CacheGetOrSet, BeginsNoRefreshAfterStop) {
    const load_options o{.ttl = 1s, .stale = 1h, .grace = 1h, .soft_timeout = 100ms};
    get(o);
    time.advance(2s);
    loop.await(subject.stop(deadline::after(1s, time.steady())));
    EXPECT_EQ(loop.code_of(ask(o)), infra::errc::closed);
    loop.settle();
    EXPECT_EQ(origin.started, 1);
}

TEST_F(CacheGetOrSet, ChecksItsOptions) {
    EXPECT_THROW(loop.await(ask({.eager = 2})), std::invalid_argument);
    EXPECT_EQ(origin.started, 0);
}

} // namespace
} // namespace infra::cache::tests
