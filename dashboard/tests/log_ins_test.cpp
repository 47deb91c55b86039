#include "src/log_ins.hpp"

#include <gtest/gtest.h>

#include <set>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

struct LogIns : ::testing::Test {
    manual_clock time;
    log_ins all{time, 12h};
};

TEST_F(LogIns, LinkIsGoodOnce) {
    const auto token = all.make_link(1h);
    const auto session = all.use_link(token);
    ASSERT_TRUE(session);
    EXPECT_TRUE(all.knows(*session));
    EXPECT_FALSE(all.use_link(token));
}

TEST_F(LogIns, TokensAreLongAndNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto token = all.make_link(1h);
        EXPECT_EQ(token.size(), 43u); // 256 bits
        EXPECT_TRUE(seen.insert(token).second);
    }
}

TEST_F(LogIns, WhatIsNoTokenOpensNothing) {
    const auto token = all.make_link(1h);
    const auto session = all.use_link(all.make_link(1h));
    EXPECT_FALSE(all.use_link(""));
    EXPECT_FALSE(all.use_link(token + "x"));
    EXPECT_FALSE(all.use_link(token.substr(1)));
    EXPECT_FALSE(all.use_link(std::string(1'000'000, 'x')));
    EXPECT_FALSE(all.use_link(*session)) << "a session is no link";
    EXPECT_FALSE(all.knows(token)) << "a link is no session";
    EXPECT_FALSE(all.knows(""));
    EXPECT_TRUE(all.use_link(token));
}

TEST_F(LogIns, LinksAndSessionsEnd) {
    const auto late = all.make_link(10min);
    const auto session = all.use_link(all.make_link(10min));
    time.advance(10min);
    EXPECT_FALSE(all.use_link(late));
    time.advance(12h - 10min - 1s);
    EXPECT_TRUE(all.knows(*session));
    time.advance(1s);
    EXPECT_FALSE(all.knows(*session));
}

TEST_F(LogIns, SessionEndsWhenItsOwnerSaysSo) {
    const auto session = all.use_link(all.make_link(1h));
    const auto other = all.use_link(all.make_link(1h));
    all.end(*session);
    all.end("nobody's");
    EXPECT_FALSE(all.knows(*session));
    EXPECT_TRUE(all.knows(*other));
}

TEST_F(LogIns, OldestMakeRoom) {
    const auto first_link = all.make_link(1h);
    for (std::size_t i = 0; i < log_ins::most_links; ++i)
        all.make_link(1h);
    EXPECT_FALSE(all.use_link(first_link));
    const auto first = all.use_link(all.make_link(1h));
    for (std::size_t i = 0; i < log_ins::most_sessions; ++i)
        ASSERT_TRUE(all.use_link(all.make_link(1h)));
    EXPECT_FALSE(all.knows(*first));
    EXPECT_EQ(all.sessions(), log_ins::most_sessions);
}

TEST(WrongTokens, TenAreForgivenAndThenTenAMinute) {
    manual_clock time;
    wrong_tokens wrong(time);
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(wrong.too_many("10.0.0.7")) << i;
        wrong.add("10.0.0.7");
    }
    EXPECT_TRUE(wrong.too_many("10.0.0.7"));
    EXPECT_FALSE(wrong.too_many("10.0.0.8"));
    time.advance(6s);
    EXPECT_FALSE(wrong.too_many("10.0.0.7"));
    wrong.add("10.0.0.7");
    EXPECT_TRUE(wrong.too_many("10.0.0.7"));
    for (int i = 0; i < 1000; ++i)
        wrong.add("10.0.0.7");
    time.advance(60s);
    for (int i = 0; i < 9; ++i)
        wrong.add("10.0.0.7");
    EXPECT_FALSE(wrong.too_many("10.0.0.7")) << "what came while nothing was compared does not count longer";
}

TEST(WrongTokens, RemembersAThousandAddressesAtMost) {
    manual_clock time;
    wrong_tokens wrong(time);
    for (int i = 0; i < 10; ++i)
        wrong.add("10.0.0.7");
    for (int i = 0; i < 5000; ++i)
        wrong.add("2001:db8::" + std::to_string(i));
    EXPECT_TRUE(wrong.too_many("10.0.0.7")) << "the one with the most stays";
}

} // namespace
} // namespace infra::dashboard
