#include "src/sites.hpp"

#include "support.hpp"

#include <set>
#include <thread>

namespace infra::logging {
namespace {

TEST(LogSites, AreOneForEachPlaceInTheSource) {
    detail::sites table;
    const auto place = [] { return std::source_location::current(); };
    EXPECT_EQ(table.find(place()), table.find(place()));
    EXPECT_NE(table.find(place()), table.find(std::source_location::current()));
}

TEST(LogSites, AreDueAtFirstAndThenOnceAPeriod) {
    detail::site s;
    steady_time now{};
    EXPECT_EQ(s.due_every(10s, now), 0U);
    EXPECT_EQ(s.due_every(10s, now), std::nullopt);
    EXPECT_EQ(s.due_every(10s, now + 9s), std::nullopt);
    EXPECT_EQ(s.due_every(10s, now + 10s), 2U);
    EXPECT_EQ(s.due_every(10s, now + 30s), 0U);
}

TEST(LogSites, AreDueForTheFirstOfEachSoMany) {
    detail::site s;
    std::string due;
    for (int i = 0; i < 7; ++i) {
        const auto left_out = s.due_one_in(3);
        due += left_out ? std::to_string(*left_out) : "-";
    }
    EXPECT_EQ(due, "0--2--2");
}

TEST(LogSites, AreDueOnceHoweverManyThreadsAsk) {
    detail::site s;
    std::atomic<int> due{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 1'000; ++i)
                    due += s.due_every(1h, steady_time{}).has_value();
            });
    }
    EXPECT_EQ(due, 1);
    EXPECT_EQ(s.left_out, 3'999U);
}

TEST(Logger, SaysItOnceAPeriodAndHowOftenItDidNot) {
    manual_clock clock;
    captured log({.time = &clock});
    const logger speaks({.to = &log.out});
    for (int i = 0; i < 5; ++i) {
        speaks.once_every(10s).warn("slow", {{"i", i}});
        clock.advance(4s);
    }
    speaks.once_every(10s).info("another place");
    const auto lines = log.lines();
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].at("i"), 0);
    EXPECT_FALSE(lines[0].contains("left_out"));
    EXPECT_EQ(lines[1].at("i"), 3);
    EXPECT_EQ(lines[1].at("left_out"), 2);
    EXPECT_EQ(lines[2].at("message"), "another place");
}

TEST(Logger, SaysOneInSoMany) {
    captured log;
    const logger speaks({.to = &log.out});
    for (int i = 0; i < 250; ++i)
        speaks.one_in(100).info("tick", {{"i", i}});
    const auto lines = log.lines();
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[2].at("i"), 200);
    EXPECT_EQ(lines[2].at("left_out"), 99);
}

TEST(Logger, CountsNoLineBelowItsLevelAsLeftOut) {
    captured log({.levels = parse_levels("info").rules});
    const logger speaks({.to = &log.out});
    for (const auto l : {level::debug, level::debug, level::info})
        speaks.one_in(2).write(l, "x");
    EXPECT_EQ(log.lines().size(), 1U);
}

} // namespace
} // namespace infra::logging
