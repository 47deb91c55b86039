#include "src/redirect.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using kind = redirection::kind;

const address from{.host = "10.0.0.1", .port = 7000};

redirection of(std::string words) { return redirection_in(reply(std::move(words), reply::kind::error), from); }

TEST(RedisRedirect, IsReadFromTheErrorsOfNodes) {
    const auto moved = of("MOVED 3999 127.0.0.1:6381");
    EXPECT_EQ(moved.type, kind::moved);
    EXPECT_EQ(moved.slot, 3999);
    EXPECT_EQ(to_string(moved.to), "127.0.0.1:6381");
    const auto ask = of("ASK 16383 node-7.internal:6381");
    EXPECT_EQ(ask.type, kind::ask);
    EXPECT_EQ(ask.slot, 16383);
    EXPECT_EQ(to_string(ask.to), "node-7.internal:6381");
    EXPECT_EQ(to_string(of("MOVED 1 ::1:6381").to), "[::1]:6381");
    EXPECT_EQ(to_string(of("MOVED 1 :6381").to), "10.0.0.1:6381") << "the host that was asked";
    EXPECT_EQ(of("TRYAGAIN Multiple keys request during rehashing of slot").type, kind::try_again);
    EXPECT_EQ(of("CLUSTERDOWN Hash slot not served").type, kind::down);
}

TEST(RedisRedirect, IsNothingElse) {
    for (const char* const words : {"ERR unknown", "MOVEDX 1 a:1", "WRONGTYPE MOVED 1 a:1", "CROSSSLOT Keys"})
        EXPECT_EQ(of(words).type, kind::none) << words;
    EXPECT_EQ(redirection_in(reply(std::string("MOVED 1 a:1")), from).type, kind::none) << "a value is no error";
}

TEST(RedisRedirect, ComesFromANodeThatIsNotReady) {
    const auto told = [](std::string words, const command& asked) {
        return redirection_in(reply(std::move(words), reply::kind::error), from, asked).type;
    };
    const std::string loading = "LOADING Redis is loading the dataset in memory";
    EXPECT_EQ(told(loading, {"INCR", "k"}), kind::down);
    EXPECT_EQ(told(loading, {"EVALSHA", "sha", 1, "foo"}), kind::down);
    EXPECT_EQ(told("EXECABORT Transaction discarded because of: " + loading, {"EXEC"}), kind::down);
    EXPECT_EQ(told("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", {"GET", "k"}),
              kind::down);
    EXPECT_EQ(told("LOADING after counting", {"EVAL", "x", 1, "foo"}), kind::none);
    EXPECT_EQ(told("READONLY You can't write against a read only replica.", {"INCR", "k"}), kind::none);
    EXPECT_EQ(told("BUSY Redis is busy running a script.", {"INCR", "k"}), kind::none);
}

// A script that counts and then says so would count again and again.
TEST(RedisRedirect, IsNotBelievedOfAScriptUnlessAServerSaysSo) {
    const auto told = [](std::string words, const command& asked) {
        return redirection_in(reply(std::move(words), reply::kind::error), from, asked).type;
    };
    const command script{"EVALSHA", "sha", 1, "foo"}; // slot 12182
    EXPECT_EQ(told("MOVED 12182 a:1", script), kind::moved);
    EXPECT_EQ(told("ASK 12182 a:1", script), kind::ask);
    EXPECT_EQ(told("TRYAGAIN Multiple keys request during rehashing of slot", script), kind::try_again);
    EXPECT_EQ(told("CLUSTERDOWN Hash slot not served", script), kind::down);
    for (const char* const words : {"MOVED 12183 a:1", "ASK 1 a:1", "MOVED nowhere", "TRYAGAIN later", "CLUSTERDOWN",
                                    "UNBLOCKED force unblock"}) {
        EXPECT_EQ(told(words, script), kind::none) << words;
        EXPECT_EQ(told(words, {"fcall_ro", "f", 1, "foo"}), kind::none) << words;
        EXPECT_NE(told(words, {"GET", "bar"}), kind::none) << words;
    }
    EXPECT_EQ(told("MOVED 12182 a:1", {"EVAL", "return 1", 0}), kind::none) << "it has no slot";
}

TEST(RedisRedirect, ToNowhereMeansThatTheClusterIsDown) {
    for (const char* const words :
         {"MOVED", "MOVED 1", "MOVED a b:1", "MOVED 16384 a:1", "MOVED -1 a:1", "MOVED 1 a", "MOVED 1 a:0",
          "MOVED 1 a:65536", "MOVED 1 a:x", "MOVED 1 ?:6381", "ASK 99999999999999 a:1", "MOVED 1 "})
        EXPECT_EQ(of(words).type, kind::down) << words;
}

TEST(RedisRedirect, IsFollowedAtOnceAFewTimesAndThenMoreSlowly) {
    redirect_policy policy;
    for (int i = 0; i < 3; ++i) {
        const auto d = policy.decide(i == 1 ? kind::ask : kind::moved, 0.5);
        EXPECT_TRUE(d.again);
        EXPECT_EQ(d.wait.count(), 0);
        EXPECT_EQ(d.refresh, i != 1) << "ASK says nothing about the map";
    }
    EXPECT_GT(policy.decide(kind::moved, 0.5).wait.count(), 0);
}

TEST(RedisRedirect, EndsWhereNodesSendItToEachOther) {
    redirect_policy policy;
    int hops = 0;
    while (policy.decide(kind::moved, 0).again)
        ASSERT_LT(++hops, 100);
    EXPECT_EQ(hops, redirect_policy::max_hops);
}

TEST(RedisRedirect, WaitsWhileTheClusterIsDownUntilItsCallerDoesNot) {
    redirect_policy policy;
    for (int i = 0; i < 1000; ++i) {
        const auto d = policy.decide(i % 2 ? kind::down : kind::try_again, 1);
        ASSERT_TRUE(d.again);
        ASSERT_GT(d.wait.count(), 0);
        ASSERT_LE(d.wait.count(), 500);
        ASSERT_EQ(d.refresh, i % 2 == 1);
    }
    EXPECT_FALSE(policy.decide(kind::none, 1).again);
}

} // namespace
} // namespace infra::redis::detail
