#include "support.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

namespace infra::health {
namespace {

using namespace std::chrono_literals;

template <class F>
std::string refusal(F act) {
    try {
        act();
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "accepted";
}

TEST(HealthRegistry, RefusesBadOptionsByName) {
    EXPECT_EQ(refusal([] { registry r({.deadline = 0ms}); }), "health::registry_options::deadline must be more than 0");
    EXPECT_EQ(refusal([] { registry r({.max_threads = 0}); }),
              "health::registry_options::max_threads must be 1 to 1024");
    EXPECT_EQ(refusal([] { registry r({.max_threads = 1025}); }),
              "health::registry_options::max_threads must be 1 to 1024");
    EXPECT_EQ(refusal([] { registry r({.time = nullptr}); }), "health::registry_options::time must not be null");
}

TEST(HealthRegistry, RefusesBadChecksByName) {
    world w;
    const auto add = [&](std::string name, check_options options = {}) {
        return refusal([&] { w.checks.add(std::move(name), [] {}, options); });
    };
    EXPECT_EQ(add("x", {.timeout = 0ms}), "health::check_options::timeout must be more than 0");
    EXPECT_EQ(add("x", {.cache_for = -1ms}), "health::check_options::cache_for must not be negative");
    const std::string bad_name = "health: a name must be 1 to 128 bytes of UTF-8 without control characters";
    EXPECT_EQ(add(""), bad_name);
    EXPECT_EQ(add(std::string(129, 'n')), bad_name);
    EXPECT_EQ(add("\xff"), bad_name);
    EXPECT_EQ(add("two\nlines"), bad_name);
    EXPECT_EQ(add(std::string("nul\0", 4)), bad_name);
    EXPECT_EQ(add("\x1b[31mred"), bad_name);
    EXPECT_EQ(add("Bücher & \"quotes\" {}/…"), "accepted");
    EXPECT_EQ(add(std::string(128, 'n')), "accepted");
}

TEST(HealthChecker, RefusesNothingToCall) {
    check_result (*missing)() = nullptr;
    EXPECT_EQ(refusal([&] { checker c(missing); }), "health: a check must not be null");
    EXPECT_EQ(refusal([] { checker c(std::function<void()>{}); }), "health: a check must not be null");
    EXPECT_EQ(refusal([] { checker c([] {}); }), "accepted");
}

TEST(HealthChecker, TakesFunctionsThatCanOnlyBeMoved) {
    world w;
    w.checks.add("owner", [owned = std::make_unique<int>(1)] { return degraded(std::to_string(*owned)); });
    EXPECT_EQ(w.report().checks.at("owner").message, "1");
}

// --- Removing, replacing, leaving ---

TEST(HealthRegistry, LeavesOutACheckThatIsRemovedWhileItRuns) {
    world w;
    const gate blocked;
    w.checks.add("blocked", [blocked] { blocked.enter(); });
    w.checks.add("other", []() -> awaitable<void> { co_return; });
    const auto asked = w.ask();
    blocked.wait_for_entry();
    EXPECT_TRUE(w.checks.remove("blocked"));
    EXPECT_FALSE(w.checks.remove("blocked"));
    w.loop.poll();
    ASSERT_TRUE(asked->report) << "nobody waits for it any more";
    EXPECT_EQ(names(*asked->report), "other ");
    blocked.open();
    EXPECT_EQ(names(w.report()), "other ");
}

TEST(HealthRegistry, CancelsACoroutineThatIsRemovedAndKeepsItsClosureUntilItEnds) {
    world w;
    const auto held = std::make_shared<int>(7);
    int seen = 0;
    w.checks.add("sleeper", [&w, &seen, held]() -> awaitable<void> {
        try {
            co_await w.time.sleep_for(1h);
        } catch (...) {
            seen = *held;
        }
    });
    const auto asked = w.ask();
    EXPECT_TRUE(w.checks.remove("sleeper"));
    w.loop.poll();
    EXPECT_EQ(seen, 7);
    EXPECT_EQ(held.use_count(), 1) << "nothing keeps the check afterwards";
    ASSERT_TRUE(asked->report);
    EXPECT_TRUE(asked->report->checks.empty());
}

TEST(HealthRegistry, LetsAReplacedCheckAnswerTheRunItWasStartedFor) {
    world w;
    const gate blocked;
    w.checks.add("db", [blocked] {
        blocked.enter();
        return degraded("old");
    });
    const auto asked = w.ask();
    blocked.wait_for_entry();
    w.checks.add("db", [] { return degraded("new"); });
    blocked.open();
    w.loop.run_until([&] { return asked->done(); });
    EXPECT_EQ(asked->report->checks.at("db").message, "old");
    EXPECT_EQ(w.report().checks.at("db").message, "new");
}

TEST(HealthRegistry, MayBeCalledByTheDestructorOfACheck) {
    world w;
    struct meddler {
        registry& checks;
        ~meddler() { (void)checks.remove("another"); }
    };
    const auto meddling = [&w](std::string name) {
        w.checks.add(std::move(name), [m = std::shared_ptr<meddler>(new meddler{w.checks}), &w]() -> awaitable<void> {
            co_await w.time.sleep_for(100ms);
        });
    };
    meddling("removed");
    meddling("replaced");
    w.checks.add("stays", [&w]() -> awaitable<void> { co_await w.time.sleep_for(200ms); });
    const auto asked = w.ask();
    EXPECT_TRUE(w.checks.remove("removed"));
    w.checks.add("replaced", [] {});
    w.advance(100ms);
    w.advance(100ms);
    EXPECT_TRUE(asked->report);
}

TEST(HealthRegistry, TellsThoseWhoWaitThatItIsGone) {
    hand_loop loop;
    manual_clock time;
    std::optional<registry> checks;
    checks.emplace(registry_options{.executor = loop.get_executor(), .time = &time});
    bool cancelled = false;
    checks->add("sleeper", [&]() -> awaitable<void> {
        try {
            co_await time.sleep_for(1h);
        } catch (...) {
            cancelled = true;
            throw;
        }
    });
    auto later = checks->run();
    const auto asked = ask(loop, *checks);
    checks.reset();
    loop.poll();
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(code_of(asked->failure), errc::closed);

    const auto too_late = std::make_shared<probe>();
    asio::co_spawn(loop.get_executor(), ask_and_note(std::move(later), too_late),
                   [too_late](std::exception_ptr e) { too_late->failure = e; });
    loop.poll();
    EXPECT_EQ(code_of(too_late->failure), errc::closed);
}

TEST(HealthRegistry, LeavesBehindAPlainCheckThatNeverReturned) {
    const gate blocked;
    const auto returned = std::make_shared<std::latch>(1);
    {
        world w;
        w.checks.add("blocked", [blocked, returned] {
            blocked.enter();
            returned->count_down();
        });
        (void)w.ask();
        blocked.wait_for_entry();
    } // registry, clock and loop are gone, and nobody has waited
    blocked.open();
    returned->wait();
}

TEST(HealthRegistry, SurvivesTheLoopOfACallerWhoWaits) {
    world w;
    const gate blocked;
    w.checks.add("blocked", [blocked] { blocked.enter(); });
    {
        hand_loop passing;
        (void)ask(passing, w.checks);
        blocked.wait_for_entry();
    }
    const auto asked = w.ask();
    blocked.open();
    w.loop.run_until([&] { return asked->done(); });
    EXPECT_EQ(asked->report->status, health_status::healthy);
}

TEST(HealthRegistry, LeavesOutACheckThatWasReplacedAndThenRemovedWhileItRuns) {
    world w;
    const gate blocked;
    w.checks.add("db", [blocked] { blocked.enter(); });
    w.checks.add("other", []() -> awaitable<void> { co_return; });
    const auto asked = w.ask();
    blocked.wait_for_entry();
    w.checks.add("db", [] {});
    EXPECT_TRUE(w.checks.remove("db"));
    w.loop.poll();
    ASSERT_TRUE(asked->report) << "nobody waits for it any more";
    EXPECT_EQ(names(*asked->report), "other ");
    blocked.open();
}

TEST(HealthRegistry, DestroysARemovedCheckOutsideOfItsLockAlsoAtItsEnd) {
    hand_loop loop;
    manual_clock time;
    std::optional<registry> checks;
    checks.emplace(registry_options{.executor = loop.get_executor(), .time = &time});
    struct meddler {
        registry& checks;
        ~meddler() { (void)checks.remove("another"); }
    };
    checks->add("removed", [m = std::shared_ptr<meddler>(new meddler{*checks})]() -> awaitable<void> { co_return; });
    checks->add("slow", [&time]() -> awaitable<void> { co_await time.sleep_for(1h); });
    const auto asked = ask(loop, *checks);
    checks->remove("removed");
    asked->cancel.emit(asio::cancellation_type::terminal);
    loop.poll();
    checks.reset();
    loop.poll();
    EXPECT_TRUE(asked->failure);
}

// --- Many threads, real time ---

TEST(HealthRegistry, ServesProbesOnManyThreadsWhileChecksComeAndGo) {
    event_loop loop;
    loop.start();
    registry checks({.max_threads = 4, .executor = loop.get_executor()});
    checks.add("always", [] {}, {.groups = {"even", "odd"}});
    checks.add("pulse", []() -> awaitable<void> { co_return; },
               {.every = 1ms, .groups = {"even"}, .depends_on = {"always", "passing"}});
    std::atomic<int> changes = 0;
    checks.on_change([&changes](const status_change&) { ++changes; });
    std::vector<std::jthread> probers;
    std::atomic<int> answered = 0;
    for (int i = 0; i < 4; ++i)
        probers.emplace_back([&] {
            asio::io_context own{1};
            for (int round = 0; round < 50; ++round) {
                const auto* group = round % 3 == 0 ? "" : round % 3 == 1 ? "even" : "odd";
                auto report = asio::co_spawn(own, checks.run(group), asio::use_future);
                own.restart();
                own.run();
                answered += report.get().checks.contains("always");
            }
        });
    probers.emplace_back([&] {
        for (int round = 0; round < 50; ++round) {
            checks.add("passing", []() -> awaitable<void> { co_return; });
            checks.add("replaced", [] { throw 42; }, {.every = 1ms, .worse_after = 2});
            checks.set_state(round % 2 ? service_state::serving : service_state::stopping);
            checks.remove("passing");
        }
    });
    probers.clear();
    EXPECT_EQ(answered, 200);
}

} // namespace
} // namespace infra::health
