#include "src/core.hpp"

#include "tests/fake_bucket.hpp"
#include "tests/support.hpp"

#include <infra/testing/test_loop.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

const storage_error down{infra::errc::unavailable, "no connection", {.retryable = true}};
const storage_error lost{infra::errc::unavailable, "the answer was lost", {.retryable = true, .uncertain = true}};
const storage_error slow{errc::throttled, "SlowDown", {.status = 503, .retryable = true}};
const storage_error denied{errc::denied, "not allowed", {.status = 403}};

struct StorageRequests : ::testing::Test {
    manual_clock time;
    std::shared_ptr<fake_bucket> to = std::make_shared<fake_bucket>(time);
    storage_options options{.bucket = to, .pause = {.delay = 100ms}, .time = &time};
    testing::test_loop loop;

    core_ptr made() const { return std::make_shared<const core>(options); }

    static awaitable<object_info> head(core_ptr from, request_kind how, deadline limit) {
        const asking<object_info> once = [from](attempt a) { return from->to().head("a", {}, a.limit); };
        co_return co_await from->calls.run<object_info>(std::move(how), once, limit);
    }
    static awaitable<object_info> head(core_ptr from, deadline limit = {}) {
        return head(std::move(from), {.op = "head", .key = "a"}, limit);
    }

    std::optional<storage_error> refusal(request_kind how = {.op = "head", .key = "a"}, deadline limit = {}) {
        return refusal_of([&] { run_on(time, head(made(), std::move(how), limit)); });
    }

    std::vector<milliseconds> times() const {
        std::vector<milliseconds> all;
        const auto calls = to->calls();
        for (const auto& each : calls)
            all.push_back(std::chrono::duration_cast<milliseconds>(each.at - calls.at(0).at));
        return all;
    }
};

TEST_F(StorageRequests, AreMadeAgainAfterWhatPasses) {
    to->store("a", "x");
    to->fail("head", down);
    to->fail("head", slow);
    EXPECT_EQ(run_on(time, head(made())).size, 1u);
    EXPECT_EQ(times(), (std::vector<milliseconds>{0ms, 100ms, 200ms}));
}

TEST_F(StorageRequests, EndWithTheLastFailureAndHowOftenTheyWereMade) {
    options.attempts = 3;
    to->fail("head", down);
    to->fail("head", lost);
    to->fail("head", slow);
    const auto e = refusal();
    ASSERT_TRUE(e);
    EXPECT_EQ(e->code(), errc::throttled);
    EXPECT_STREQ(e->what(), "SlowDown; tried 3 times");
    EXPECT_EQ(e->status(), 503);
    EXPECT_TRUE(e->uncertain()); // as one of them was
    EXPECT_EQ(to->count("head"), 3u);
}

TEST_F(StorageRequests, AreNotMadeAgainWhereThatHelpsNobody) {
    to->fail("head", denied);
    EXPECT_STREQ(refusal()->what(), "not allowed");
    to->fail("head", lost);
    EXPECT_STREQ(refusal({.op = "head", .key = "a", .idempotent = false})->what(),
                 "the answer was lost; not tried again: it may have been done, and may not be done twice");
    to->can.remote = false;
    to->fail("head", down);
    EXPECT_STREQ(refusal()->what(), "no connection");
    EXPECT_EQ(to->count("head"), 3u);
}

TEST_F(StorageRequests, KnowThatTheyMayHaveBeenDone) {
    to->fail("head", lost);
    to->store("a", "x");
    std::vector<std::pair<int, bool>> asked;
    const auto from = made();
    const asking<object_info> once = [&](attempt a) {
        asked.emplace_back(a.number, a.maybe_done);
        return to->head("a", {}, a.limit);
    };
    run_on(time, from->calls.run<object_info>({.op = "head"}, once, {}));
    EXPECT_EQ(asked, (std::vector<std::pair<int, bool>>{{1, false}, {2, true}}));
}

TEST_F(StorageRequests, HaveATimeForEachAttempt) {
    to->store("a", "x");
    to->hang("head");
    const auto began = time.steady();
    run_on(time, head(made()));
    EXPECT_EQ(times(), (std::vector<milliseconds>{0ms, 15'100ms}));
    EXPECT_EQ(to->calls()[0].limit.time(), began + 15s - 250ms) << "told a little before it is ended";
}

TEST_F(StorageRequests, HaveMoreTimeForMoreBytes) {
    to->store("a", "x");
    const auto began = time.steady();
    run_on(time, head(made(), {.op = "head", .body = 64 << 20}, {}));
    EXPECT_EQ(to->calls()[0].limit.time(), began + 15s + 1024s - 250ms);
    run_on(time, head(made(), {.op = "head", .time = 60s}, {}));
    EXPECT_EQ(to->calls()[1].limit.time(), time.steady() + 60s - 250ms);
}

TEST_F(StorageRequests, EndAtTheirDeadlineWhateverTheBucketDoes) {
    for (int i = 0; i < 5; ++i)
        to->hang("head");
    const auto began = time.steady();
    const auto e = refusal({.op = "head", .key = "a"}, deadline::after(20s, began));
    ASSERT_TRUE(e);
    EXPECT_EQ(e->code(), infra::errc::timed_out);
    EXPECT_STREQ(e->what(), "head a: fake: did not answer in time; tried 2 times; not tried again: the deadline comes "
                            "before the next attempt");
    EXPECT_TRUE(e->uncertain());
    EXPECT_EQ(time.steady() - began, 20s);
    EXPECT_EQ(to->running(), 0);
}

TEST_F(StorageRequests, AreNotMadeAfterTheirDeadline) {
    const auto e = refusal({.op = "head", .key = "a"}, deadline(time.steady()));
    ASSERT_TRUE(e);
    EXPECT_EQ(e->code(), infra::errc::timed_out);
    EXPECT_FALSE(e->uncertain());
    EXPECT_EQ(to->count("head"), 0u);
}

TEST_F(StorageRequests, PassOnWhatIsNoneOfOurs) {
    const auto from = made();
    const asking<object_info> once = [](attempt) -> awaitable<object_info> {
        throw std::out_of_range("mine");
        co_return object_info();
    };
    EXPECT_THROW(run_on(time, from->calls.run<object_info>({.op = "put"}, once, {})), std::out_of_range);
}

TEST_F(StorageRequests, SpendABudgetOnWhatTheyAreMadeOnceMore) {
    options.retry_budget = 3;
    const auto from = made();
    const auto ask = [&] { return refusal_of([&] { run_on(time, head(from)); }); };
    for (int i = 0; i < 20; ++i)
        to->fail("head", down);
    EXPECT_STREQ(ask()->what(), "no connection; tried 4 times; not tried again: too many requests have failed of late "
                                "(storage_options::retry_budget)");
    EXPECT_EQ(to->count("head"), 4u);
    EXPECT_TRUE(ask());
    EXPECT_EQ(to->count("head"), 5u) << "the first attempt alone";
}

// --- In turn ----------------------------------------------------------------------------------------------------

TEST_F(StorageRequests, AreAsManyAtOnceAsAllowedInTheOrderOfTheirComing) {
    options.max_requests = 2;
    const auto from = made();
    std::vector<int> order;
    std::vector<asking<void>> asked;
    for (int i = 0; i < 6; ++i)
        asked.push_back([this, &order, i](attempt) -> awaitable<void> {
            order.push_back(i);
            co_await time.sleep_for(1s);
        });
    std::vector<std::shared_ptr<testing::outcome<bool>>> all;
    for (const auto& each : asked)
        all.push_back(loop.spawn(from->calls.run<void>({.op = "put"}, each, {})));
    loop.settle();
    EXPECT_EQ(order, (std::vector<int>{0, 1}));
    EXPECT_EQ(from->calls.in_turn().in_flight(), 2u);
    time.advance(1s);
    loop.settle();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
    time.advance(1s);
    loop.settle();
    time.advance(1s);
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(from->calls.in_turn().in_flight(), 0u);
}

TEST_F(StorageRequests, WaitNoLongerForTheirTurnThanForAnAnswer) {
    options.max_requests = 1;
    to->hang("head");
    const auto from = made();
    const auto first = loop.spawn(head(from, {.op = "head", .time = 1h}, {}));
    const auto second = loop.spawn(head(from));
    loop.settle();
    time.advance(60s);
    loop.until([&] { return second->done(); });
    EXPECT_EQ(second->code(), infra::errc::overloaded);
    EXPECT_NE(second->what().find("storage_options::max_requests"), std::string::npos);
    EXPECT_FALSE(first->done());
}

TEST_F(StorageRequests, AreFewerWhileTheStoreAsksForPatience) {
    options.max_requests = 8;
    const auto from = made();
    to->store("a", "x");
    to->fail("head", slow);
    run_on(time, head(from));
    EXPECT_EQ(from->calls.in_turn().limit(), 4u);
    for (int i = 0; i < 3; ++i)
        run_on(time, head(from));
    EXPECT_EQ(from->calls.in_turn().limit(), 5u);
}

TEST_F(StorageRequests, LeaveNothingRunningWhenCancelledAnywhere) {
    options.max_requests = 1;
    to->store("a", "x");
    const auto from = made();
    struct place {
        const char* what;
        std::function<void()> prepare;
    };
    const place places[] = {{"in the store", [&] { to->hang("head"); }},
                            {"in the pause", [&] { to->fail("head", down); }}};
    for (const auto& each : places) {
        asio::cancellation_signal signal;
        each.prepare();
        const auto one = loop.spawn(head(from), signal.slot());
        loop.settle();
        ASSERT_FALSE(one->done()) << each.what;
        loop.cancel(signal);
        loop.until([&] { return one->done(); });
        EXPECT_EQ(one->code(), asio::error::operation_aborted) << each.what;
        EXPECT_EQ(to->running(), 0) << each.what;
        EXPECT_EQ(from->calls.in_turn().in_flight(), 0u) << each.what;
    }
}

TEST_F(StorageRequests, GiveTheirPlaceInTheLineUpWhenCancelled) {
    options.max_requests = 1;
    to->store("a", "x");
    to->hang("head");
    const auto from = made();
    asio::cancellation_signal ends_first, ends_second;
    const auto first = loop.spawn(head(from), ends_first.slot());
    const auto second = loop.spawn(head(from), ends_second.slot());
    const auto third = loop.spawn(head(from));
    loop.settle();
    loop.cancel(ends_second);
    loop.until([&] { return second->done(); });
    loop.cancel(ends_first);
    loop.until([&] { return third->done(); });
    EXPECT_TRUE(third->value);
    EXPECT_EQ(from->calls.in_turn().in_flight(), 0u);
}

TEST_F(StorageRequests, GiveTheirPlaceUpWithTheirLoop) {
    options.max_requests = 1;
    to->store("a", "x");
    const auto from = made();
    std::shared_ptr<testing::outcome<object_info>> third;
    {
        testing::test_loop ends;
        to->hang("head");
        const auto first = ends.spawn(head(from));
        const auto second = ends.spawn(head(from));
        ends.settle();
        third = loop.spawn(head(from));
        loop.settle();
        EXPECT_FALSE(first->done() || second->done() || third->done());
    }
    loop.until([&] { return third->done(); });
    EXPECT_TRUE(third->value);
    EXPECT_EQ(from->calls.in_turn().in_flight(), 0u);
}

TEST_F(StorageRequests, KeepTheirBoundOverManyThreads) {
    options.max_requests = 3;
    options.time = &real_clock();
    const auto from = made();
    std::atomic<int> now = 0, most = 0, done = 0;
    const asking<void> once = [&](attempt) -> awaitable<void> {
        const int mine = ++now;
        for (int seen = most; seen < mine && !most.compare_exchange_weak(seen, mine);) {
        }
        co_await asio::post(asio::use_awaitable);
        --now;
        ++done;
    };
    const auto many = [&]() -> awaitable<void> {
        for (int i = 0; i < 200; ++i)
            co_await from->calls.run<void>({.op = "put"}, once, {});
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            asio::io_context io{1};
            for (int j = 0; j < 4; ++j)
                asio::co_spawn(with_context(io.get_executor()), many(), asio::detached);
            io.run();
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(done, 3200);
    EXPECT_LE(most, 3);
    EXPECT_EQ(from->calls.in_turn().in_flight(), 0u);
}

} // namespace
} // namespace infra::storage
