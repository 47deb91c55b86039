#include <infra/queue/time_zone.hpp>

#include "support.hpp"

#include <infra/base/error.hpp>

#include <thread>

namespace infra::queue::tests {
namespace {

wall_time at(int year, unsigned month, unsigned day, std::chrono::seconds time) {
    return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) + time;
}

TEST(QueueTimeZone, IsUtcByDefault) {
    EXPECT_EQ(time_zone().name(), "UTC");
    EXPECT_EQ(time_zone().offset_at(t0), 0s);
    EXPECT_EQ(time_zone::named("UTC"), time_zone());
}

TEST(QueueTimeZone, KnowsSummerAndWinter) {
    const struct {
        const char* zone;
        std::chrono::seconds january, july;
    } cases[] = {
        {"Europe/Berlin", 1h, 2h},
        {"America/New_York", -5h, -4h},
        {"Australia/Lord_Howe", 11h, 10h + 30min},
        {"Asia/Kolkata", 5h + 30min, 5h + 30min},
        {"Etc/GMT+5", -5h, -5h},
        {"America/St_Johns", -3h - 30min, -2h - 30min},
    };
    for (const auto& each : cases)
        for (const int year : {2026, 2036, 2060, 2261}) { // after 2037 by the rule at the file's end
            const auto zone = time_zone::named(each.zone);
            EXPECT_EQ(zone.offset_at(at(year, 1, 15, 0s)), each.january) << each.zone << ' ' << year;
            EXPECT_EQ(zone.offset_at(at(year, 7, 15, 0s)), each.july) << each.zone << ' ' << year;
        }
}

TEST(QueueTimeZone, ChangesAtTheSecond) {
    const auto berlin = time_zone::named("Europe/Berlin");
    EXPECT_EQ(berlin.offset_at(at(2026, 3, 29, 1h) - 1ns), 1h);
    EXPECT_EQ(berlin.offset_at(at(2026, 3, 29, 1h)), 2h);
    EXPECT_EQ(berlin.offset_at(at(2026, 10, 25, 1h) - 1ns), 2h);
    EXPECT_EQ(berlin.offset_at(at(2026, 10, 25, 1h)), 1h);
}

TEST(QueueTimeZone, AnswersAtTheEndsOfTime) {
    const auto berlin = time_zone::named("Europe/Berlin");
    EXPECT_GT(berlin.offset_at(wall_time::min()), 0s);
    EXPECT_EQ(berlin.offset_at(wall_time::max()), 2h);
    EXPECT_EQ(time_zone().offset_at(wall_time::min()), 0s);
}

TEST(QueueTimeZone, ShowsTimesWithTheirOffset) {
    const auto berlin = time_zone::named("Europe/Berlin");
    EXPECT_EQ(to_rfc3339(at(2026, 3, 29, 1h + 30min), berlin), "2026-03-29T03:30:00+02:00");
    EXPECT_EQ(to_rfc3339(at(2026, 3, 29, 1h) - 1ns, berlin), "2026-03-29T01:59:59+01:00");
    EXPECT_EQ(to_rfc3339(at(2026, 1, 1, 2h), time_zone::named("America/St_Johns")), "2025-12-31T22:30:00-03:30");
    EXPECT_EQ(to_rfc3339(at(2026, 1, 1, 0s)), "2026-01-01T00:00:00Z");
}

TEST(QueueTimeZone, RefusesWhatItDoesNotKnow) {
    const std::string cases[] = {"Europe/Atlantis",
                                 "",
                                 "europe/berlin",
                                 "/etc/hostname",
                                 "../../../etc/hostname",
                                 "Europe",
                                 "file:x",
                                 "Europe/Berlin\n",
                                 "zone.tab",
                                 std::string("UTC\0", 4),
                                 "libc:localtime",
                                 "Europe//Berlin",
                                 "tzdata.zi",
                                 std::string(5000, 'x'),
                                 "Europe/\xff"};
    for (const auto& name : cases)
        try {
            (void)time_zone::named(name);
            ADD_FAILURE() << name;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), infra::errc::invalid_input);
            EXPECT_TRUE(std::string(e.what()).starts_with("there is no time zone '")) << e.what();
            EXPECT_LT(std::string(e.what()).size(), 300u);
        }
    try {
        (void)time_zone::named("Europe/Atlantis");
    } catch (const error& e) {
        EXPECT_STREQ(
            e.what(),
            "there is no time zone 'Europe/Atlantis'; those of this machine stand below /usr/share/zoneinfo, such as "
            "Europe/Berlin (`timedatectl list-timezones` lists them; none but UTC: install tzdata)");
    }
}

TEST(QueueTimeZone, MayBeMadeOfPeriods) {
    const auto zone = time_zone::of_periods("Test/Zone", {{{}, 1h}, {std::chrono::sys_seconds(1000s), -1h}});
    EXPECT_EQ(zone.name(), "Test/Zone");
    EXPECT_EQ(zone.offset_at(wall_time(-1s)), 1h) << "before the first its offset holds";
    EXPECT_EQ(zone.offset_at(wall_time(999s)), 1h);
    EXPECT_EQ(zone.offset_at(wall_time(1000s)), -1h);
    EXPECT_EQ(time_zone::of_periods("Nothing", {}).offset_at(t0), 0s);
    EXPECT_THROW((void)time_zone::of_periods("x", {{std::chrono::sys_seconds(9s), 1h}, {{}, 2h}}),
                 std::invalid_argument);
    EXPECT_THROW((void)time_zone::of_periods("x", {{{}, 24h}}), std::invalid_argument);
}

TEST(QueueTimeZone, MayBeAskedForFromManyThreads) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([] {
            for (const auto* name : {"Asia/Tokyo", "Asia/Seoul", "Asia/Dubai", "Asia/Tokyo"})
                EXPECT_GT(time_zone::named(name).offset_at(t0), 3h);
        });
    for (auto& each : threads)
        each.join();
}

} // namespace
} // namespace infra::queue::tests
