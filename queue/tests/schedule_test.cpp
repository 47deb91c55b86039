#include <infra/queue/schedule.hpp>

#include "support.hpp"

#include <random>
#include <stdexcept>

namespace infra::queue::tests {
namespace {

using std::chrono::days;
using moments = std::vector<wall_time>;

schedule daily(missed_runs missed = missed_runs::one) { return {.pattern = "0 8 * * *", .missed = missed}; }
schedule minutely(missed_runs missed = missed_runs::one) { return {.every = 1min, .missed = missed}; }

std::string problem(const schedule& s) {
    try {
        check(s);
        return "none";
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
}

TEST(QueueSchedule, NamesTheFieldThatIsWrong) {
    const std::pair<schedule, const char*> cases[] = {
        {{.pattern = "0 8 * * *", .tz = "Europe/Berlin"}, "none"},
        {{.every = 1ms, .offset = 0ms, .limit = 1, .start = t0, .end = t0, .grace = 0ms}, "none"},
        {{}, "queue::schedule::every must be at least 1 ms, or there must be a pattern"},
        {{.every = -1s}, "queue::schedule::every must be at least 1 ms, or there must be a pattern"},
        {{.pattern = "0 8 * * *", .every = 1s}, "queue::schedule::every and its offset are instead of a pattern"},
        {{.pattern = "0 8 * * *", .offset = 1s}, "queue::schedule::every and its offset are instead of a pattern"},
        {{.tz = "Europe/Berlin", .every = 1s}, "queue::schedule::tz is for a pattern, not for every"},
        {{.every = 1s, .offset = 1s}, "queue::schedule::offset must be from 0 to less than every"},
        {{.every = 1s, .offset = -1ms}, "queue::schedule::offset must be from 0 to less than every"},
        {{.every = 1s, .limit = 0}, "queue::schedule::limit must be at least 1"},
        {{.every = 1s, .start = t0, .end = t0 - 1ns}, "queue::schedule::end must not be before start"},
        {{.every = 1s, .grace = -1ms}, "queue::schedule::grace must not be negative"},
        {{.pattern = "*/0 * * * *"}, "queue::schedule::pattern: minute: '*/0' has no step; allowed are 1 to 59"},
    };
    for (const auto& [s, expected] : cases)
        EXPECT_EQ(problem(s), expected);
    EXPECT_TRUE(problem({.pattern = "0 8 * * *", .tz = "Europe/Atlantis"})
                    .starts_with("queue::schedule::tz: there is no time zone 'Europe/Atlantis'; "));
    EXPECT_THROW((void)first_run({}, t0), std::invalid_argument);
    EXPECT_THROW((void)follow({}, t0, 0, t0), std::invalid_argument);
}

TEST(QueueSchedule, RunsFirst) {
    const struct {
        const char* name;
        schedule s;
        wall_time now;
        std::optional<wall_time> expected;
    } cases[] = {
        {"a pattern", {.pattern = "0 8 * * *"}, t0, t0 + 8h},
        {"a pattern, right now", {.pattern = "0 8 * * *"}, t0 + 8h, t0 + 32h},
        {"a pattern by other clocks", {.pattern = "0 8 * * *", .tz = "Europe/Berlin"}, t0, t0 + 7h},
        {"a pattern that starts later", {.pattern = "0 8 * * *", .start = t0 + 9h}, t0, t0 + 32h},
        {"a pattern that starts with a run", {.pattern = "0 8 * * *", .start = t0 + 8h}, t0, t0 + 8h},
        {"a pattern that started long ago", {.pattern = "0 8 * * *", .start = t0 - days(9)}, t0, t0 + 8h},
        {"a pattern, at once", {.pattern = "0 8 * * *", .immediately = true}, t0 + 3s, t0 + 3s},
        {"a pattern, at once from its start",
         {.pattern = "0 8 * * *", .immediately = true, .start = t0 + 9h},
         t0,
         t0 + 9h},
        {"a pattern that ends before", {.pattern = "0 8 * * *", .end = t0 + 7h}, t0, {}},
        {"a pattern that ends with a run", {.pattern = "0 8 * * *", .end = t0 + 8h}, t0, t0 + 8h},
        {"an interval", {.every = 5min}, t0 + 17s, t0 + 17s},
        {"an interval that starts later", {.every = 5min, .start = t0 + 1h}, t0, t0 + 1h},
        {"an interval that is over", {.every = 5min, .end = t0 - 1s}, t0, {}},
        {"slots", {.every = 5min, .offset = 0ms}, t0 + 17s, t0 + 5min},
        {"slots, right now", {.every = 5min, .offset = 0ms}, t0 + 5min, t0 + 5min},
        {"slots with an offset", {.every = 5min, .offset = 30s}, t0 + 17s, t0 + 30s},
        {"slots before 1970", {.every = 5min, .offset = 30s}, wall_time(-1s), wall_time(30s)},
        {"slots before 1970, far", {.every = 5min, .offset = 30s}, wall_time(-5min), wall_time(-5min + 30s)},
    };
    for (const auto& each : cases)
        EXPECT_EQ(first_run(each.s, each.now), each.expected) << each.name;
}

TEST(QueueSchedule, ResumesAfterNowWhateverWasMissed) {
    struct row {
        schedule when;
        std::optional<wall_time> last;
        std::size_t runs;
        std::optional<wall_time> next; // of what is resumed at t0 + 90 s
    };
    for (const auto missed : {missed_runs::skip, missed_runs::one, missed_runs::all}) {
        const row rows[] = {
            {{.pattern = "* * * * *"}, t0 - 5min, 7, t0 + 2min},
            {{.pattern = "30 1 * * * *"}, t0 - 5min, 7, t0 + 1h + 90s}, // now itself is over
            {{.every = 1h}, t0 - 59min, 7, t0 + 1h + 1min},             // at the distance of its runs
            {{.every = 1h}, t0 - 23h, 7, t0 + 1h},
            {{.every = 1min}, t0 + 30s, 7, t0 + 150s},
            {{.every = 1h}, std::nullopt, 0, t0 + 90s + 1h},
            {{.every = 1h, .immediately = true}, std::nullopt, 0, t0 + 90s + 1h},
            {{.every = 1h, .offset = 5min}, t0 - 55min, 7, t0 + 5min},
            {{.every = 1h, .start = t0 + 10h}, std::nullopt, 0, t0 + 10h},
            {{.pattern = "0 * * * *", .start = t0 + 10h}, std::nullopt, 0, t0 + 10h},
            {{.every = 1h, .start = t0 - 10h}, std::nullopt, 0, t0 + 90s + 1h},
            {{.pattern = "* * * * *", .limit = 8}, t0, 7, t0 + 2min},
            {{.pattern = "* * * * *", .limit = 7}, t0, 7, std::nullopt},
            {{.pattern = "* * * * *", .end = t0 + 2min}, t0, 7, t0 + 2min},
            {{.pattern = "* * * * *", .end = t0 + 100s}, t0, 7, std::nullopt},
            {{.every = 1h, .start = t0 + 10h, .end = t0 + 10h}, std::nullopt, 0, t0 + 10h},
        };
        for (auto [when, last, runs, next] : rows) {
            when.missed = missed;
            EXPECT_EQ(resumed_run(when, last, runs, t0 + 90s), next) << when.pattern << when.every.count();
        }
    }
    EXPECT_THROW((void)resumed_run({.pattern = "x"}, t0, 1, t0), std::invalid_argument);
}

TEST(QueueSchedule, FollowsARunThatIsInTime) {
    for (const auto missed : {missed_runs::skip, missed_runs::one, missed_runs::all}) {
        EXPECT_EQ(follow(daily(missed), t0 + 8h, 0, t0 + 8h), (follow_up{true, t0 + 32h}));
        EXPECT_EQ(follow(daily(missed), t0 + 8h, 0, t0 + 8h + 3s), (follow_up{true, t0 + 32h}));
        EXPECT_EQ(follow(minutely(missed), t0 + 17s, 0, t0 + 17s + 5ms), (follow_up{true, t0 + 77s}));
    }
}

TEST(QueueSchedule, MakesNoRunEarly) {
    EXPECT_EQ(follow(daily(), t0 + 8h, 0, t0 + 8h - 1ns), (follow_up{false, t0 + 8h}));
    EXPECT_EQ(follow(daily(), t0 + 8h, 0, t0 - days(3)), (follow_up{false, t0 + 8h})) << "a clock that went back";
}

TEST(QueueSchedule, SkipsWhatWasMissed) {
    const auto now = t0 + days(3) + 12h;
    EXPECT_EQ(follow(daily(missed_runs::skip), t0 + 8h, 0, now), (follow_up{false, t0 + days(4) + 8h}));
    EXPECT_EQ(runs_due(daily(missed_runs::skip), t0 + 8h, 0, now), (due_runs{{}, t0 + days(4) + 8h}));
    // The last of them is not even late.
    EXPECT_EQ(follow(minutely(missed_runs::skip), t0, 0, t0 + 3h + 5s), (follow_up{false, t0 + 3h}));
    EXPECT_EQ(runs_due(minutely(missed_runs::skip), t0, 0, t0 + 3h + 5s), (due_runs{{t0 + 3h}, t0 + 3h + 1min}));
    // Each is as late as may be.
    auto strict = minutely(missed_runs::skip);
    strict.grace = 0ms;
    EXPECT_EQ(follow(strict, t0, 0, t0), (follow_up{true, t0 + 1min}));
    EXPECT_EQ(follow(strict, t0, 0, t0 + 1ms), (follow_up{false, t0 + 1min}));
    EXPECT_EQ(follow(minutely(missed_runs::skip), t0, 0, t0 + 1min), (follow_up{true, t0 + 1min}));
}

TEST(QueueSchedule, MakesUpForWhatWasMissedByOneRun) {
    const auto now = t0 + days(3) + 12h;
    EXPECT_EQ(follow(daily(), t0 + 8h, 0, now), (follow_up{true, t0 + days(4) + 8h}));
    EXPECT_EQ(runs_due(daily(), t0 + 8h, 0, now), (due_runs{{t0 + 8h}, t0 + days(4) + 8h}));
    EXPECT_EQ(runs_due(minutely(), t0 + 17s, 0, t0 + 3h), (due_runs{{t0 + 17s}, t0 + 3h + 17s}))
        << "it keeps its distance";
}

TEST(QueueSchedule, MakesUpForAllThatWasMissed) {
    const auto now = t0 + days(2) + 12h;
    EXPECT_EQ(follow(daily(missed_runs::all), t0 + 8h, 0, now), (follow_up{true, t0 + 32h}));
    EXPECT_EQ(runs_due(daily(missed_runs::all), t0 + 8h, 0, now),
              (due_runs{{t0 + 8h, t0 + 32h, t0 + 56h}, t0 + days(3) + 8h}));
    EXPECT_EQ(runs_due(minutely(missed_runs::all), t0, 0, t0 + 2min),
              (due_runs{{t0, t0 + 1min, t0 + 2min}, t0 + 3min}));
}

TEST(QueueSchedule, MakesNoMoreAtOnceThanItsBound) {
    const auto first = runs_due(minutely(missed_runs::all), t0, 0, t0 + days(1), 10);
    EXPECT_EQ(first.runs.size(), 10u);
    EXPECT_EQ(first.next, t0 + 10min) << "and goes on from there";
    EXPECT_EQ(runs_due(minutely(missed_runs::all), *first.next, 10, t0 + days(1), 10).runs.front(), t0 + 10min);
}

TEST(QueueSchedule, EndsWithItsLimit) {
    auto s = minutely(missed_runs::all);
    s.limit = 3;
    EXPECT_EQ(follow(s, t0, 1, t0), (follow_up{true, t0 + 1min}));
    EXPECT_EQ(follow(s, t0, 2, t0), (follow_up{true, std::nullopt}));
    EXPECT_EQ(follow(s, t0, 3, t0), (follow_up{}));
    EXPECT_EQ(runs_due(s, t0, 0, t0 + 1h), (due_runs{{t0, t0 + 1min, t0 + 2min}, std::nullopt}));
    s.missed = missed_runs::skip;
    EXPECT_EQ(follow(s, t0, 2, t0 + 90s), (follow_up{false, t0 + 1min})) << "what is skipped does not count";
}

TEST(QueueSchedule, EndsWithItsEnd) {
    auto s = daily(missed_runs::all);
    s.end = t0 + 32h;
    EXPECT_EQ(runs_due(s, t0 + 8h, 0, t0 + days(9)), (due_runs{{t0 + 8h, t0 + 32h}, std::nullopt}));
    EXPECT_EQ(follow(s, t0 + 33h, 0, t0 + days(9)), (follow_up{})) << "it was shortened meanwhile";
    s.missed = missed_runs::one;
    EXPECT_EQ(follow(s, t0 + 8h, 0, t0 + 9h), (follow_up{true, t0 + 32h}));
    EXPECT_EQ(follow(s, t0 + 32h, 0, t0 + 33h), (follow_up{true, std::nullopt}));
}

TEST(QueueSchedule, ComesBackToItsSlotsAfterARunAtOnce) {
    const schedule slots{.every = 5min, .offset = 30s, .immediately = true};
    EXPECT_EQ(first_run(slots, t0 + 7s), t0 + 7s);
    EXPECT_EQ(follow(slots, t0 + 7s, 0, t0 + 7s), (follow_up{true, t0 + 30s}));
    EXPECT_EQ(follow(slots, t0 + 30s, 1, t0 + 31s), (follow_up{true, t0 + 5min + 30s}));
}

TEST(QueueSchedule, GoesByRealTimeWhereItIsAnInterval) {
    const auto before_the_change = std::chrono::sys_days(std::chrono::year(2026) / 3 / 28) + 12h;
    const schedule day{.every = 24h};
    EXPECT_EQ(follow(day, before_the_change, 0, before_the_change).next, before_the_change + 24h);
    const schedule noon{.pattern = "0 13 * * *", .tz = "Europe/Berlin"};
    EXPECT_EQ(follow(noon, before_the_change, 0, before_the_change).next, before_the_change + 23h);
}

TEST(QueueSchedule, SurvivesTheEndsOfTime) {
    for (const auto missed : {missed_runs::skip, missed_runs::one, missed_runs::all})
        for (auto s :
             {minutely(missed), daily(missed), schedule{.every = std::chrono::hours(24 * 365 * 250), .missed = missed}})
            for (const auto due : {wall_time::min(), t0, wall_time::max()})
                for (const auto now : {wall_time::min(), t0, wall_time::max()}) {
                    const auto [run, next] = follow(s, due, 0, now);
                    EXPECT_TRUE(!next || *next >= due);
                    EXPECT_FALSE(run && now < due);
                }
    EXPECT_EQ(first_run(daily(), wall_time::max()), std::nullopt);
    EXPECT_EQ(first_run(minutely(), wall_time::max()), wall_time::max());
}

// Whatever is asked when, runs are in order, none is early or made twice, and of `all` none is lost.
TEST(QueueSchedule, LosesAndDoublesNothing) {
    std::mt19937 lots(3);
    const auto lot = [&](int to) { return std::uniform_int_distribution(0, to)(lots); };
    for (int round = 0; round < 300; ++round) {
        const auto missed = static_cast<missed_runs>(lot(2));
        schedule s =
            lot(1) ? schedule{.pattern = "*/7 * * * *", .missed = missed} : schedule{.every = 7min, .missed = missed};
        auto due = first_run(s, t0);
        auto now = t0;
        moments made;
        while (now < t0 + 12h) {
            now += std::chrono::seconds(lot(lot(3) ? 300 : 10'000));
            const auto [runs, next] = runs_due(s, *due, made.size(), now, static_cast<std::size_t>(1 + lot(5)));
            for (const auto each : runs) {
                ASSERT_LE(each, now);
                ASSERT_TRUE(made.empty() || each > made.back());
                made.push_back(each);
            }
            ASSERT_TRUE(next && (made.empty() || *next > made.back()));
            due = next;
        }
        if (missed != missed_runs::all)
            continue;
        moments expected;
        for (auto at = *first_run(s, t0); at < *due; at = *follow(s, at, 0, at).next)
            expected.push_back(at);
        ASSERT_EQ(made, expected);
    }
}

} // namespace
} // namespace infra::queue::tests
