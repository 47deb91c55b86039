// What a client does not wait for, and how much it takes.

#include "tests/on_a_server.hpp"
#include "tests/proxy.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::redis {
namespace {

using namespace std::string_literals;
using maybe = std::optional<std::string>;

class RedisClientLimits : public on_a_server {};

// --- Commands that block --------------------------------------------------------------------------------------------

TEST_F(RedisClientLimits, LetsBlockingCommandsBlockNobody) {
    const auto blocked = loop.spawn(redis->execute<std::vector<std::string>>({"BLPOP", "list", 10}));
    loop.until([&] { return redis->status().sessions == 1; });
    EXPECT_EQ(ask<std::string>({"PING"}), "PONG");
    EXPECT_FALSE(blocked->done());
    tell({"RPUSH", "list", "x"});
    loop.until([&] { return blocked->done(); });
    EXPECT_EQ(*blocked->value, (std::vector<std::string>{"list", "x"}));
    tell({"ZADD", "z", 1, "m"});
    EXPECT_EQ(ask<std::vector<reply>>({"BZPOPMIN", "z", 1})[1].as_text(), "m");
    EXPECT_EQ(redis->status().sessions, 1u) << "the same connection again";
    EXPECT_TRUE(loop.get(redis->execute({"BZPOPMIN", "z", 0.05})).is_null());
}

TEST_F(RedisClientLimits, RefusesToBlockForLongerThanItsDeadline) {
    const auto in = [](std::chrono::milliseconds d) { return deadline::after(d); };
    EXPECT_EQ(loop.run(redis->execute({"BLPOP", "l", 5}, in(1s)))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(redis->execute({"BLPOP", "l", 0}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.run(redis->execute({"BLPOP", "l", "x"}))->code(), infra::errc::invalid_input);
}

TEST_F(RedisClientLimits, EndsWhatBlocksForEverByItsDeadline) {
    manual_clock time;
    const client timed({loop.get_executor()}, one->over_socket(), time);
    const auto endless = loop.spawn(timed.execute({"BLPOP", "l", 0}, deadline(time.steady() + 1min)));
    loop.until([&] { return ask<std::string>({"CLIENT", "LIST"}).find("cmd=blpop") != std::string::npos; });
    time.advance(1min);
    loop.until([&] { return endless->done(); });
    EXPECT_EQ(endless->code(), errc::unanswered);
    loop.settle();
    EXPECT_EQ(timed.status().sessions, 0u) << "its reply could come at any time";
}

TEST_F(RedisClientLimits, TakesNothingForACallerWhoHasLeft) {
    asio::cancellation_signal stop;
    const auto blocked = loop.spawn(redis->execute({"BLPOP", "list", 10}), stop.slot());
    loop.until([&] { return ask<std::string>({"CLIENT", "LIST"}).find("cmd=blpop") != std::string::npos; });
    loop.cancel(stop);
    loop.until([&] { return blocked->done(); });
    EXPECT_EQ(blocked->code(), asio::error::operation_aborted);
    loop.until([&] { return ask<std::string>({"CLIENT", "LIST"}).find("cmd=blpop") == std::string::npos; });
    tell({"RPUSH", "list", "x"});
    EXPECT_EQ(ask<int>({"LLEN", "list"}), 1);
}

TEST_F(RedisClientLimits, BoundsTheConnectionsThatBlock) {
    auto few = one->over_socket();
    few.max_sessions = 2;
    const client c({loop.get_executor()}, few);
    const auto first = loop.spawn(c.execute({"BLPOP", "a", 10}));
    const auto second = loop.spawn(c.execute({"BLPOP", "b", 10}));
    loop.until([&] { return c.status().sessions == 2; });
    const auto third = loop.run(c.execute({"BLPOP", "c", 0.01}, deadline::after(100ms)));
    EXPECT_EQ(third->code(), errc::exhausted);
    EXPECT_NE(third->what().find("all 2 connections"), std::string::npos);
    const auto fourth = loop.spawn(c.execute({"BLPOP", "d", 0.01}, deadline::after(10s)));
    tell({"RPUSH", "a", "x"});
    loop.until([&] { return fourth->done(); });
    EXPECT_TRUE(fourth->value) << fourth->what();
}

// --- Deadlines, cancellation, bounds --------------------------------------------------------------------------------

TEST_F(RedisClientLimits, EndsByItsDeadline) {
    manual_clock time;
    const client timed({loop.get_executor()}, one->over_socket(), time);
    loop.wait(timed.execute<void>({"PING"}));
    one->pause();
    const auto hasty = loop.spawn(timed.execute({"INCR", "n"}, deadline(time.steady() + 1s)));
    loop.settle(); // it is sent
    time.advance(1s);
    loop.until([&] { return hasty->done(); });
    EXPECT_EQ(hasty->code(), errc::unanswered);
    EXPECT_TRUE(may_have_been_executed(hasty->code()));
    EXPECT_NE(hasty->what().find("may have been executed"), std::string::npos);
    one->proceed();
    EXPECT_EQ(ask<int>({"GET", "n"}), 1) << "it was, and its reply confuses nobody";
}

TEST_F(RedisClientLimits, SaysThatADeadlineHadPassedBeforeItBegan) {
    tell({"PING"});
    const auto never = loop.run(redis->execute({"INCR", "n"}, deadline(std::chrono::steady_clock::now() - 1s)));
    EXPECT_EQ(never->code(), infra::errc::timed_out);
    EXPECT_FALSE(may_have_been_executed(never->code()));
    EXPECT_EQ(ask<maybe>({"GET", "n"}), std::nullopt);
}

TEST_F(RedisClientLimits, MayBeCancelledAtAnyPoint) {
    asio::cancellation_signal early, late;
    const auto unsent = loop.spawn(redis->execute({"INCR", "n"}), early.slot());
    loop.cancel(early); // there is no connection yet
    loop.until([&] { return unsent->done(); });
    EXPECT_EQ(unsent->code(), asio::error::operation_aborted);
    EXPECT_NE(unsent->what().find("cancelled before it was sent"), std::string::npos) << unsent->what();
    tell({"PING"});
    const auto slow = loop.spawn(redis->execute({"DEBUG", "SLEEP", 0.1}));
    const auto sent = loop.spawn(redis->execute({"INCR", "n"}), late.slot());
    loop.io.poll();
    loop.cancel(late);
    loop.until([&] { return sent->done(); });
    EXPECT_NE(sent->what().find("cancelled after it was sent; it may have been executed"), std::string::npos)
        << sent->what();
    EXPECT_EQ(ask<int>({"GET", "n"}), 1);
}

/// Cancels after so many handlers of the loop, and says what came of it.
template <class T>
std::shared_ptr<outcome<T>> cancel_after(test_loop& loop, int steps, awaitable<T> operation) {
    asio::cancellation_signal stop;
    const auto ended = loop.spawn(std::move(operation), stop.slot());
    for (int i = 0; i < steps && !ended->done(); ++i) {
        loop.io.restart();
        loop.io.run_one_for(50ms);
    }
    if (!ended->done())
        loop.cancel(stop);
    loop.until([&] { return ended->done(); });
    return ended;
}

// A script that the server does not know has two legs, and a place between them.
TEST_F(RedisClientLimits, TellsTheTruthWhereverAScriptIsCancelled) {
    const script one_more("return redis.call('INCR', KEYS[1])");
    tell({"PING"});
    int cancelled = 0, answered = 0, unsent = 0;
    for (int steps = 0; steps < 40; ++steps) {
        tell({"SCRIPT", "FLUSH"});
        const auto key = "n" + std::to_string(steps);
        const auto ended = cancel_after(loop, steps, redis->execute<int>(one_more.call({key})));
        const auto n = ask<std::optional<int>>({"GET", key}).value_or(0);
        if (ended->value) {
            ++answered;
            EXPECT_EQ(n, 1);
            continue;
        }
        ++cancelled;
        EXPECT_EQ(ended->code(), asio::error::operation_aborted) << ended->what();
        if (ended->what().find("before it was sent") != std::string::npos) {
            ++unsent;
            EXPECT_EQ(n, 0) << "after " << steps << " steps";
        }
    }
    EXPECT_GT(cancelled, 1);
    EXPECT_GT(unsent, 0);
    EXPECT_GT(answered, 0);
    EXPECT_EQ(redis->status().commands, 0u);
}

TEST_F(RedisClientLimits, RefusesWhatIsOverItsBound) {
    auto small = one->over_socket();
    small.max_queued_commands = 3;
    const client c({loop.get_executor()}, small);
    std::vector<std::shared_ptr<outcome<reply>>> all;
    for (int i = 0; i < 5; ++i)
        all.push_back(loop.spawn(c.execute({"INCR", "n"})));
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    EXPECT_EQ(std::ranges::count_if(all, [](const auto& each) { return each->code() == infra::errc::overloaded; }), 2);
    EXPECT_EQ(ask<int>({"GET", "n"}), 3);
    EXPECT_EQ(c.status().commands, 0u);
}

TEST_F(RedisClientLimits, LetsTheLoopTurnBetweenRefusals) {
    auto small = one->over_socket();
    small.max_queued_commands = 1;
    std::optional<client> c(std::in_place, std::vector{loop.get_executor()}, small);
    const auto slow = loop.spawn(c->execute({"DEBUG", "SLEEP", 0.05}));
    int refused = 0;
    const auto insist = [&](boost::system::error_code because) -> awaitable<void> {
        for (int i = 0; i < 2'000'000; ++i) {
            try {
                co_await c->execute({"PING"});
                co_return;
            } catch (const error& e) {
                EXPECT_EQ(e.code(), because);
                if (++refused > 10'000 && because == infra::errc::closed)
                    co_return;
            }
        }
        ADD_FAILURE() << "the loop never turned";
    };
    const auto insists = loop.spawn(insist(infra::errc::overloaded));
    loop.until([&] { return insists->done(); });
    EXPECT_TRUE(slow->done());
    EXPECT_GT(refused, 0);
    loop.wait(c->stop(deadline::after(1s)));
    const auto in_vain = loop.spawn(insist(infra::errc::closed));
    loop.io.poll_one();
    EXPECT_FALSE(in_vain->done()) << "one turn, one refusal";
    loop.until([&] { return in_vain->done(); });
}

TEST_F(RedisClientLimits, FailsAReplyThatIsTooLargeAndGoesOn) {
    tell({"SET", "big", std::string(10'000, 'x')});
    auto small = one->over_socket();
    small.max_reply_bytes = 5'000;
    const client c({loop.get_executor()}, small);
    const auto failed = loop.run(c.execute({"GET", "big"}));
    EXPECT_EQ(failed->code(), errc::too_large);
    EXPECT_NE(failed->what().find("max_reply_bytes"), std::string::npos) << failed->what();
    EXPECT_EQ(loop.get(c.execute<std::string>({"PING"})), "PONG");
}

} // namespace
} // namespace infra::redis
