#include <infra/logging/levels.hpp>

#include <gtest/gtest.h>

namespace infra::logging {
namespace {

TEST(LogLevels, AreReadFromOneWord) {
    EXPECT_EQ(parse_levels("debug").rules.fallback, level::debug);
    EXPECT_EQ(parse_levels(" WARN ").rules.fallback, level::warn);
    EXPECT_EQ(parse_levels("").rules.fallback, level::info);
}

TEST(LogLevels, MayDifferByModule) {
    const auto rules = parse_levels("warn, db=debug ,http=error").rules;
    EXPECT_EQ(rules.of(""), level::warn);
    EXPECT_EQ(rules.of("queue"), level::warn);
    EXPECT_EQ(rules.of("db"), level::debug);
    EXPECT_EQ(rules.of("http"), level::error);
}

TEST(LogLevels, OfAModuleCoverItsParts) {
    const auto rules = parse_levels("info,db=debug,db.pool=error").rules;
    EXPECT_EQ(rules.of("db.wal"), level::debug);
    EXPECT_EQ(rules.of("db.pool"), level::error);
    EXPECT_EQ(rules.of("db.pool.x"), level::error);
    EXPECT_EQ(rules.of("dbase"), level::info);
}

TEST(LogLevels, TakeTheLastOfTwoRules) {
    EXPECT_EQ(parse_levels("warn,error").rules.fallback, level::error);
    EXPECT_EQ(parse_levels("db=warn,db=error").rules.of("db"), level::error);
}

TEST(LogLevels, TreatAnUnknownWordAsInfoAndSaySo) {
    const auto parsed = parse_levels("loud,db=secret,http=warn");
    EXPECT_EQ(parsed.rules.fallback, level::info);
    EXPECT_EQ(parsed.rules.of("db"), level::info);
    EXPECT_EQ(parsed.rules.of("http"), level::warn);
    ASSERT_EQ(parsed.problems.size(), 2U);
    EXPECT_EQ(parsed.problems[1], "entry 2 names no level; use debug, info, warn or error (info is used)");
}

TEST(LogLevels, IgnoreEmptyEntries) {
    const auto parsed = parse_levels(",,warn,");
    EXPECT_EQ(parsed.rules.fallback, level::warn);
    EXPECT_TRUE(parsed.problems.empty());
}

} // namespace
} // namespace infra::logging
