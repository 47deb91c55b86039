// What happens to those who wait when the connection or the server is lost.

#include <infra/redis.hpp>

#include "tests/outage.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::redis {
namespace {

using maybe = std::optional<std::string>;

// --- Cut connections ------------------------------------------------------------------------------------------------

TEST_F(RedisOutage, CountsOnceWhenTheReplyIsLost) {
    lose_the_next_reply();
    const auto lost = loop.run(redis->execute<int>({"INCR", "n"}));
    EXPECT_EQ(lost->code(), errc::lost);
    EXPECT_TRUE(may_have_been_executed(lost->code()));
    EXPECT_NE(lost->what().find("it may have been executed"), std::string::npos) << lost->what();
    EXPECT_EQ(value_of("n"), 1);
}

TEST_F(RedisOutage, ReadsAgainWhenTheReplyIsLost) {
    loop.wait(direct->execute<void>({"SET", "k", "v"}));
    lose_the_next_reply();
    EXPECT_EQ(loop.get(redis->execute<maybe>({"GET", "k"})), "v");
    EXPECT_EQ(redis->status().reconnects, 1u);
    EXPECT_EQ(redis->status().last_problem, "the server closed the connection");
}

TEST_F(RedisOutage, SendsOnlyOnceWhatNeverArrived) {
    between->on_request = [this](std::string) -> std::optional<std::string> {
        between->on_request = nullptr;
        return std::nullopt;
    };
    const auto lost = loop.run(redis->execute<int>({"INCR", "n"}));
    EXPECT_EQ(lost->code(), errc::lost) << "it had left, and nobody here can know that it did not arrive";
    EXPECT_EQ(value_of("n"), 0);
}

TEST_F(RedisOutage, KeepsWhatIsAskedWhileThereIsNoConnection) {
    between->refusing = true;
    between->cut();
    const auto waits = loop.spawn(redis->execute<int>({"INCR", "n"}));
    loop.settle();
    EXPECT_FALSE(waits->done());
    between->refusing = false;
    loop.until([&] { return waits->done(); });
    EXPECT_EQ(waits->value, 1) << waits->what();
}

TEST_F(RedisOutage, NeverCountsTwiceHoweverOftenItIsCut) {
    constexpr int many = 300;
    int answered = 0, unknown = 0, refused = 0;
    int pieces = 0;
    between->on_reply = [&](std::string bytes) -> std::optional<std::string> {
        if (++pieces % 7 == 0)
            return std::nullopt;
        return bytes;
    };
    const auto caller = [&](int times) -> awaitable<void> {
        for (int i = 0; i < times; ++i) {
            try {
                co_await redis->execute<int>({"INCR", "n"}, deadline::after(10s));
                ++answered;
            } catch (const error& e) {
                ++(may_have_been_executed(e.code()) ? unknown : refused);
            }
        }
    };
    std::vector<std::shared_ptr<outcome<bool>>> all;
    for (int i = 0; i < 10; ++i)
        all.push_back(loop.spawn(caller(many / 10)));
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    EXPECT_EQ(answered + unknown + refused, many);
    EXPECT_GT(unknown, 0) << "nothing was cut";
    EXPECT_GE(value_of("n"), answered);
    EXPECT_LE(value_of("n"), answered + unknown);
}

TEST_F(RedisOutage, CutsABatchInTwoWithoutDoingHalfOfItTwice) {
    // The reply of INCR arrives, that of the rest does not.
    between->on_reply = [this](std::string bytes) -> std::optional<std::string> {
        between->on_reply = [this](std::string) -> std::optional<std::string> {
            between->on_reply = nullptr;
            return std::nullopt;
        };
        return bytes.substr(0, bytes.find("\r\n") + 2);
    };
    const std::string large(200'000, 'x');
    const auto replies = loop.run(redis->execute({{"INCR", "n"}, {"SET", "k", large}, {"GET", "k"}}));
    ASSERT_TRUE(replies->value) << replies->what();
    EXPECT_EQ(to<int>((*replies->value)[0]), 1);
    EXPECT_EQ(to<std::string>((*replies->value)[2]), large);
    EXPECT_EQ(value_of("n"), 1);
}

TEST_F(RedisOutage, DoesNotRepeatATransaction) {
    lose_the_next_reply();
    EXPECT_EQ(loop.run(redis->transaction({{"INCR", "n"}, {"INCR", "n"}}))->code(), errc::lost);
    EXPECT_EQ(value_of("n"), 2);
    lose_the_next_reply();
    EXPECT_TRUE(loop.run(redis->transaction({{"SET", "a", 1}, {"SET", "b", 2}}))->value) << "this does no harm";
}

TEST_F(RedisOutage, TakesABrokenStreamForALoss) {
    between->on_reply = [this](std::string) -> std::optional<std::string> {
        between->on_reply = nullptr;
        return "$5\r\nhel\r\nlo"; // a length that is not true
    };
    const auto broken = loop.run(redis->execute<maybe>({"GET", "k"}));
    EXPECT_EQ(broken->code(), errc::protocol);
    EXPECT_NE(broken->what().find("does not speak Redis' protocol"), std::string::npos) << broken->what();
    EXPECT_EQ(loop.get(redis->execute<std::string>({"PING"})), "PONG");
}

TEST_F(RedisOutage, ReadsRepliesThatTrickle) {
    loop.wait(direct->execute<void>({"SET", "k", std::string(1000, 'x')}));
    std::string held;
    between->on_reply = [&](std::string bytes) -> std::optional<std::string> {
        held += bytes;
        return std::string();
    };
    const auto slow = loop.spawn(redis->execute<std::string>({"GET", "k"}));
    loop.until([&] { return held.size() > 1000; });
    EXPECT_FALSE(slow->done());
    between->on_reply = [&](std::string bytes) -> std::optional<std::string> {
        return std::exchange(held, {}) + bytes;
    };
    loop.wait(redis->execute<void>({"PING"}));
    EXPECT_EQ(slow->value, std::string(1000, 'x'));
}

TEST_F(RedisOutage, KeepsACommandThatHadNotLeftInFull) {
    one->pause(); // so that the kernel takes a part
    const std::string large(20'000'000, 'x');
    const auto half = loop.spawn(direct->execute<int>({"APPEND", "k", large}, deadline::after(20s)));
    const auto behind = loop.spawn(direct->execute<int>({"INCR", "n"}, deadline::after(20s)));
    loop.settle();
    one->kill();
    one->start();
    loop.until([&] { return half->done() && behind->done(); });
    EXPECT_EQ(half->value, 20'000'000) << half->what();
    EXPECT_EQ(behind->value, 1) << behind->what();
}

TEST_F(RedisOutage, ComesBackMoreAndMoreRarely) {
    manual_clock time;
    auto to = between->to();
    to.reconnect.jitter = 0;
    between->refusing = true;
    const auto before = between->accepted();
    const client c({loop.get_executor()}, to, time);
    const auto waits = loop.spawn(c.execute<std::string>({"PING"}, deadline::never()));
    std::size_t attempts = 1;
    for (const auto delay : {50ms, 100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
        loop.until([&] { return between->accepted() - before == attempts && time.sleepers() > 0; });
        loop.settle();
        time.advance(delay - 1ms);
        loop.settle();
        EXPECT_EQ(between->accepted() - before, attempts) << "not before " << delay.count() << " ms";
        time.advance(1ms);
        ++attempts;
    }
    between->refusing = false;
    loop.settle();
    time.advance(1000ms);
    loop.until([&] { return waits->done(); });
    EXPECT_EQ(waits->value, "PONG");
    between->cut(); // at once, so that it is not yet a success
    loop.settle();
    EXPECT_EQ(c.status().connections, 0u);
}

// --- A server that dies ---------------------------------------------------------------------------------------------

TEST_F(RedisOutage, RecoversWithinTwoSecondsOfAKilledServersReturn) {
    bool stop = false;
    int answered = 0, failed = 0;
    const auto caller = [&]() -> awaitable<void> {
        while (!stop) {
            try {
                co_await redis->execute<void>({"SET", "k", "v"}, deadline::after(300ms));
                ++answered;
            } catch (const error&) {
                ++failed;
            }
        }
    };
    std::vector<std::shared_ptr<outcome<bool>>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(loop.spawn(caller()));
    loop.until([&] { return answered > 500; });
    one->kill();
    loop.until([&] { return failed >= 50; }); // each of them within its deadline
    one->start();
    const stopwatch since(loop.get_executor());
    const auto before = answered;
    loop.until([&] { return answered > before; });
    EXPECT_LT(since.elapsed(), 2s);
    stop = true;
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
}

TEST_F(RedisOutage, SaysWhyThereIsNoConnection) {
    const client nobody({loop.get_executor()}, {.port = free_port()});
    const auto failed = loop.run(nobody.execute({"INCR", "n"}, deadline::after(100ms)));
    EXPECT_EQ(failed->code(), errc::not_connected);
    EXPECT_FALSE(may_have_been_executed(failed->code()));
    EXPECT_NE(failed->what().find("INCR at redis://127.0.0.1:"), std::string::npos) << failed->what();
    EXPECT_NE(failed->what().find("no connection by the deadline (Connection refused)"), std::string::npos)
        << failed->what();
    const client nowhere({loop.get_executor()}, {.host = "no-such-host.invalid"});
    const auto unknown = loop.spawn(nowhere.execute({"PING"}, deadline::after(60s)));
    loop.until([&] { return !nowhere.status().last_problem.empty(); });
    EXPECT_EQ(nowhere.status().last_problem.find("the name no-such-host.invalid has no address"), 0u)
        << nowhere.status().last_problem;
}

} // namespace
} // namespace infra::redis
