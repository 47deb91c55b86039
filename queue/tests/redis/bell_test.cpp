#include "tests/support.hpp"

#include <infra/queue/redis.hpp>
#include <infra/redis.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace queue::tests;

/// Processes that see each other only through the server. They look by themselves so rarely that whatever comes in time was
/// heard of.
class Bell : public ::testing::Test {
protected:
    Bell() { loops.start(); }
    ~Bell() override {
        for (const auto& each : all)
            loop.code_of(each->stop(deadline::after(30s)));
    }

    std::shared_ptr<backend> process(std::chrono::milliseconds look_every = 1min) {
        return all.emplace_back(make_redis_backend(
            {.server = redis::options_from(server.url()), .look_every = look_every}, {loops.next().get_executor()}));
    }
    std::shared_ptr<pending<claim_result>> wait(const std::shared_ptr<backend>& in, std::vector<std::string> queues) {
        return loop.start(in->claim({.queues = std::move(queues), .max = 1, .now = t0, .wait = true}));
    }
    void wait_until_blocked(std::size_t n) {
        EXPECT_TRUE(loop.until([&] { return blocked() >= n; }));
    }
    std::size_t blocked() {
        const auto info = loop.await(direct.execute<std::string>({"INFO", "clients"}));
        const std::string_view line = "blocked_clients:";
        return std::stoul(info.substr(info.find(line) + line.size()));
    }
    ids ids_that_came(const std::shared_ptr<pending<claim_result>>& claiming) {
        EXPECT_TRUE(loop.until([&] { return claiming->ended; }));
        return claiming->value ? ids_of(*claiming->value) : ids{};
    }

    testing::redis_server server;
    event_loops loops{1};
    test_loop loop;
    redis::client direct{{loop.get_executor()}, redis::options_from(server.url())};
    std::vector<std::shared_ptr<backend>> all;
};

TEST_F(Bell, IsHeardThoughTheJobIsAddedElsewhere) {
    const auto here = process(), there = process();
    const auto claiming = wait(here, {"mail", "images"});
    wait_until_blocked(1);
    loop.await(there->enqueue({make_job("a", {}, "images")}));
    EXPECT_EQ(ids_that_came(claiming), ids{"a"});
}

TEST_F(Bell, OneConnectionWaitsForAll) {
    const auto here = process(), there = process();
    std::vector<std::shared_ptr<pending<claim_result>>> claims;
    for (int i = 0; i < 10; ++i)
        claims.push_back(wait(here, {"q" + std::to_string(i)}));
    wait_until_blocked(1);
    for (int i = 9; i >= 0; --i) {
        loop.await(there->enqueue({make_job("j" + std::to_string(i), {}, "q" + std::to_string(i))}));
        EXPECT_EQ(ids_that_came(claims[static_cast<std::size_t>(i)]), ids{"j" + std::to_string(i)});
        EXPECT_LE(blocked(), 1u);
    }
}

TEST_F(Bell, AClaimThatJoinsWhileItIsBlockedIsHeardOfAsWell) {
    const auto here = process(), there = process();
    const auto first = wait(here, {"mail"});
    wait_until_blocked(1);
    const auto second = wait(here, {"images"});
    loop.await(here->claim({.queues = {"other"}, .now = t0})); // behind it
    loop.await(there->enqueue({make_job("a", {}, "images")}));
    EXPECT_EQ(ids_that_came(second), ids{"a"});
    loop.await(there->enqueue({make_job("b")}));
    EXPECT_EQ(ids_that_came(first), ids{"b"});
}

TEST_F(Bell, WhatWasHeardForSomebodyWhoHasGoneIsRungForOthers) {
    const auto here = process(), there = process();
    asio::cancellation_signal cancel;
    bool gone = false;
    asio::co_spawn(
        loop.get_executor(), here->claim({.queues = {"mail"}, .now = t0, .wait = true}),
        asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, const claim_result&) { gone = true; }));
    wait_until_blocked(1);
    asio::post(loop.get_executor(), [&] { cancel.emit(asio::cancellation_type::terminal); });
    ASSERT_TRUE(loop.until([&] { return gone; }));
    const auto claiming = wait(there, {"mail"});
    wait_until_blocked(2); // the one that has gone stands before it
    loop.await(process()->enqueue({make_job("a")}));
    EXPECT_EQ(ids_that_came(claiming), ids{"a"});
}

TEST_F(Bell, WhoeverTakesOneOfSeveralRingsForTheNext) {
    const auto one = process(), other = process();
    const auto a = wait(one, {"mail"});
    const auto b = wait(other, {"mail"});
    wait_until_blocked(2);
    loop.await(process()->enqueue({make_job("1"), make_job("2")}));
    EXPECT_TRUE(loop.until([&] { return a->ended && b->ended; }));
}

TEST_F(Bell, AJobThatIsDueEarlierThanAnyKnownIsToldOf) {
    const auto here = process(), there = process();
    const auto claiming = wait(here, {"mail"});
    wait_until_blocked(1);
    loop.await(there->enqueue({make_delayed("a", t0 + 1h)}));
    ASSERT_TRUE(loop.until([&] { return claiming->ended; }));
    EXPECT_EQ(claiming->value->next_due, t0 + 1h);
}

TEST_F(Bell, WithoutItAClaimLooksByItselfNowAndThen) {
    const auto here = process(50ms);
    const auto claiming = wait(here, {"mail"});
    wait_until_blocked(1);
    loop.await(direct.execute<void>({"HSET", "bull:mail:7", "name", "welcome", "data", "{}", "opts", "{}"}));
    loop.await(direct.execute<void>({"LPUSH", "bull:mail:wait", "7"})); // and no marker
    EXPECT_EQ(ids_that_came(claiming), ids{"7"});
}

TEST_F(Bell, IsHeardAgainAfterItsConnectionWasLost) {
    const auto here = process(), there = process();
    const auto claiming = wait(here, {"mail"});
    wait_until_blocked(1);
    loop.await(direct.execute<void>({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}));
    loop.await(there->enqueue({make_job("a")}));
    EXPECT_EQ(ids_that_came(claiming), ids{"a"});
}

} // namespace
} // namespace infra::queue::redis_backend::tests
