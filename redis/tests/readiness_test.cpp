#include "src/readiness.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using std::chrono::milliseconds;

class RedisReadiness : public ::testing::Test {
protected:
    bool refused(int at_ms, const char* words = "LOADING") { return server.refused(words, at(at_ms), 0); }
    static steady_time at(int ms) { return steady_time(milliseconds(ms)); }

    readiness server{backoff{.type = backoff::kind::exponential, .delay = milliseconds(50), .max = milliseconds(150)}};
};

TEST_F(RedisReadiness, IsThereUntilTheServerRefuses) {
    EXPECT_TRUE(server.is_ready());
    EXPECT_EQ(server.ask_at(), steady_time::max());
    EXPECT_TRUE(refused(1000)) << "news";
    EXPECT_FALSE(server.is_ready());
    EXPECT_EQ(server.words(), "LOADING");
    EXPECT_EQ(server.ask_at(), at(1050));
}

TEST_F(RedisReadiness, IsAskedForOnceForAllThatWereRefusedTogether) {
    refused(1000);
    EXPECT_FALSE(refused(1001));
    EXPECT_FALSE(refused(1002));
    EXPECT_EQ(server.ask_at(), at(1050));
    server.ask();
    EXPECT_TRUE(server.is_asked());
    EXPECT_EQ(server.ask_at(), steady_time::max()) << "it has been";
}

TEST_F(RedisReadiness, IsAskedForMoreAndMoreRarelyAndFromTheBeginningTheNextTime) {
    refused(0);
    for (const auto& [now, next] : {std::pair(50, 150), {150, 300}, {300, 450}}) {
        server.ask();
        EXPECT_FALSE(refused(now)) << "no news";
        EXPECT_EQ(server.ask_at(), at(next)) << now;
    }
    server.ask();
    server.ready(at(450));
    EXPECT_TRUE(server.is_ready());
    EXPECT_TRUE(refused(1450));
    EXPECT_EQ(server.ask_at(), at(1500));
    EXPECT_FALSE(server.is_doubtful());
}

// Whoever may not ask it is told so at once, and a proxy answers by itself.
TEST_F(RedisReadiness, IsDoubtedWhereTheServerRefusesSoonAfterItsAnswer) {
    refused(0);
    for (const auto& [answered, next] : {std::pair(50, 151), {151, 302}, {302, 453}}) {
        server.ask();
        server.ready(at(answered));
        EXPECT_TRUE(refused(answered + 1));
        EXPECT_TRUE(server.is_doubtful());
        EXPECT_EQ(server.ask_at(), at(next)) << "more and more rarely all the same";
    }
    server.begin_anew();
    EXPECT_TRUE(server.is_ready());
    EXPECT_TRUE(refused(500));
    EXPECT_FALSE(server.is_doubtful()) << "it is another connection";
    EXPECT_EQ(server.ask_at(), at(550));
}

} // namespace
} // namespace infra::redis::detail
