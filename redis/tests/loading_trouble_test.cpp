// What is said to a server that loads its data, word by word, and when the connection goes meanwhile.

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace infra::redis {
namespace {

const std::string loading = "-LOADING Redis is loading the dataset in memory\r\n";
const std::string aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";

/// Each command by its words: "INCR n". What the test does not answer is hung up on.
class RedisLoadingTrouble : public ::testing::Test {
protected:
    using answers = std::optional<std::string>;

    void SetUp() override {
        far.emplace(loop.get_executor(), [this](std::size_t, const std::string& bytes) -> answers {
            if (bytes.find("HELLO") != bytes.npos)
                return hello_answer;
            const auto said = words_of(bytes);
            heard.push_back(said);
            return plays(said);
        });
        redis.emplace(std::vector{loop.get_executor()},
                      options{.port = far->port(), .reconnect = {.delay = 1ms, .max = 1ms}});
    }

    /// "MULTI; INCR n; EXEC" of what is sent in one piece.
    static std::string words_of(const std::string& bytes) {
        std::string out;
        std::size_t at = 0;
        while (at < bytes.size()) {
            const auto line = bytes.substr(at, bytes.find("\r\n", at) - at);
            at += line.size() + 2;
            if (line.front() == '*')
                out += out.empty() ? "" : "; ";
            else if (line.front() != '$')
                out += (out.empty() || out.ends_with("; ") ? "" : " ") + line;
        }
        return out;
    }

    std::function<answers(const std::string&)> plays;
    std::vector<std::string> heard;
    test_loop loop;
    std::optional<actor> far;
    std::optional<client> redis;
};

using said = std::vector<std::string>;

TEST_F(RedisLoadingTrouble, IsAskedForTheRestOfABatchOnceItIsReady) {
    int pings = 0;
    plays = [&](const std::string& words) -> answers {
        if (words == "GET k; INCR n; GET n; INCR n")
            return "$1\r\nv\r\n" + loading + loading + loading;
        if (words == "PING")
            return ++pings < 3 ? loading : "+PONG\r\n";
        return ":1\r\n$1\r\n1\r\n:2\r\n";
    };
    const auto all =
        loop.get(redis->execute(batch{{"GET", "k"}, {"INCR", "n"}, {"GET", "n"}, {"INCR", "n"}}, deadline::after(20s)));
    EXPECT_EQ(all.at(0).as_text(), "v");
    EXPECT_EQ(all.at(3).as_integer(), 2);
    EXPECT_EQ(heard, (said{"GET k; INCR n; GET n; INCR n", "PING", "PING", "PING", "INCR n; GET n; INCR n"}));
}

TEST_F(RedisLoadingTrouble, LeavesABatchAsItIsOfWhichItExecutedWhatCountsBehindWhatItRefused) {
    plays = [&](const std::string& words) -> answers { return words == "PING" ? "+PONG\r\n" : loading + ":1\r\n"; };
    const auto all = loop.get(redis->execute(batch{{"INCR", "a"}, {"INCR", "b"}}, deadline::after(20s)));
    EXPECT_EQ(all.at(0).error_code(), "LOADING");
    EXPECT_EQ(all.at(1).as_integer(), 1);
}

TEST_F(RedisLoadingTrouble, IsSentATransactionAgainAsAWhole) {
    const std::string whole = "MULTI; INCR n; GET n; EXEC";
    bool refused = false;
    plays = [&](const std::string& words) -> answers {
        if (words == "PING")
            return "+PONG\r\n";
        if (!std::exchange(refused, true))
            return "+OK\r\n" + loading + loading + aborted;
        return "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n$1\r\n1\r\n";
    };
    const auto all = loop.get(redis->transaction({{"INCR", "n"}, {"GET", "n"}}, deadline::after(20s)));
    EXPECT_EQ(all.at(0).as_integer(), 1);
    EXPECT_EQ(heard, (said{whole, "PING", whole}));
}

TEST_F(RedisLoadingTrouble, IsSentATransactionAgainThatItRefusedAtItsEnd) {
    bool refused = false;
    plays = [&](const std::string& words) -> answers {
        if (words == "PING")
            return "+PONG\r\n";
        if (!std::exchange(refused, true))
            return "+OK\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of: " + loading.substr(1);
        return "+OK\r\n+QUEUED\r\n*1\r\n:1\r\n";
    };
    EXPECT_EQ(loop.get(redis->transaction({{"INCR", "n"}}, deadline::after(20s))).at(0).as_integer(), 1);
}

TEST_F(RedisLoadingTrouble, IsSaidNothingElseBeforeItIsReady) {
    bool ready = false;
    plays = [&](const std::string& words) -> answers {
        if (words == "PING")
            return ready ? "+PONG\r\n" : loading;
        return ready ? ":1\r\n:2\r\n" : loading;
    };
    const auto first = loop.spawn(redis->execute<int>({"INCR", "n"}, deadline::after(20s)));
    loop.until([&] { return heard.size() > 3; });
    const auto second = loop.spawn(redis->execute<int>({"INCR", "n"}, deadline::after(20s)));
    const auto before = heard.size();
    loop.until([&] { return heard.size() > before + 3; });
    ready = true;
    loop.until([&] { return first->done() && second->done(); });
    EXPECT_EQ(first->value, 1) << first->what();
    EXPECT_EQ(second->value, 2) << second->what();
    EXPECT_EQ(heard.front(), "INCR n");
    EXPECT_EQ(heard.back(), "INCR n; INCR n") << "in one breath";
    EXPECT_EQ(std::ranges::count(heard, "PING"), static_cast<std::ptrdiff_t>(heard.size()) - 2);
}

// What it refused it did not execute, and the next one is asked, whatever is asked of it.
TEST_F(RedisLoadingTrouble, IsForgottenWithItsConnection) {
    int refused = 0;
    plays = [&](const std::string& words) -> answers {
        if (words == "PING")
            return std::nullopt;
        return ++refused < 3 ? loading : ":1\r\n";
    };
    EXPECT_EQ(loop.get(redis->execute<int>({"INCR", "n"}, deadline::after(20s))), 1);
    EXPECT_EQ(heard, (said{"INCR n", "PING", "INCR n", "PING", "INCR n"}));
    EXPECT_EQ(redis->status().not_ready, 0u);
    EXPECT_EQ(redis->status().reconnects, 2u);
}

TEST_F(RedisLoadingTrouble, IsTakenForReadyWhateverElseItAnswers) {
    bool refused = false;
    plays = [&](const std::string& words) -> answers {
        if (words == "PING")
            return "-NOPERM this user has no permissions to run the 'ping' command\r\n";
        return std::exchange(refused, true) ? ":1\r\n" : loading;
    };
    EXPECT_EQ(loop.get(redis->execute<int>({"INCR", "n"}, deadline::after(20s))), 1);
}

// It says so to a PING before it looks whether it is ready.
TEST_F(RedisLoadingTrouble, IsWaitedForAlsoByWhoMayNotAskIt) {
    plays = [&](const std::string& words) -> answers {
        if (words == "PING")
            return "-NOPERM this user has no permissions to run the 'ping' command\r\n";
        return heard.size() < 20 ? loading : ":1\r\n";
    };
    EXPECT_EQ(loop.get(redis->execute<int>({"INCR", "n"}, deadline::after(20s))), 1);
    EXPECT_EQ(std::ranges::count(heard, "INCR n"), 11);
    EXPECT_EQ(redis->status().not_ready, 0u);
}

// As no server does: what it is sent next would be the rest of that.
TEST_F(RedisLoadingTrouble, IsLeftWhenItRefusesWhatItHasNotReadToItsEnd) {
    const std::string much(16 * 1024 * 1024, 'x');
    std::size_t got = 0;
    far.emplace(loop.get_executor(), [&](std::size_t connection, const std::string& bytes) -> answers {
        if (bytes.find("HELLO") != bytes.npos)
            return hello_answer;
        if (connection == 0)
            return got == 0 ? (got = 1, loading) : "";
        got += bytes.size();
        return got > much.size() ? "+OK\r\n" : "";
    });
    redis.emplace(
        std::vector{loop.get_executor()},
        options{.port = far->port(), .max_queued_bytes = 2 * much.size(), .reconnect = {.delay = 1ms, .max = 1ms}});
    loop.wait(redis->execute<void>({"SET", "k", much}, deadline::after(20s)));
    EXPECT_EQ(redis->status().reconnects, 1u);
    EXPECT_NE(redis->status().last_problem.find("not read to its end"), std::string::npos)
        << redis->status().last_problem;
}

TEST_F(RedisLoadingTrouble, IsGivenUpWhenItIsSilent) {
    options to{.port = far->port(), .reconnect = {.delay = 1ms, .max = 1ms}, .response_timeout = 100ms};
    redis.emplace(std::vector{loop.get_executor()}, to);
    int pings = 0;
    plays = [&](const std::string& words) -> answers {
        if (words == "PING")
            return ++pings == 1 ? "" : "+PONG\r\n";
        return pings == 0 ? loading : ":1\r\n";
    };
    EXPECT_EQ(loop.get(redis->execute<int>({"INCR", "n"}, deadline::after(20s))), 1);
    EXPECT_EQ(redis->status().reconnects, 1u);
}

// Who has said so three times over, and each time that it is ready, may be a script that counts.
TEST_F(RedisLoadingTrouble, IsBelievedNoMoreOnceItHasSaidSoTooOften) {
    plays = [&](const std::string& words) -> answers { return words == "PING" ? "+PONG\r\n" : loading; };
    const auto r = loop.get(redis->execute({"EVAL", "return redis.error_reply('LOADING …')", 0}, deadline::after(20s)));
    EXPECT_EQ(r.error_code(), "LOADING");
    EXPECT_EQ(std::ranges::count(heard, "PING"), 3);
}

TEST_F(RedisLoadingTrouble, IsNotWaitedForByWhoGivesUpAndHoldsNoRoomForHim) {
    bool ready = false;
    plays = [&](const std::string& words) -> answers {
        if (words == "PING")
            return ready ? "+PONG\r\n" : loading;
        return ready ? ":1\r\n" : loading;
    };
    asio::cancellation_signal stop;
    const auto counted = loop.spawn(redis->execute<int>({"INCR", "n"}, deadline::after(20s)), stop.slot());
    loop.until([&] { return redis->status().not_ready == 1; });
    loop.cancel(stop);
    loop.until([&] { return counted->done(); });
    EXPECT_EQ(counted->what().find("it may have been executed"), std::string::npos) << counted->what();
    ready = true;
    loop.until([&] { return redis->status().not_ready == 0; });
    loop.until([&] { return redis->status().commands == 0; });
    EXPECT_EQ(loop.get(redis->execute<int>({"INCR", "n"}, deadline::after(20s))), 1);
    EXPECT_EQ(std::ranges::count(heard, "INCR n"), 2) << "his once";
}

TEST_F(RedisLoadingTrouble, IsNoReasonToStayWhenTheClientStops) {
    plays = [&](const std::string&) -> answers { return loading; };
    const auto counted = loop.spawn(redis->execute<int>({"INCR", "n"}, deadline::after(20s)));
    loop.until([&] { return redis->status().not_ready == 1; });
    loop.wait(redis->stop(deadline::after(50ms)));
    loop.until([&] { return counted->done(); });
    EXPECT_EQ(counted->code(), infra::errc::closed) << counted->what();
}

} // namespace
} // namespace infra::redis
