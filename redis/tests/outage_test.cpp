// What happens to those who wait when the connection, the server or both behave badly.

#include <infra/redis.hpp>

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace infra::redis {
namespace {

using maybe = std::optional<std::string>;

class RedisOutage : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace();
        between.emplace(loop.get_executor(), one->socket());
        redis.emplace(std::vector{loop.get_executor()}, between->to());
        direct.emplace(std::vector{loop.get_executor()}, one->over_socket());
        loop.wait(redis->execute<void>({"PING"}));
    }

    /// The next bytes from the server do not arrive, and with them the connection ends.
    void lose_the_next_reply() {
        between->on_reply = [this](std::string) -> std::optional<std::string> {
            between->on_reply = nullptr;
            return std::nullopt;
        };
    }

    int value_of(const char* key) { return loop.get(direct->execute<std::optional<int>>({"GET", key})).value_or(0); }

    std::optional<server> one;
    test_loop loop;
    std::optional<proxy> between;
    std::optional<client> redis;
    std::optional<client> direct;
};

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
    const auto back = std::chrono::steady_clock::now();
    const auto before = answered;
    loop.until([&] { return answered > before; });
    EXPECT_LT(std::chrono::steady_clock::now() - back, 2s);
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

// --- A server that stands still -------------------------------------------------------------------------------------

// AddressSanitizer keeps what is freed.
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::size_t leeway = std::size_t{1} << 30;
#else
constexpr std::size_t leeway = 0;
#endif

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4096;
}

TEST_F(RedisOutage, BoundsItsMemoryWhileTheServerStandsStill) {
    auto to = one->over_socket();
    to.max_queued_bytes = 4 << 20;
    const client bounded({loop.get_executor()}, to);
    loop.wait(bounded.execute<void>({"PING"}));
    one->pause();
    const auto before = resident_bytes();
    int overloaded = 0, others = 0;
    const auto value = std::make_shared<const std::string>(10'000, 'x');
    const auto caller = [&]() -> awaitable<void> {
        for (int i = 0; i < 10; ++i) {
            try {
                co_await bounded.execute<void>({"SET", "k", *value}, deadline::after(200ms));
            } catch (const error& e) {
                ++(e.code() == infra::errc::overloaded ? overloaded : others);
            }
        }
    };
    std::vector<std::shared_ptr<outcome<bool>>> all;
    for (int i = 0; i < 2000; ++i) // 200 MB, were they all taken
        all.push_back(loop.spawn(caller()));
    loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->done(); }); });
    const auto grown = resident_bytes() - std::min(before, resident_bytes());
    one->proceed();
    EXPECT_EQ(overloaded + others, 20'000);
    EXPECT_GT(overloaded, 15'000);
    EXPECT_LT(grown, (std::size_t{64} << 20) + leeway);
    EXPECT_EQ(loop.get(bounded.execute<std::string>({"PING"}, deadline::after(10s))), "PONG");
}

TEST_F(RedisOutage, WaitsTwoSecondsUnlessToldOtherwise) {
    impostor silent(loop.get_executor(), hello_answer);
    manual_clock time;
    const client c({loop.get_executor()}, silent.to(), time);
    const auto asked = loop.spawn(c.execute({"GET", "k"}));
    loop.until([&] { return c.status().connections == 1; });
    loop.settle();
    time.advance(1999ms);
    loop.settle();
    EXPECT_FALSE(asked->done());
    time.advance(1ms);
    loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->code(), errc::unanswered);
}

TEST_F(RedisOutage, GivesUpAConnectionThatOwesAndIsSilent) {
    auto to = between->to();
    to.response_timeout = 150ms;
    const client hasty({loop.get_executor()}, to);
    loop.wait(hasty.execute<void>({"PING"}));
    between->on_reply = [](std::string) -> std::optional<std::string> { return std::string(); };
    const auto read = loop.spawn(hasty.execute<maybe>({"GET", "k"}, deadline::after(10s)));
    loop.until([&] { return hasty.status().reconnects == 1; });
    EXPECT_NE(hasty.status().last_problem.find("silent"), std::string::npos);
    between->on_reply = nullptr;
    loop.until([&] { return read->done(); });
    EXPECT_TRUE(read->value) << "asked again on the next connection: " << read->what();
}

// Nobody answers what is still on its way.
TEST_F(RedisOutage, BearsWithAnUploadThatTakesLong) {
    manual_clock time;
    const client slow({loop.get_executor()}, between->to(), time);
    loop.wait(slow.execute<void>({"PING"}));
    std::chrono::milliseconds took{};
    between->on_request = [&](std::string bytes) -> std::optional<std::string> {
        time.advance(100ms);
        took += 100ms;
        return bytes;
    };
    const auto set = loop.spawn(slow.execute<void>({"SET", "k", std::string(5'000'000, 'x')}, deadline::never()));
    loop.until([&] { return set->done(); });
    EXPECT_TRUE(set->value) << set->what();
    EXPECT_GT(took, 20s);
    EXPECT_EQ(slow.status().reconnects, 0u);
    EXPECT_EQ(loop.get(direct->execute<int>({"STRLEN", "k"})), 5'000'000);
}

TEST_F(RedisOutage, FindsOutThatAnIdleConnectionIsDead) {
    auto to = between->to();
    to.ping_every = 100ms;
    to.response_timeout = 100ms;
    const client idle({loop.get_executor()}, to);
    loop.wait(idle.execute<void>({"PING"}));
    between->on_reply = [](std::string) -> std::optional<std::string> { return std::string(); };
    loop.until([&] { return idle.status().reconnects >= 1; });
    between->on_reply = nullptr;
    loop.until([&] { return idle.status().connections == 1; });
}

TEST_F(RedisOutage, BearsWithAServerThatIsBusyForAWhile) {
    const auto slow = loop.spawn(redis->execute({"DEBUG", "SLEEP", 1}));
    const auto next = loop.spawn(redis->execute<std::string>({"PING"}));
    loop.until([&] { return slow->done() && next->done(); });
    EXPECT_EQ(next->value, "PONG") << next->what();
    EXPECT_EQ(redis->status().reconnects, 0u);
}

// --- What is no Redis -----------------------------------------------------------------------------------------------

TEST_F(RedisOutage, SaysWhatItIsThatIsNoRedis) {
    const std::pair<const char*, const char*> cases[] = {
        {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "'HTTP/1.1 400 Bad Request'"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "'SSH-2.0-OpenSSH_9.2'"},
        {"\x15\x03\x01\x01\x02\x02\x46\n", "a line does not end in CR LF"},
        {"+OK\r\n+OK\r\n+OK\r\n", "says more than it was asked for"},
    };
    for (const auto& [words, shown] : cases) {
        impostor other(loop.get_executor(), words);
        const client c({loop.get_executor()}, other.to());
        const auto failed = loop.run(c.execute({"GET", "k"}));
        EXPECT_EQ(failed->code(), errc::protocol) << failed->what();
        EXPECT_NE(failed->what().find(shown), std::string::npos) << failed->what();
        EXPECT_NE(failed->what().find("check host and port"), std::string::npos) << failed->what();
    }
}

TEST_F(RedisOutage, SetsNothingAsideForAGreetingThatIsTooLarge) {
    for (const char* words : {"$536870912\r\nabc", "%1\r\n$536870912\r\nabc", "-$536870912\r\n*536870912\r\n"}) {
        impostor other(loop.get_executor(), words);
        const client c({loop.get_executor()}, other.to());
        const auto failed = loop.run(c.execute({"GET", "k"}));
        EXPECT_TRUE(failed->code() == errc::protocol || failed->code() == errc::refused) << failed->what();
    }
}

// It repeats what it was told to one word, and hangs up before it answers the next.
TEST_F(RedisOutage, KeepsThePasswordToItselfWhereItIsRepeated) {
    impostor echo(loop.get_executor(), "-ERR no such words: 'HELLO' '3' 'AUTH' 'default' 's3cret'\r\n", true);
    auto o = echo.to();
    o.password = "s3cret";
    o.database = 1;
    const client shy({loop.get_executor()}, o);
    const auto end = loop.run(shy.execute({"PING"}));
    EXPECT_EQ(end->code(), errc::refused);
    EXPECT_NE(end->what().find("'default' '…'"), std::string::npos) << end->what();
    EXPECT_EQ(end->what().find("s3cret"), std::string::npos) << end->what();
    EXPECT_EQ(shy.status().last_problem.find("s3cret"), std::string::npos) << shy.status().last_problem;
}

TEST_F(RedisOutage, WaitsForNobodyWhoSaysNothing) {
    impostor silent(loop.get_executor(), "");
    auto to = silent.to();
    to.connect_timeout = 50ms;
    const client c({loop.get_executor()}, to);
    const auto failed = loop.run(c.execute({"GET", "k"}, deadline::after(120ms)));
    EXPECT_EQ(failed->code(), errc::not_connected);
    EXPECT_NE(failed->what().find("it did not answer in time, greeting"), std::string::npos) << failed->what();
}

TEST_F(RedisOutage, SetsNothingAsideForHalfAGigabyteThatDoesNotCome) {
    between->on_reply = [](std::string) -> std::optional<std::string> { return "$200000000\r\nabc"; };
    const auto before = resident_bytes();
    const auto announced = loop.run(redis->execute<maybe>({"GET", "k"}, deadline::after(100ms)));
    EXPECT_EQ(announced->code(), errc::unanswered);
    EXPECT_LT(resident_bytes(), before + (std::size_t{32} << 20));
    const client other({loop.get_executor()}, between->to());
    between->on_reply = nullptr;
    loop.wait(other.execute<void>({"PING"}));
    between->on_reply = [](std::string) -> std::optional<std::string> { return "$536870912\r\nabc"; };
    EXPECT_EQ(loop.run(other.execute<maybe>({"GET", "k"}))->code(), errc::too_large)
        << "over the default bound: not even waited for";
}

} // namespace
} // namespace infra::redis
