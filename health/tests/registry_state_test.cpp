#include "support.hpp"

#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>

#include <barrier>
#include <stdexcept>
#include <string>
#include <thread>

namespace infra::health {
namespace {

using namespace std::chrono_literals;

// --- What a report says ---

TEST(HealthRun, IsHealthyWithoutChecks) {
    world w;
    const auto report = w.report();
    EXPECT_EQ(report.status, health_status::healthy);
    EXPECT_TRUE(report.checks.empty());
}

TEST(HealthRun, TakesPlainFunctionsAndCoroutinesWithAndWithoutAResult) {
    world w;
    w.checks.add("plain", [] { return degraded("slow"); });
    w.checks.add("void", [] {});
    w.checks.add("coroutine", []() -> awaitable<check_result> { co_return unhealthy("down"); });
    w.checks.add("void coroutine", []() -> awaitable<void> { co_return; });
    const auto report = w.report();
    EXPECT_EQ(report.status, health_status::unhealthy);
    EXPECT_EQ(report.checks.at("plain").status, health_status::degraded);
    EXPECT_EQ(report.checks.at("plain").message, "slow");
    EXPECT_EQ(report.checks.at("void").status, health_status::healthy);
    EXPECT_EQ(report.checks.at("coroutine").message, "down");
    EXPECT_EQ(report.checks.at("void coroutine").status, health_status::healthy);
}

TEST(HealthRun, KeepsTheOrderOfRegistrationAndThePlaceOfAReplacedCheck) {
    world w;
    for (const auto* name : {"zebra", "ant", "mole"})
        w.checks.add(name, [] {});
    w.checks.add("ant", [] { return degraded("new"); });
    const auto report = w.report();
    EXPECT_EQ(names(report), "zebra ant mole ");
    EXPECT_EQ(report.checks.at("ant").message, "new");
}

TEST(HealthRun, CountsWhateverIsThrownAsUnhealthy) {
    world w;
    w.checks.add("exception", []() -> check_result { throw std::runtime_error("no answer"); });
    w.checks.add("int", [] { throw 42; });
    w.checks.add("coroutine", []() -> awaitable<void> {
        throw 42;
        co_return;
    });
    const auto report = w.report();
    for (const auto& [name, check] : report.checks)
        EXPECT_EQ(check.status, health_status::unhealthy) << name;
    EXPECT_EQ(report.checks.at("exception").message, "no answer");
    EXPECT_NE(report.checks.at("int").message, "");
    EXPECT_EQ(report.http_status(), 503);
}

TEST(HealthRun, IsOnlyDegradedByWhatIsNotCritical) {
    world w;
    w.checks.add("throws", [] { throw 42; }, {.critical = false});
    w.checks.add("says so", [] { return unhealthy("down"); }, {.critical = false});
    const auto report = w.report();
    EXPECT_EQ(report.checks.at("throws").status, health_status::degraded);
    EXPECT_EQ(report.checks.at("says so").status, health_status::degraded);
    EXPECT_EQ(report.status, health_status::degraded);
    EXPECT_EQ(report.http_status(), 200);
}

TEST(HealthRun, ShowsNoSecrets) {
    world w;
    w.checks.add("db", [] { throw std::runtime_error("no answer from postgres://shop:hunter2@db:5432/shop"); });
    w.checks.add("cache", []() -> awaitable<check_result> {
        co_return check_result{.message = "password=hunter2", .details = {{"url", "redis://:hunter2@cache"}}};
    });
    EXPECT_EQ(json::to_text(w.report().to_json()).find("hunter2"), std::string::npos);
}

TEST(HealthRun, MeasuresLatencyTimestampAndUptimeByItsClock) {
    world w;
    w.checks.add("slow", [&w]() -> awaitable<void> { co_await w.time.sleep_for(250ms); });
    w.time.advance(90s);
    const auto asked = w.ask();
    w.advance(250ms);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->checks.at("slow").latency, 250ms);
    EXPECT_EQ(asked->report->timestamp, w.time.wall());
    EXPECT_EQ(asked->report->uptime, 90'250ms);
    EXPECT_FALSE(asked->report->partial);
}

// --- Parallel, with deadlines ---

TEST(HealthRun, RunsPlainChecksAtOnce) {
    world w;
    const auto both = std::make_shared<std::barrier<>>(2); // neither passes alone
    w.checks.add("one", [both] { both->arrive_and_wait(); });
    w.checks.add("two", [both] { both->arrive_and_wait(); });
    EXPECT_EQ(w.report().status, health_status::healthy);
}

TEST(HealthRun, RunsCoroutineChecksAtOnce) {
    world w;
    for (const auto* name : {"one", "two", "three"})
        w.checks.add(name, [&w]() -> awaitable<void> { co_await w.time.sleep_for(300ms); });
    const auto asked = w.ask();
    w.advance(300ms);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->status, health_status::healthy);
}

TEST(HealthRun, DoesNotWaitForACheckPastItsTimeout) {
    world w;
    const gate blocked;
    w.checks.add("quick", []() -> awaitable<void> { co_return; });
    w.checks.add("blocked", [blocked] { blocked.enter(); }, {.timeout = 100ms});
    const auto asked = w.ask();
    blocked.wait_for_entry();
    w.advance(99ms);
    EXPECT_FALSE(asked->done());
    w.advance(1ms);
    ASSERT_TRUE(asked->report);
    const auto& line = asked->report->checks.at("blocked");
    EXPECT_EQ(line.status, health_status::unhealthy);
    EXPECT_EQ(line.message, "no answer within 100 ms");
    EXPECT_EQ(line.running_for, 100ms);
    EXPECT_EQ(asked->report->checks.at("quick").status, health_status::healthy);
    EXPECT_FALSE(asked->report->partial) << "every check was decided";
    blocked.open();
}

TEST(HealthRun, WaitsForTheSlowestTimeoutNotTheFirst) {
    world w;
    const gate blocked;
    w.checks.add("short", [blocked] { blocked.enter(); }, {.timeout = 100ms});
    w.checks.add("long", [&w]() -> awaitable<void> { co_await w.time.sleep_for(400ms); }, {.timeout = 500ms});
    const auto asked = w.ask();
    w.advance(100ms);
    EXPECT_FALSE(asked->done());
    w.advance(300ms);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->checks.at("long").status, health_status::healthy);
    EXPECT_EQ(asked->report->checks.at("short").status, health_status::unhealthy);
    blocked.open();
}

TEST(HealthRun, ReportsAStuckCheckWithItsAgeAndDoesNotStartItAgain) {
    world w;
    const gate blocked;
    w.checks.add("blocked", [blocked] { blocked.enter(); }, {.timeout = 100ms});
    (void)w.ask();
    blocked.wait_for_entry();
    w.advance(12'300ms);
    for (int again = 0; again < 3; ++again) {
        const auto asked = w.ask();
        ASSERT_TRUE(asked->report) << "at once";
        const auto& line = asked->report->checks.at("blocked");
        EXPECT_EQ(line.message, "stuck: has run for 12.3 s and is not started again until it returns");
        EXPECT_EQ(line.running_for, 12'300ms);
        EXPECT_EQ(line.status, health_status::unhealthy);
    }
    EXPECT_EQ(blocked.entries(), 1);
    blocked.open();
}

TEST(HealthRun, StartsAStuckCheckAgainOnceItHasReturned) {
    world w;
    const gate blocked;
    w.checks.add("blocked", [blocked] { blocked.enter(); }, {.timeout = 100ms});
    (void)w.ask();
    blocked.wait_for_entry();
    w.advance(1s);
    blocked.open();
    while (w.report().status != health_status::healthy) // stuck until its thread has come back
        std::this_thread::yield();
    EXPECT_EQ(blocked.entries(), 2);
}

TEST(HealthRun, IsHardAboutATimeoutEvenWhenTheAnswerComesBeforeTheReport) {
    world w;
    const gate late;
    const gate later;
    w.checks.add("late", [late] { late.enter(); }, {.timeout = 100ms});
    w.checks.add("later", [later] { later.enter(); });
    const auto asked = w.ask();
    late.wait_for_entry();
    w.time.advance(101ms);
    late.open();
    later.open();
    w.loop.run_until([&] { return asked->done(); });
    EXPECT_EQ(asked->report->checks.at("late").message, "no answer within 100 ms");
    EXPECT_EQ(asked->report->checks.at("later").status, health_status::healthy);
}

TEST(HealthRun, ReportsInPartWhenTheDeadlinePasses) {
    world w({.deadline = 800ms});
    const gate blocked;
    w.checks.add("slow", [blocked] { blocked.enter(); }, {.timeout = 5s});
    w.checks.add("optional", [&w]() -> awaitable<void> { co_await w.time.sleep_for(2s); }, {.critical = false});
    w.checks.add("quick", []() -> awaitable<void> { co_return; });
    const auto asked = w.ask();
    w.advance(799ms);
    EXPECT_FALSE(asked->done());
    w.advance(1ms);
    ASSERT_TRUE(asked->report);
    EXPECT_TRUE(asked->report->partial);
    EXPECT_EQ(asked->report->checks.at("slow").message,
              "no answer after 800 ms, when the report was due; it still runs");
    EXPECT_EQ(asked->report->checks.at("slow").status, health_status::unhealthy);
    EXPECT_EQ(asked->report->checks.at("optional").status, health_status::degraded);
    EXPECT_EQ(asked->report->checks.at("quick").status, health_status::healthy);
    blocked.open();
}

TEST(HealthRun, WaitsForACheckThatIsStillBusyFromTheRunBefore) {
    world w;
    int starts = 0;
    w.checks.add("slow", [&]() -> awaitable<void> {
        ++starts;
        co_await w.time.sleep_for(1200ms);
    });
    const auto first = w.ask();
    w.advance(800ms);
    ASSERT_TRUE(first->report);
    EXPECT_TRUE(first->report->partial);
    const auto second = w.ask();
    EXPECT_FALSE(second->done());
    w.advance(400ms);
    ASSERT_TRUE(second->report);
    EXPECT_EQ(second->report->status, health_status::healthy);
    EXPECT_EQ(second->report->checks.at("slow").latency, 1200ms);
    EXPECT_EQ(starts, 1);
}

TEST(HealthRun, CancelsACoroutineAtItsTimeout) {
    world w;
    bool cancelled = false;
    w.checks.add("sleeper",
                 [&]() -> awaitable<void> {
                     try {
                         co_await w.time.sleep_for(1h);
                     } catch (const boost::system::system_error&) {
                         cancelled = true;
                         throw;
                     }
                 },
                 {.timeout = 200ms});
    const auto asked = w.ask();
    w.advance(200ms);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->checks.at("sleeper").message, "no answer within 200 ms");
    EXPECT_TRUE(cancelled);
    EXPECT_FALSE(w.ask()->done()) << "it has ended, so it is started again";
}

TEST(HealthRun, ReportsACoroutineThatIgnoresCancellationAsStuck) {
    world w;
    int starts = 0;
    w.checks.add("deaf",
                 [&]() -> awaitable<void> {
                     ++starts;
                     co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
                     co_await w.time.sleep_for(1h);
                 },
                 {.timeout = 200ms});
    const auto first = w.ask();
    w.advance(200ms);
    ASSERT_TRUE(first->report);
    w.advance(300ms);
    const auto second = w.ask();
    ASSERT_TRUE(second->report);
    EXPECT_EQ(second->report->checks.at("deaf").running_for, 500ms);
    EXPECT_EQ(starts, 1);
}

TEST(HealthRun, AnswersAProbeOnAnotherLoopWhileTheLoopOfTheChecksHangs) {
    world w;
    w.checks.add("coroutine", []() -> awaitable<void> { co_return; });
    hand_loop other;
    const auto asked = ask(other, w.checks); // w.loop is never turned
    w.time.advance(800ms);
    other.poll();
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->status, health_status::unhealthy);
    EXPECT_TRUE(asked->report->partial);
}

TEST(HealthRun, SaysWhenThereIsNoThreadForACheck) {
    world w({.max_threads = 1});
    const gate blocked;
    for (const auto* name : {"runs", "waits", "refused"})
        w.checks.add(name, [blocked] { blocked.enter(); });
    const auto asked = w.ask();
    blocked.open();
    w.loop.run_until([&] { return asked->done(); });
    std::string refused;
    for (const auto& [name, check] : asked->report->checks)
        if (check.status == health_status::unhealthy)
            refused += name + ": " + check.message;
    EXPECT_EQ(refused, "refused: not started: the threads for checks are all taken");
}

// --- Many probes ---

TEST(HealthRun, IsSharedByAllWhoAskMeanwhile) {
    world w;
    int starts = 0;
    w.checks.add("half a second", [&]() -> awaitable<void> {
        ++starts;
        co_await w.time.sleep_for(500ms);
    });
    std::vector<std::shared_ptr<probe>> probes;
    for (int i = 0; i < 1000; ++i)
        probes.push_back(w.ask());
    w.advance(500ms);
    for (const auto& each : probes) {
        ASSERT_TRUE(each->report);
        EXPECT_EQ(each->report->status, health_status::healthy);
    }
    EXPECT_EQ(starts, 1);
}

TEST(HealthRun, GoesOnForTheOthersWhenAProbeIsCancelled) {
    world w;
    w.checks.add("slow", [&]() -> awaitable<void> { co_await w.time.sleep_for(500ms); });
    const auto first = w.ask();
    const auto second = w.ask();
    first->cancel.emit(asio::cancellation_type::terminal);
    w.loop.poll();
    EXPECT_TRUE(first->failure);
    w.advance(500ms);
    ASSERT_TRUE(second->report);
    EXPECT_EQ(second->report->status, health_status::healthy);
}

TEST(HealthRun, BeginsAfreshWhenAllProbesOfTheLastOneHaveGone) {
    world w;
    const gate blocked;
    w.checks.add("blocked", [blocked] { blocked.enter(); }, {.timeout = 5s});
    const auto gone = w.ask();
    gone->cancel.emit(asio::cancellation_type::terminal);
    w.advance(1s);
    const auto asked = w.ask();
    EXPECT_FALSE(asked->done()) << "a run of its own, with its own deadline";
    w.advance(800ms);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->checks.at("blocked").running_for, 1800ms);
    blocked.open();
}

TEST(HealthRun, GivesAYoungAnswerAgain) {
    world w;
    int starts = 0;
    w.checks.add("cached",
                 [&]() -> awaitable<check_result> {
                     ++starts;
                     co_return unhealthy("number " + std::to_string(starts));
                 },
                 {.cache_for = 5s});
    EXPECT_EQ(w.report().checks.at("cached").message, "number 1");
    w.advance(4999ms);
    const auto again = w.report();
    EXPECT_EQ(again.checks.at("cached").message, "number 1");
    EXPECT_EQ(again.checks.at("cached").age, 4999ms);
    w.advance(1ms);
    const auto fresh = w.report();
    EXPECT_EQ(fresh.checks.at("cached").message, "number 2");
    EXPECT_EQ(fresh.checks.at("cached").age, 0ms);
}

TEST(HealthRun, GivesAnAnswerAgainForEverIfItMayBe) {
    world w;
    int starts = 0;
    w.checks.add("once",
                 [&]() -> awaitable<void> {
                     ++starts;
                     co_return;
                 },
                 {.timeout = std::chrono::milliseconds::max(), .cache_for = std::chrono::milliseconds::max()});
    (void)w.report();
    w.advance(24h);
    (void)w.report();
    EXPECT_EQ(starts, 1);
}

TEST(HealthRun, MayHaveNoDeadlineAtAll) {
    world w({.deadline = std::chrono::milliseconds::max()});
    w.checks.add("slow", [&w]() -> awaitable<void> { co_await w.time.sleep_for(1h); },
                 {.timeout = std::chrono::milliseconds::max()});
    const auto asked = w.ask();
    w.advance(1h);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->status, health_status::healthy);
}

TEST(HealthRun, TakesAStatusThatIsNoneForUnhealthy) {
    world w;
    w.checks.add("odd", [] { return check_result{.status = static_cast<health_status>(7)}; });
    EXPECT_EQ(w.report().http_status(), 503);
    EXPECT_EQ(w.report().status, health_status::unhealthy);
}

TEST(HealthRun, GivesAnAnswerThatCameAfterTheReportToTheNextIfItMayBeCached) {
    world w;
    w.checks.add("slow", [&]() -> awaitable<void> { co_await w.time.sleep_for(900ms); }, {.cache_for = 10s});
    const auto first = w.ask();
    w.advance(800ms);
    EXPECT_EQ(first->report.value().status, health_status::unhealthy);
    w.advance(100ms);
    EXPECT_EQ(w.report().status, health_status::healthy);
}

} // namespace
} // namespace infra::health
