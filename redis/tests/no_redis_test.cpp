// What happens to those who wait where somebody else answers, or a server that says what it should not.

#include <infra/redis.hpp>

#include "tests/outage.hpp"

#include <gtest/gtest.h>

namespace infra::redis {
namespace {

using maybe = std::optional<std::string>;

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
