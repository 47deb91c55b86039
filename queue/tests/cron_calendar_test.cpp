#include "src/cron_calendar.hpp"

#include "cron_support.hpp"

namespace infra::queue::tests {
namespace {

using namespace std::chrono;

detail::cron_fields fields(std::string_view text) { return read_cron(text).value().fields; }

local_seconds reading(int y, unsigned m, unsigned d, seconds time = 0s) {
    return local_days(year(y) / static_cast<int>(m) / static_cast<int>(d)) + time;
}

std::vector<int> days_of(std::string_view text, year_month month) {
    std::vector<int> days;
    for (int day = 0; day < 64; ++day)
        if (days_in(fields(text), month) >> day & 1)
            days.push_back(day);
    return days;
}

TEST(QueueCronCalendar, KnowsWhichDaysOfAMonthMatch) {
    const struct {
        const char* text;
        year_month month;
        std::vector<int> expected;
    } cases[] = {
        // February 2026 begins on a Sunday and has four weeks.
        {"0 0 13 * *", year(2026) / 2, {13}},
        {"0 0 L * *", year(2026) / 2, {28}},
        {"0 0 L * *", year(2028) / 2, {29}},
        {"0 0 L,27 * *", year(2026) / 2, {27, 28}},
        {"0 0 30,31 * *", year(2026) / 2, {}},
        {"0 0 * * SUN", year(2026) / 2, {1, 8, 15, 22}},
        {"0 0 * * 5L", year(2026) / 2, {27}},
        {"0 0 * * 6L", year(2026) / 1, {31}},
        {"0 0 * * 0L", year(2026) / 1, {25}},
        {"0 0 * * SUN#1", year(2026) / 2, {1}},
        {"0 0 * * SAT#4", year(2026) / 2, {28}},
        {"0 0 * * SAT#5", year(2026) / 2, {}},
        {"0 0 * * SAT#5", year(2026) / 1, {31}},
        {"0 0 * * 1,5L", year(2026) / 2, {2, 9, 16, 23, 27}},
        {"0 0 13 * FRI", year(2026) / 2, {6, 13, 20, 27}},
        {"0 0 1 * FRI#2", year(2026) / 2, {1, 13}},
        {"0 0 */10 * SUN", year(2026) / 2, {1, 8, 11, 15, 21, 22}},
        {"0 0 L * MON#1", year(2026) / 2, {2, 28}},
    };
    for (const auto& each : cases)
        EXPECT_EQ(days_of(each.text, each.month), each.expected) << each.text;
    EXPECT_EQ(days_of("0 0 * * *", year(2026) / 2).size(), 28u);
    EXPECT_EQ(days_of("0 0 * * 0-6", year(2026) / 12).size(), 31u);
}

TEST(QueueCronCalendar, FindsTheFirstReadingFromOneOn) {
    const auto f = fields("10,20 5,50 8,17 * * *");
    const struct {
        seconds from, expected;
    } cases[] = {
        {0s, 8h + 5min + 10s},
        {8h + 5min + 10s, 8h + 5min + 10s},
        {8h + 5min + 11s, 8h + 5min + 20s},
        {8h + 5min + 21s, 8h + 50min + 10s},
        {8h + 6min + 0s, 8h + 50min + 10s},
        {8h + 50min + 21s, 17h + 5min + 10s},
        {9h, 17h + 5min + 10s},
        {17h + 50min + 20s, 17h + 50min + 20s},
        {17h + 50min + 21s, 32h + 5min + 10s},
        {23h + 59min + 59s, 32h + 5min + 10s},
    };
    for (const auto& each : cases)
        EXPECT_EQ(first_match(f, reading(2026, 5, 9, each.from)), reading(2026, 5, 9, each.expected))
            << each.from.count();
}

TEST(QueueCronCalendar, FindsTheLastReadingUpToOne) {
    const auto f = fields("10,20 5,50 8,17 * * *");
    const struct {
        seconds upto, expected;
    } cases[] = {
        {24h - 1s, 17h + 50min + 20s},
        {17h + 50min + 20s, 17h + 50min + 20s},
        {17h + 50min + 19s, 17h + 50min + 10s},
        {17h + 50min + 9s, 17h + 5min + 20s},
        {17h + 49min, 17h + 5min + 20s},
        {17h + 5min + 9s, 8h + 50min + 20s},
        {12h, 8h + 50min + 20s},
        {8h + 5min + 10s, 8h + 5min + 10s},
        {8h + 5min + 9s, 17h + 50min + 20s - 24h},
        {0s, 17h + 50min + 20s - 24h},
    };
    for (const auto& each : cases)
        EXPECT_EQ(last_match(f, reading(2026, 5, 9, each.upto)), reading(2026, 5, 9, each.expected))
            << each.upto.count();
}

TEST(QueueCronCalendar, CrossesMonthsYearsAndLeapCenturies) {
    EXPECT_EQ(first_match(fields("0 0 31 * *"), reading(2026, 1, 31, 1s)), reading(2026, 3, 31));
    EXPECT_EQ(first_match(fields("59 23 31 12 *"), reading(2026, 12, 31, 24h)), reading(2027, 12, 31, 23h + 59min));
    EXPECT_EQ(last_match(fields("0 0 31 * *"), reading(2026, 3, 30)), reading(2026, 1, 31));
    EXPECT_EQ(first_match(fields("0 0 29 2 *"), reading(2096, 3, 1)), reading(2104, 2, 29)) << "2100 is no leap year";
    EXPECT_EQ(last_match(fields("0 0 29 2 *"), reading(2104, 2, 28)), reading(2096, 2, 29));
    EXPECT_EQ(first_match(fields("0 0 29 2 *"), reading(1999, 3, 1)), reading(2000, 2, 29)) << "2000 is one";
}

TEST(QueueCronCalendar, SeesAsFarAsTheRarestDate) {
    // Leap days that are Mondays, over a hundred years that are none: no longer way than 40 years.
    EXPECT_EQ(first_match(fields("0 0 * 2 MON#5"), reading(2016, 3, 1)), reading(2044, 2, 29));
    EXPECT_EQ(first_match(fields("0 0 * 2 MON#5"), reading(2072, 3, 1)), reading(2112, 2, 29));
    EXPECT_EQ(last_match(fields("0 0 * 2 MON#5"), reading(2112, 2, 28)), reading(2072, 2, 29));
}

TEST(QueueCronCalendar, AgreesWithASecondOpinion) {
    std::mt19937 lots(1);
    for (int i = 0; i < 150; ++i) {
        const auto text = random_expression(lots).text();
        const auto f = fields(text);
        const auto from = reading(2023 + i % 6, static_cast<unsigned>(1 + i % 12), static_cast<unsigned>(1 + i % 28),
                                  seconds(i * 271 % 86400));
        for (auto at = from; at < from + 3h; at += 60s) // of whole minutes
            ASSERT_EQ(first_match(f, at) == ceil<minutes>(at), matches(f, ceil<minutes>(at))) << text;
        auto first = ceil<minutes>(from);
        while (!matches(f, first) && first < from + days(20))
            first += minutes(1);
        if (matches(f, first))
            ASSERT_EQ(first_match(f, from), first) << text;
    }
}

} // namespace
} // namespace infra::queue::tests
