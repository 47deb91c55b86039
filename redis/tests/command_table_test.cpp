#include "src/command_table.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using namespace std::chrono_literals;

TEST(CommandTable, KnowsWhatMayBeRepeated) {
    const std::pair<command, replay> cases[] = {
        {{"GET", "k"}, replay::read},
        {{"get", "k"}, replay::read},
        {{"ZRANGE", "k", 0, -1}, replay::read},
        {{"PEXPIRETIME", "k"}, replay::read},
        {{"DEL", "k"}, replay::idempotent},
        {{"SET", "k", "v", "PX", 1000}, replay::idempotent},
        {{"SET", "k", "v", "NX", "PX", 1000}, replay::never},
        {{"SET", "k", "v", "px", 1000, "nx"}, replay::never},
        {{"SET", "k", "NX"}, replay::idempotent}, // a value, not an option
        {{"SET", "GET", "v"}, replay::idempotent},
        {{"SET", "k", "v", "GET"}, replay::never},
        {{"SET", "k", "v", "IFEQ", "w"}, replay::never},     // of servers to come
        {{"SET", "k", "v", "EX", "NX"}, replay::idempotent}, // a number that is none: the server's affair
        {{"SET", "k", "v", "XX", "keepttl"}, replay::idempotent},
        {{"SET", "k", "v", "EXAT", 1, "GET"}, replay::never},
        {{"HSET", "k", "f", "v"}, replay::idempotent},
        {{"ZADD", "k", 1, "m"}, replay::idempotent},
        {{"ZADD", "k", "INCR", 1, "m"}, replay::never},
        {{"EXPIRE", "k", 10}, replay::idempotent},
        {{"EXPIRE", "k", 10, "NX"}, replay::never},
        {{"PEXPIREAT", "k", 10, "NEW"}, replay::never},
        {{"INCR", "k"}, replay::never},
        {{"LPUSH", "k", "v"}, replay::never},
        {{"EVALSHA", "s", 0}, replay::never},
        {{"SETNX", "k", "v"}, replay::never},
        {{"GETDEL", "k"}, replay::never},
        {{"NOSUCHCOMMAND"}, replay::never},
        {{"A-NAME-FAR-LONGER-THAN-ANY-THERE-IS"}, replay::never},
        {{"BLPOP", "k", 1}, replay::never},
    };
    for (const auto& [c, wanted] : cases)
        EXPECT_EQ(replay_of(c), wanted) << c.name() << " of " << c.size();
}

TEST(CommandTable, IsOverruledByTheCaller) {
    EXPECT_EQ(replay_of(command({"EVALSHA", "s", 0}).again(replay::idempotent)), replay::idempotent);
    EXPECT_EQ(replay_of(command({"GET", "k"}).again(replay::never)), replay::never);
}

TEST(CommandTable, KnowsHowCommandsTravel) {
    using enum lane_of_travel;
    const std::pair<command, lane_of_travel> cases[] = {
        {{"GET", "k"}, shared},
        {{"SOMETHINGNEW", "k"}, shared},
        {{"BLPOP", "k", 1}, blocking},
        {{"bzpopmin", "k", 1}, blocking},
        {{"XREAD", "COUNT", 1, "STREAMS", "s", "0"}, shared},
        {{"XREAD", "COUNT", 1, "BLOCK", 100, "STREAMS", "s", "$"}, blocking},
        {{"XREADGROUP", "GROUP", "g", "c", "block", 0, "STREAMS", "s", ">"}, blocking},
        {{"XREAD", "STREAMS", "BLOCK", "0"}, shared}, // a key's name
        {{"WAIT", 1, 100}, own},
        {{"SELECT", 1}, own},
        {{"WATCH", "k"}, own},
        {{"MULTI"}, own},
        {{"CLIENT", "LIST"}, shared},
        {{"client", "id"}, shared},
        {{"CLIENT", "TRACKING", "ON"}, own},
        {{"CLIENT", "SETNAME", "x"}, own},
        {{"CLIENT", "REPLY", "OFF"}, forbidden},
        {{"CLIENT"}, own},
        {{"SUBSCRIBE", "c"}, forbidden},
        {{"MONITOR"}, forbidden},
        {{"QUIT"}, forbidden},
        {{"SCRIPT", "LOAD", "x"}, shared},
        {{"SCRIPT", "DEBUG", "YES"}, forbidden},
    };
    for (const auto& [c, wanted] : cases)
        EXPECT_EQ(lane_of(c), wanted) << c.name() << " of " << c.size();
}

TEST(CommandTable, ReadsHowLongACommandBlocks) {
    const std::pair<command, std::optional<std::chrono::milliseconds>> cases[] = {
        {{"BLPOP", "a", "b", 5}, 5000ms},
        {{"BZPOPMIN", "a", 0.0014}, 2ms},
        {{"BRPOPLPUSH", "a", "b", 0}, 0ms},
        {{"BLMOVE", "a", "b", "LEFT", "RIGHT", "2.5"}, 2500ms},
        {{"BLMPOP", 3, 1, "a", "LEFT"}, 3000ms},
        {{"BZMPOP", "0.25", 1, "a", "MIN"}, 250ms},
        {{"XREAD", "BLOCK", 100, "STREAMS", "s", "$"}, 100ms},
        {{"XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">"}, 0ms},
        {{"WAIT", 1, 250}, 250ms},
        {{"WAITAOF", 1, 1, 250}, 250ms},
        {{"BLPOP", "a", "soon"}, std::nullopt},
        {{"BLPOP", "a", -1}, std::nullopt},
        {{"BLPOP", "a", "inf"}, std::nullopt},
        {{"BLPOP"}, std::nullopt},
        {{"BLPOP", "a", 1e300}, std::chrono::milliseconds(1'000'000'000'000'000)},
    };
    for (const auto& [c, wanted] : cases)
        EXPECT_EQ(blocking_time(c), wanted) << c.name() << " of " << c.size();
}

TEST(RedisCommandTable, WaitsForTheRestOfTheTime) {
    const std::pair<command, std::string> cases[] = {
        {{"BLPOP", "a", "b", 5}, "BLPOP a b 1.25"},
        {{"BZMPOP", 5, 1, "a", "MIN"}, "BZMPOP 1.25 1 a MIN"},
        {{"BLMOVE", "a", "b", "LEFT", "RIGHT", 5}, "BLMOVE a b LEFT RIGHT 1.25"},
        {{"XREAD", "BLOCK", 5000, "STREAMS", "a", "$"}, "XREAD BLOCK 1250 STREAMS a $"},
    };
    for (const auto& [c, wanted] : cases) {
        std::string out;
        const auto shorter = with_blocking_time(c, std::chrono::milliseconds(1250));
        for (const auto each : shorter.words())
            out += (out.empty() ? "" : " ") + std::string(each);
        EXPECT_EQ(out, wanted);
        EXPECT_EQ(blocking_time(shorter), std::chrono::milliseconds(1250));
    }
}

} // namespace
} // namespace infra::redis::detail
