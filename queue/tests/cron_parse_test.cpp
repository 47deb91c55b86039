#include "src/cron_parse.hpp"

#include "src/cron_calendar.hpp"
#include "support.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <random>
#include <set>

namespace infra::queue::tests {
namespace {

std::uint64_t bits(std::initializer_list<int> values) {
    std::uint64_t out = 0;
    for (const int each : values)
        out |= std::uint64_t{1} << each;
    return out;
}

detail::cron_fields fields(std::string_view text) {
    const auto read = read_cron(text);
    EXPECT_TRUE(read) << text << ": " << (read ? "" : to_string(read.error()));
    return read ? read->fields : detail::cron_fields{};
}

std::string problem(std::string_view text) {
    const auto read = cron_expression::try_parse(text);
    return read ? "none" : to_string(read.error());
}

TEST(QueueCronParse, ReadsValuesRangesStepsAndLists) {
    const struct {
        const char* minute;
        std::uint64_t expected;
    } cases[] = {
        {"0", bits({0})},
        {"07", bits({7})},
        {"59", bits({59})},
        {"1,5,9", bits({1, 5, 9})},
        {"3-6", bits({3, 4, 5, 6})},
        {"3-3", bits({3})},
        {"*/20", bits({0, 20, 40})},
        {"?/30", bits({0, 30})},
        {"5/15", bits({5, 20, 35, 50})},
        {"50/3", bits({50, 53, 56, 59})},
        {"10-40/10", bits({10, 20, 30, 40})},
        {"10-39/10", bits({10, 20, 30})},
        {"1-2,30,40-50/5", bits({1, 2, 30, 40, 45, 50})},
        {"*", (std::uint64_t{1} << 60) - 1},
        {"?", (std::uint64_t{1} << 60) - 1},
        {"*/59", bits({0, 59})},
    };
    for (const auto& each : cases)
        EXPECT_EQ(fields(std::string(each.minute) + " * * * *").minutes, each.expected) << each.minute;
}

TEST(QueueCronParse, TakesSecondsFirstOrZero) {
    EXPECT_EQ(fields("5 * * * *").seconds, bits({0}));
    EXPECT_EQ(fields("*/30 5 * * * *").seconds, bits({0, 30}));
    EXPECT_EQ(fields("*/30 5 * * * *").minutes, bits({5}));
}

TEST(QueueCronParse, KnowsNamesInAnyCase) {
    EXPECT_EQ(fields("0 0 * JAN-mar,Dec *").months, bits({1, 2, 3, 12}));
    EXPECT_EQ(fields("0 0 * * mon-FRI").weekdays, bits({1, 2, 3, 4, 5}));
    EXPECT_EQ(fields("0 0 * * Sun,sat").weekdays, bits({0, 6}));
    EXPECT_EQ(fields("0 0 * feb/3 *").months, bits({2, 5, 8, 11}));
}

TEST(QueueCronParse, TakesSevenForSunday) {
    EXPECT_EQ(fields("0 0 * * 7").weekdays, bits({0}));
    EXPECT_EQ(fields("0 0 * * 5-7").weekdays, bits({0, 5, 6}));
    EXPECT_EQ(fields("0 0 * * FRI-7").weekdays, bits({0, 5, 6}));
    EXPECT_EQ(fields("0 0 * * 0-7").weekdays, bits({0, 1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(fields("0 0 * * 1/2").weekdays, bits({0, 1, 3, 5})) << "as cron-parser: up to 7";
    EXPECT_EQ(fields("0 0 * * */7").weekdays, bits({0}));
}

TEST(QueueCronParse, ReadsLastAndNthDays) {
    EXPECT_TRUE(fields("0 0 L * *").last_day);
    EXPECT_TRUE(fields("0 0 l,15 * *").last_day);
    EXPECT_EQ(fields("0 0 L,15 * *").days, bits({15}));
    EXPECT_EQ(fields("0 0 * * 5L").last_weekdays, bits({5}));
    EXPECT_EQ(fields("0 0 * * 1,friL").last_weekdays, bits({5}));
    EXPECT_EQ(fields("0 0 * * 1,friL").weekdays, bits({1}));
    EXPECT_EQ(fields("0 0 * * 7L").last_weekdays, bits({0}));
    EXPECT_EQ(fields("0 0 * * MON#2").weekdays, bits({1}));
    EXPECT_EQ(fields("0 0 * * MON#2").nth_weekday, 2u);
    EXPECT_EQ(fields("0 0 * * 7#5").weekdays, bits({0}));
}

TEST(QueueCronParse, TakesOnlyALoneStarForAnyDay) {
    EXPECT_TRUE(fields("0 0 * * 1").any_day);
    EXPECT_TRUE(fields("0 0 ? * 1").any_day);
    EXPECT_FALSE(fields("0 0 */2 * 1").any_day) << "as cron-parser, unlike Vixie's cron";
    EXPECT_FALSE(fields("0 0 1-31 * 1").any_day);
    EXPECT_FALSE(fields("0 0 1 * 0-6").any_weekday);
    EXPECT_FALSE(fields("0 0 1 * MON#1").any_weekday);
}

TEST(QueueCronParse, KnowsWords) {
    const std::pair<const char*, const char*> cases[] = {
        {"@yearly", "0 0 1 1 *"},     {"@annually", "0 0 1 1 *"},   {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"},     {"@daily", "0 0 * * *"},      {"@midnight", "0 0 * * *"},
        {" @Hourly ", "0 * * * *"},   {"@minutely", "* * * * *"},   {"@weekdays", "0 0 * * 1-5"},
        {"@weekends", "0 0 * * 0,6"}, {"@secondly", "* * * * * *"},
    };
    for (const auto& [word, same] : cases) {
        EXPECT_EQ(cron_expression::parse(word), cron_expression::parse(same)) << word;
        EXPECT_EQ(cron_expression::parse(word).text(), same) << "so that it can be stored for others";
    }
}

TEST(QueueCronParse, TidiesItsText) {
    EXPECT_EQ(cron_expression::parse(" \t0  8 *\t* mon-fri ").text(), "0 8 * * MON-FRI");
    EXPECT_EQ(cron_expression::parse("0 0 l * *").text(), "0 0 L * *");
}

TEST(QueueCronParse, ComparesByWhatMatches) {
    EXPECT_EQ(cron_expression::parse("0,30 * * * *"), cron_expression::parse("0 */30 * * * *"));
    EXPECT_NE(cron_expression::parse("0 0 */1 * MON"), cron_expression::parse("0 0 * * MON"));
}

TEST(QueueCronParse, SaysWhichFieldIsWrongAndWhatIsAllowed) {
    const std::string minutes = "allowed are 0 to 59, *, ranges such as 1-5, steps such as */15";
    const std::string days = "allowed are 1 to 31, L, *, ranges such as 1-7, steps such as */2";
    const std::string weekdays = "allowed are 0 to 7 or SUN to SAT, *, ranges, MON#2, 5L for the last Friday";
    const std::pair<std::string, std::string> cases[] = {
        {"60 * * * *", "minute: '60' is not allowed; " + minutes},
        {"75 * * * * *", "second: '75' is not allowed; " + minutes},
        {"-1 * * * *", "minute: '' is not allowed; " + minutes},
        {"x * * * *", "minute: 'x' is not allowed; " + minutes},
        {"1-2-3 * * * *", "minute: '1-2-3' is not allowed; " + minutes},
        {"1/2/3 * * * *", "minute: '1/2/3' is not allowed; " + minutes},
        {"007 * * * *", "minute: '007' is not allowed; " + minutes},
        {"** * * * *", "minute: '**' is not allowed; " + minutes},
        {"H * * * *", "minute: 'H' is not allowed; " + minutes},
        {"L * * * *", "minute: 'L' is not allowed; " + minutes},
        {"1,,2 * * * *", "minute: '1,,2' has an empty place in its list"},
        {"1, 2 * * * *", "second: '1,' has an empty place in its list"},
        {"1-5,3 * * * *", "minute: '3' is there twice"},
        {"*/0 * * * *", "minute: '*/0' has no step; allowed are 1 to 59"},
        {"*/ * * * *", "minute: '*/' has no step; allowed are 1 to 59"},
        {"*/x * * * *", "minute: '*/x' has no step; allowed are 1 to 59"},
        {"*/90 * * * *", "minute: the step of '*/90' is longer than the field; use `every` for such intervals"},
        {"0 24 * * *", "hour: '24' is not allowed; allowed are 0 to 23, *, ranges such as 9-17, steps such as */6"},
        {"0 22-2 * * *", "hour: '22-2' runs backwards; write two ranges, one up to 23 and one from 0"},
        {"0 0 0 * *", "day of month: '0' is not allowed; " + days},
        {"0 0 32 * *", "day of month: '32' is not allowed; " + days},
        {"0 0 1W * *", "day of month: '1W' is not allowed; " + days},
        {"0 0 L-3 * *", "day of month: 'L' is not allowed; " + days},
        {"0 0 L,L * *", "day of month: 'L' is there twice"},
        {"0 0 1 13 *", "month: '13' is not allowed; allowed are 1 to 12 or JAN to DEC, *, ranges, steps such as */3"},
        {"0 0 1 MON *", "month: 'MON' is not allowed; allowed are 1 to 12 or JAN to DEC, *, ranges, steps such as */3"},
        {"0 0 * NOV-FEB *", "month: 'NOV-FEB' runs backwards; write two ranges, one up to 12 and one from 1"},
        {"0 0 * * 8", "day of week: '8' is not allowed; " + weekdays},
        {"0 0 * * MONDAY", "day of week: 'MONDAY' is not allowed; " + weekdays},
        {"0 0 * * L", "day of week: 'L' is not allowed; " + weekdays},
        {"0 0 * * 0,7", "day of week: '7' is there twice"},
        {"0 0 * * 5L,FRIL", "day of week: 'FRIL' is there twice"},
        {"0 0 * * 05L", "day of week: '05L' is not allowed; " + weekdays},
        {"0 0 * * MON#6", "day of week: 'MON#6' must end with # and 1 to 5, alone in its field"},
        {"0 0 * * MON#1,MON#3", "day of week: 'MON#1,MON#3' must end with # and 1 to 5, alone in its field"},
        {"0 0 * * *#2", "day of week: '*' is not allowed; " + weekdays},
        {"0 0 30 2 *", "day of month: '30' is in none of the months that are named"},
        {"0 0 31 4,6,9,11 *", "day of month: '31' is in none of the months that are named"},
        {"", "expression: '' has 0 fields; expected 5 (minute, hour, day of month, month, day of week), or 6 with the "
             "second "
             "first"},
        {"0 0 0 1 1 * 2026",
         "expression: '0 0 0 1 1 * 2026' has 7 fields; expected 5 (minute, hour, day of month, month, day "
         "of week), or 6 with the second first"},
        {"@reboot",
         "expression: '@reboot' is not known; known are @yearly, @annually, @monthly, @weekly, @daily, @midnight, "
         "@hourly, @minutely, @secondly, @weekdays and @weekends"},
        {"@every 5m", "expression: '@every' is no time of a calendar; use `every`"},
        {"@daily 5", "expression: '@daily' stands alone"},
        {std::string(2000, '*'), "expression: it has 2000 bytes; allowed are 1024"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(problem(text), expected) << text;
}

TEST(QueueCronParse, ThrowsTheSameSentence) {
    try {
        (void)cron_expression::parse("61 * * * *");
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::invalid_input);
        EXPECT_STREQ(e.what(),
                     "this is no cron expression: minute: '61' is not allowed; allowed are 0 to 59, *, ranges such as "
                     "1-5, steps such as */15");
    }
}

TEST(QueueCronParse, ShowsNothingThatATerminalWouldObey) {
    EXPECT_EQ(problem("\x1b[2J * * * *").substr(0, 15), "minute: ' [2J' ");
    EXPECT_LT(problem(std::string(900, 'x') + " * * * *").size(), 200u);
}

// What comes out is either a field's problem or an expression that has a next run. Made of the pieces that expressions are made
// of, so that many are nearly right.
TEST(QueueCronParse, SurvivesAnyText) {
    const std::set<std::string> names{"second", "minute", "hour", "day of month", "month", "day of week", "expression"};
    const std::vector<std::string> pieces{"*", "?",   "/",   ",",   "-",  "#",      "L",  "W",    "0",
                                          "1", "5",   "7",   "12",  "31", "59",     " ",  " ",    " ",
                                          " ", "MON", "JAN", "fri", "@",  "@daily", "\t", "\xff", "999999999999"};
    std::mt19937 lots(7);
    const auto lot = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(lots); };
    int good = 0;
    const int rounds = std::getenv("INFRA_TEST_LONG") ? 3'000'000 : 20'000;
    for (int i = 0; i < rounds; ++i) {
        std::string text;
        for (auto n = lot(20); n > 0; --n)
            text += pieces[lot(pieces.size())];
        if (i % 2) // a good one with one thing changed
            text = "0 */2 1 * " + pieces[lot(pieces.size())] + pieces[lot(pieces.size())];
        if (i % 10 == 0)
            std::ranges::generate(text, [&] { return static_cast<char>(lot(256)); });
        const auto read = cron_expression::try_parse(text);
        if (!read) {
            ASSERT_TRUE(names.contains(read.error().field)) << text;
            ASSERT_FALSE(read.error().problem.empty()) << text;
            continue;
        }
        ++good;
        ASSERT_TRUE(read->next(t0)) << text;
        ASSERT_EQ(cron_expression::parse(read->text()), *read) << text;
    }
    EXPECT_GT(good, rounds / 100);
}

} // namespace
} // namespace infra::queue::tests
