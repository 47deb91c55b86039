#include "src/feed.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

struct Feed : ::testing::Test {
    manual_clock time;
    feed told{time};

    void tell(int count) {
        for (int i = 0; i < count; ++i)
            told.tell({.kind = "job", .text = "number " + std::to_string(i)});
    }
};

TEST_F(Feed, GoesOnWhereTheLastLookEnded) {
    tell(2);
    const auto first = told.after(0);
    ASSERT_EQ(first.items.size(), 2u);
    EXPECT_EQ(first.items[0].at("text"), "number 0");
    told.tell({.kind = "log", .severity = level::warn, .text = "late", .link = "#/logs", .trace = "ab"});
    const auto next = told.after(first.next);
    ASSERT_EQ(next.items.size(), 1u);
    EXPECT_EQ(next.items[0].at("severity"), "warn");
    EXPECT_EQ(next.items[0].at("at"), to_unix_ms(time.wall()));
    EXPECT_TRUE(told.after(next.next).items.empty());
}

TEST_F(Feed, TakesAHundredASecond) {
    tell(150);
    EXPECT_EQ(told.after(0).items.size(), 100u);
    EXPECT_EQ(told.refused(), 50u);
    time.advance(1s);
    tell(1);
    EXPECT_EQ(told.after(0).items.size(), 101u);
}

TEST_F(Feed, KeepsFiveHundredAndSaysHowManyWereMissed) {
    for (int second = 0; second < 7; ++second) {
        tell(100);
        time.advance(1s);
    }
    EXPECT_EQ(told.after(0).items.size(), feed::most);
    const auto late = told.after(100);
    EXPECT_EQ(late.items.size(), feed::most);
    EXPECT_EQ(late.skipped, 100u);
}

TEST_F(Feed, CutsLongTextsBetweenCharacters) {
    std::string text(299, 'x');
    text += "€€";
    told.tell({.kind = "job", .text = text, .link = std::string(5000, 'l')});
    const auto found = told.after(0).items.at(0);
    const std::string shown(found.at("text").as_string());
    EXPECT_TRUE(encoding::is_utf8(shown)) << shown;
    EXPECT_TRUE(shown.ends_with("x…"));
    EXPECT_EQ(found.at("link"), "");
}

} // namespace
} // namespace infra::dashboard
