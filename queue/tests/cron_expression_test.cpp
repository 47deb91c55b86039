#include <infra/queue/cron_expression.hpp>

#include "cron_support.hpp"

#include <algorithm>

namespace infra::queue::tests {
namespace {

using namespace std::chrono;

/// From `2026-03-29T01:30:00Z` or with an offset.
wall_time at(std::string_view text) {
    const auto number = [&](std::size_t begin, std::size_t digits) {
        return std::stoi(std::string(text.substr(begin, digits)));
    };
    const auto date = year(number(0, 4)) / number(5, 2) / number(8, 2);
    auto t = wall_time(sys_days(date)) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
    if (text[19] != 'Z')
        t -= (text[19] == '-' ? -1 : 1) * (hours(number(20, 2)) + minutes(number(23, 2)));
    return t;
}

std::vector<std::string> shown(const std::vector<wall_time>& times, const time_zone& zone) {
    std::vector<std::string> out;
    for (const auto t : times)
        out.push_back(to_rfc3339(t, zone));
    return out;
}

/// Forwards and, which must be the same, backwards.
std::vector<wall_time> runs(const cron_expression& cron, const time_zone& zone, wall_time begin, wall_time end) {
    std::vector<wall_time> forwards, backwards;
    for (auto t = cron.next(begin - 1ns, zone); t && *t < end; t = cron.next(*t, zone))
        forwards.push_back(*t);
    for (auto t = cron.previous(end, zone); t && *t >= begin; t = cron.previous(*t, zone))
        backwards.push_back(*t);
    std::ranges::reverse(backwards);
    EXPECT_EQ(shown(forwards, zone), shown(backwards, zone)) << cron.text() << ' ' << zone.name();
    return forwards;
}

std::vector<std::string> run_texts(std::string_view text, std::string_view zone_name, std::string_view begin,
                                   std::string_view end) {
    const auto zone = time_zone::named(zone_name);
    return shown(runs(cron_expression::parse(text), zone, at(begin), at(end)), zone);
}

using texts = std::vector<std::string>;

// crontab(5), the tutorials of Quartz (less its seventh field) and of BullMQ, and Wikipedia, where each says in words what it
// means.
TEST(QueueCronExpression, RunsPublishedExpressionsAsTheyAreDescribed) {
    const struct {
        const char *text, *after, *next;
    } cases[] = {
        {"5 0 * * *", "2026-01-01T00:05:00Z", "2026-01-02T00:05:00Z"},       // five minutes after midnight, every day
        {"15 14 1 * *", "2026-01-01T14:15:00Z", "2026-02-01T14:15:00Z"},     // 2:15pm on the first of every month
        {"0 22 * * 1-5", "2026-01-02T22:00:00Z", "2026-01-05T22:00:00Z"},    // 10 pm on weekdays
        {"23 0-23/2 * * *", "2026-01-01T00:23:00Z", "2026-01-01T02:23:00Z"}, // 23 minutes after midn, 2am, 4am …
        {"5 4 * * sun", "2026-01-01T00:00:00Z", "2026-01-04T04:05:00Z"},     // at 5 after 4 every sunday
        {"30 4 1,15 * 5", "2026-01-03T00:00:00Z", "2026-01-09T04:30:00Z"},   // 1st and 15th, plus every Friday
        {"30 4 1,15 * 5", "2026-01-09T04:30:00Z", "2026-01-15T04:30:00Z"},
        {"0 0 12 * * ?", "2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z"},        // at 12pm every day
        {"0 15 10 ? * MON-FRI", "2026-01-03T00:00:00Z", "2026-01-05T10:15:00Z"}, // 10:15am every Monday to Friday
        {"0 0/5 14,18 * * ?", "2026-01-01T14:55:00Z", "2026-01-01T18:00:00Z"},   // every 5 minutes of 2pm and of 6pm
        {"0 10,44 14 ? 3 WED", "2026-01-01T00:00:00Z", "2026-03-04T14:10:00Z"},  // every Wednesday in March
        {"0 15 10 L * ?", "2026-01-31T10:15:00Z", "2026-02-28T10:15:00Z"},       // the last day of every month
        {"0 15 10 ? * 5L", "2026-01-31T00:00:00Z", "2026-02-27T10:15:00Z"},      // the last Friday of every month
        {"0 15 10 ? * 5#3", "2026-01-01T00:00:00Z", "2026-01-16T10:15:00Z"},     // the third Friday of every month
        {"0 11 11 11 11 ?", "2026-11-11T11:11:00Z", "2027-11-11T11:11:00Z"},     // every November 11th at 11:11am
        {"0 15 3 * * *", "2026-01-01T03:15:00Z", "2026-01-02T03:15:00Z"},        // every day at 3:15 (am)
        {"*/10 * * * * *", "2026-01-01T00:00:09Z", "2026-01-01T00:00:10Z"},      // every ten seconds
        {"1 0 * * 0", "2026-01-01T00:00:00Z", "2026-01-04T00:01:00Z"},           // every Sunday just after midnight
        {"0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
        {"0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"},
        {"@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
        {"@weekly", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
        {"@hourly", "2026-12-31T23:00:01Z", "2027-01-01T00:00:00Z"},
    };
    for (const auto& each : cases) {
        const auto cron = cron_expression::parse(each.text);
        const auto next = cron.next(at(each.after));
        ASSERT_TRUE(next) << each.text;
        EXPECT_EQ(to_rfc3339(*next), each.next) << each.text;
        EXPECT_EQ(cron.previous(*next + 1ns), next) << each.text;
        EXPECT_LE(*cron.previous(*next), at(each.after)) << each.text;
    }
}

TEST(QueueCronExpression, FindsTimesStrictlyLaterAndEarlier) {
    const auto cron = cron_expression::parse("0 12 * * *");
    const auto noon = at("2026-05-01T12:00:00Z");
    EXPECT_EQ(cron.next(noon - 1ns), noon);
    EXPECT_EQ(cron.next(noon), noon + 24h);
    EXPECT_EQ(cron.next(noon + 1ns), noon + 24h);
    EXPECT_EQ(cron.previous(noon + 1ns), noon);
    EXPECT_EQ(cron.previous(noon), noon - 24h);
    EXPECT_EQ(cron.previous(noon - 1ns), noon - 24h);
}

TEST(QueueCronExpression, RunsByTheClocksOfAPlace) {
    EXPECT_EQ(run_texts("30 8 * * MON", "Europe/Berlin", "2026-03-22T00:00:00Z", "2026-04-01T00:00:00Z"),
              (texts{"2026-03-23T08:30:00+01:00", "2026-03-30T08:30:00+02:00"}));
    EXPECT_EQ(run_texts("0 9 1 1 *", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
              (texts{"2026-01-01T09:00:00+05:30"}));
    EXPECT_EQ(run_texts("0 0 1 1 *", "Pacific/Auckland", "2025-12-31T00:00:00Z", "2026-02-01T00:00:00Z"),
              (texts{"2026-01-01T00:00:00+13:00"}));
}

// --- when clocks go forward ---

TEST(QueueCronExpression, RunsWhatIsSkippedLateByWhatIsSkipped) {
    const struct {
        const char *text, *zone, *begin, *end;
        texts expected;
    } cases[] = {
        {"30 2 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", {"2026-03-29T03:30:00+02:00"}},
        {"0 2 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", {"2026-03-29T03:00:00+02:00"}},
        {"0 3 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", {"2026-03-29T03:00:00+02:00"}},
        {"0,40 2 * * *",
         "America/New_York",
         "2026-03-08T05:00:00Z",
         "2026-03-09T04:00:00Z",
         {"2026-03-08T03:00:00-04:00", "2026-03-08T03:40:00-04:00"}},
        {"15 2,3 * * *",
         "Europe/Berlin",
         "2026-03-28T23:00:00Z",
         "2026-03-29T22:00:00Z",
         {"2026-03-29T03:15:00+02:00"}},
        {"0 */2 * * *",
         "Europe/Berlin",
         "2026-03-28T23:00:00Z",
         "2026-03-29T04:00:00Z",
         {"2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"}},
        // Half an hour: among the runs that clocks do show.
        {"10,50 2 * * *",
         "Australia/Lord_Howe",
         "2026-10-03T13:30:00Z",
         "2026-10-04T13:00:00Z",
         {"2026-10-04T02:40:00+11:00", "2026-10-04T02:50:00+11:00"}},
        {"15 2 * * *",
         "Australia/Lord_Howe",
         "2026-10-03T13:30:00Z",
         "2026-10-04T13:00:00Z",
         {"2026-10-04T02:45:00+11:00"}},
        {"15,45 2 * * *",
         "Australia/Lord_Howe",
         "2026-10-03T13:30:00Z",
         "2026-10-04T13:00:00Z",
         {"2026-10-04T02:45:00+11:00"}},
        {"30 0 * * *", "Asia/Beirut", "2025-03-29T00:00:00Z", "2025-03-30T20:00:00Z", {"2025-03-30T01:30:00+03:00"}},
        // A whole day.
        {"0 9 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2012-01-02T00:00:00Z", {"2011-12-31T09:00:00+14:00"}},
        {"0 9 * * *",
         "Pacific/Apia",
         "2011-12-29T12:00:00Z",
         "2012-01-01T12:00:00Z",
         {"2011-12-29T09:00:00-10:00", "2011-12-31T09:00:00+14:00", "2012-01-01T09:00:00+14:00"}},
    };
    for (const auto& each : cases)
        EXPECT_EQ(run_texts(each.text, each.zone, each.begin, each.end), each.expected)
            << each.text << ' ' << each.zone;
}

TEST(QueueCronExpression, KeepsItsDistanceThroughTheSkippedHour) {
    EXPECT_EQ(run_texts("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T02:00:00Z"),
              (texts{"2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"}));
    EXPECT_EQ(run_texts("45 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T02:00:00Z"),
              (texts{"2026-03-29T01:45:00+01:00", "2026-03-29T03:45:00+02:00"}));
    EXPECT_EQ(run_texts("*/20 * * * *", "Australia/Lord_Howe", "2026-10-03T15:00:00Z", "2026-10-03T16:30:00Z"),
              (texts{"2026-10-04T01:40:00+10:30", "2026-10-04T02:40:00+11:00", "2026-10-04T03:00:00+11:00",
                     "2026-10-04T03:20:00+11:00"}));
}

// --- when clocks go back ---

TEST(QueueCronExpression, RunsWhatComesTwiceTheFirstTime) {
    const struct {
        const char *text, *zone, *begin, *end;
        texts expected;
    } cases[] = {
        {"30 2 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", {"2026-10-25T02:30:00+02:00"}},
        {"0 3 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", {"2026-10-25T03:00:00+01:00"}},
        {"0,30 1 * * *",
         "America/New_York",
         "2026-11-01T04:00:00Z",
         "2026-11-02T05:00:00Z",
         {"2026-11-01T01:00:00-04:00", "2026-11-01T01:30:00-04:00"}},
        {"0 */2 * * *",
         "Europe/Berlin",
         "2026-10-24T22:00:00Z",
         "2026-10-25T04:00:00Z",
         {"2026-10-25T00:00:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T04:00:00+01:00"}},
        {"45 1 * * *",
         "Australia/Lord_Howe",
         "2026-04-04T13:00:00Z",
         "2026-04-05T13:30:00Z",
         {"2026-04-05T01:45:00+11:00"}},
        {"15,45 1 * * *",
         "Australia/Lord_Howe",
         "2026-04-04T13:00:00Z",
         "2026-04-05T13:30:00Z",
         {"2026-04-05T01:15:00+11:00", "2026-04-05T01:45:00+11:00"}},
        // Midnight comes twice.
        {"30 23 * * *", "Asia/Beirut", "2025-10-25T20:00:00Z", "2025-10-26T20:00:00Z", {"2025-10-25T23:30:00+03:00"}},
    };
    for (const auto& each : cases)
        EXPECT_EQ(run_texts(each.text, each.zone, each.begin, each.end), each.expected)
            << each.text << ' ' << each.zone;
}

TEST(QueueCronExpression, KeepsItsDistanceThroughTheHourThatComesTwice) {
    EXPECT_EQ(run_texts("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T02:30:00Z"),
              (texts{"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00",
                     "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00"}));
    EXPECT_EQ(run_texts("59 * 25 10 *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"),
              (texts{"2026-10-25T02:59:00+02:00", "2026-10-25T02:59:00+01:00", "2026-10-25T03:59:00+01:00"}));
}

TEST(QueueCronExpression, IsAskedInTheMiddleOfAChange) {
    const auto berlin = time_zone::named("Europe/Berlin");
    const auto half_past_two = cron_expression::parse("30 2 * * *");
    // In the second pass of the hour, the first one's runs are over.
    EXPECT_EQ(half_past_two.next(at("2026-10-25T01:10:00Z"), berlin), at("2026-10-26T01:30:00Z"));
    EXPECT_EQ(half_past_two.previous(at("2026-10-25T01:10:00Z"), berlin), at("2026-10-25T00:30:00Z"));
    // Right after the skipped hour its runs are still to come.
    EXPECT_EQ(half_past_two.next(at("2026-03-29T01:10:00Z"), berlin), at("2026-03-29T01:30:00Z"));
    EXPECT_EQ(half_past_two.previous(at("2026-03-29T01:30:00Z"), berlin), at("2026-03-28T01:30:00Z"));
}

// --- the ends ---

TEST(QueueCronExpression, EndsWithTheClock) {
    const auto daily = cron_expression::parse("@daily");
    for (const auto& zone : {time_zone(), time_zone::named("Europe/Berlin"), time_zone::named("America/New_York")}) {
        EXPECT_EQ(daily.next(wall_time::max(), zone), std::nullopt);
        EXPECT_EQ(daily.previous(wall_time::min(), zone), std::nullopt);
        EXPECT_GT(daily.next(wall_time::min(), zone), wall_time::min());
        EXPECT_LT(daily.previous(wall_time::max(), zone), wall_time::max());
        EXPECT_EQ(cron_expression::parse("0 0 29 2 *").next(at("2260-03-01T00:00:00Z"), zone), std::nullopt);
    }
}

// --- against a second opinion ---

TEST(QueueCronExpression, RunsWhenASecondOpinionSaysSo) {
    const struct {
        const char *zone, *begin;
    } places[] = {
        {"Europe/Berlin", "2026-03-28T00:00:00Z"},       {"Europe/Berlin", "2026-10-24T00:00:00Z"},
        {"America/New_York", "2026-03-07T00:00:00Z"},    {"America/New_York", "2026-10-31T00:00:00Z"},
        {"Australia/Lord_Howe", "2026-10-02T00:00:00Z"}, {"Australia/Lord_Howe", "2026-04-03T00:00:00Z"},
        {"Asia/Beirut", "2025-03-28T00:00:00Z"},         {"Asia/Beirut", "2025-10-24T00:00:00Z"},
        {"Pacific/Apia", "2011-12-28T00:00:00Z"},        {"Asia/Kolkata", "2026-02-27T00:00:00Z"},
        {"America/Sao_Paulo", "2018-11-03T00:00:00Z"},   {"Africa/Casablanca", "2026-02-14T00:00:00Z"},
    };
    std::mt19937 lots(2026);
    const int rounds = std::getenv("INFRA_TEST_LONG") ? 2000 : 10;
    for (const auto& place : places)
        for (int i = 0; i < rounds; ++i) {
            const auto cron = random_expression(lots);
            const auto zone = time_zone::named(place.zone);
            const auto begin = floor<seconds>(at(place.begin)), end = begin + days(3);
            ASSERT_EQ(shown(runs(cron, zone, begin, end), zone),
                      shown(runs_by_looking(read_cron(cron.text())->fields, zone, begin, end, 60s, 25h), zone))
                << cron.text() << ' ' << place.zone << ' ' << place.begin;
        }
}

TEST(QueueCronExpression, RunsToTheSecondThroughOddChanges) {
    const auto change = floor<seconds>(at("2026-05-05T12:00:00Z"));
    const auto zone_with = [&](seconds before, seconds after, seconds later = 0s) {
        return time_zone::of_periods("Odd/Place", {{change - days(9), before}, {change, after}, {change + 3h, later}});
    };
    const time_zone zones[] = {zone_with(0s, 17s), zone_with(17s, 0s), zone_with(-44min - 30s, 0s),
                               zone_with(1h, -1h, 2h), zone_with(0s, 2h, -5h)};
    std::mt19937 lots(5);
    const int rounds = std::getenv("INFRA_TEST_LONG") ? 500 : 6;
    for (const auto& zone : zones)
        for (int i = 0; i < rounds; ++i) {
            const auto all = random_expression(lots, true);
            // Of one day, so that there is something to see.
            const auto words = all.text();
            const auto cron = cron_expression::parse(
                words.substr(0, words.find(' ', words.find(' ', words.find(' ') + 1) + 1)) + " * * *");
            const auto begin = change - 2h, end = change + 6h;
            ASSERT_EQ(shown(runs(cron, zone, begin, end), zone),
                      shown(runs_by_looking(read_cron(cron.text())->fields, zone, begin, end, 1s, 3h), zone))
                << cron.text();
        }
}

} // namespace
} // namespace infra::queue::tests
