#include "src/top_figures.hpp"

#include <gtest/gtest.h>

namespace infra::cli::top {
namespace {

using namespace std::chrono_literals;
constexpr std::optional<double> unknown;
const steady_time begin{1h};

TEST(TopFigures, AreShort) {
    const std::pair<std::optional<double>, const char*> counts[] = {
        {unknown, "–"}, {0, "0"},        {0.5, "0.5"},      {0.04, "<0.1"},      {1.25, "1.2"},       {99.94, "99.9"},
        {123.4, "123"}, {9'999, "9999"}, {10'000, "10.0k"}, {999'949, "999.9k"}, {1'000'000, "1.0M"}, {2.5e9, "2.5G"},
    };
    for (const auto& [n, text] : counts) {
        EXPECT_EQ(count_text(n), text);
        EXPECT_EQ(rate_text(n), n ? std::string(text) + "/s" : text);
    }
    const std::pair<std::optional<double>, const char*> durations[] = {
        {unknown, "–"}, {0, "0s"},     {0.00042, "0.4ms"}, {0.0125, "12ms"}, {0.9, "900ms"},    {0.9999, "1.0s"},
        {1, "1s"},      {2.5, "2.5s"}, {59, "59s"},        {61, "1m 1s"},    {90'061, "1d 1h"},
    };
    for (const auto& [seconds, text] : durations)
        EXPECT_EQ(duration_text(seconds), text) << seconds.value_or(-1);
    const std::pair<std::optional<double>, const char*> shares[] = {{unknown, "–"}, {0, "0%"},   {0.004, "0.4%"},
                                                                    {0.93, "93%"},  {1, "100%"}, {3.5, "350%"}};
    for (const auto& [share, text] : shares)
        EXPECT_EQ(percent_text(share), text);
    EXPECT_EQ(size_text(46'288'896), "44.1 MiB");
    EXPECT_EQ(size_text(-1), "0 B");
    EXPECT_EQ(size_text(1e300), "888.2 PiB");
}

TEST(TopFigures, DrawCurves) {
    EXPECT_EQ(curve_text({0, 1, 7}, 3), "▁▂█");
    EXPECT_EQ(curve_text({0, 0}, 4), "  ▁▁") << "nothing is low, not high";
    EXPECT_EQ(curve_text({5}, 2), " █");
    EXPECT_EQ(curve_text({1, unknown, 1}, 3), "█ █");
    EXPECT_EQ(curve_text({1, 2, 3, 4}, 2), "▆█");
    EXPECT_EQ(curve_text({}, 0), "");
}

reading well(std::chrono::seconds later = 0s, double started = 100) {
    reading made{.at = begin + later};
    made.gauges[static_cast<std::size_t>(measured::started)] = started;
    made.status = "healthy";
    return made;
}

TEST(TopRemark, SaysTheWorstFirst) {
    model m;
    EXPECT_FALSE(remark_on(m.shown(), begin));
    EXPECT_EQ(state_of(m.shown()), "unknown");

    m.take(well());
    EXPECT_FALSE(remark_on(m.shown(), begin));
    EXPECT_EQ(state_of(m.shown()), "healthy");

    auto noted = well(1s);
    noted.note = "INFRA_ADMIN_TOKEN is not set";
    m.take(noted);
    EXPECT_EQ(remark_on(m.shown(), begin)->text, "INFRA_ADMIN_TOKEN is not set");

    auto ill = well(2s);
    ill.status = "degraded";
    ill.checks = {{"db", "healthy", ""}, {"mail\x1b[2J", "degraded", "slow"}, {"disk", "degraded", ""}};
    m.take(ill);
    EXPECT_EQ(remark_on(m.shown(), begin)->text, "mail?[2J is degraded: slow · disk is degraded");
    EXPECT_EQ(remark_on(m.shown(), begin)->how, mood::doubt);

    m.take(well(3s, 200));
    EXPECT_EQ(remark_on(m.shown(), begin)->text, "the service has restarted");
    m.take(well(4s, 100));
    EXPECT_EQ(remark_on(m.shown(), begin)->text,
              "another process answers than before; does the address lead to several?");

    m.fail("connection refused", begin + 5s);
    EXPECT_EQ(remark_on(m.shown(), begin + 12s)->text, "no answer for 7s, asked again: connection refused");
    EXPECT_EQ(state_of(m.shown()), "down");
}

TEST(TopFigures, NameTheService) {
    model m;
    auto now = well();
    m.take(now);
    EXPECT_EQ(name_of(m.shown()), "");
    now.infra_version = "0.1.0";
    m.take(now);
    EXPECT_EQ(name_of(m.shown()), "(infra 0.1.0)");
    now.service = "shop\n";
    now.version = "2";
    m.take(now);
    EXPECT_EQ(name_of(m.shown()), "shop? 2 (infra 0.1.0)");
}

TEST(TopFigures, SayWhatIsTooMuch) {
    const auto mood_of = [](const picture& p, std::string_view label) {
        for (const auto& each : figures_of(p))
            if (each.label == label)
                return each.how;
        throw std::runtime_error("no such figure");
    };
    model m;
    auto now = well();
    m.take(now);
    EXPECT_EQ(mood_of(m.shown(), "Errors 5xx"), mood::plain);
    now.at += 1s;
    now.counters[static_cast<std::size_t>(counted::server_errors)] = 1;
    now.queues["mail"].oldest_seconds = 61;
    now.gauges[static_cast<std::size_t>(measured::open_files)] = 95;
    now.gauges[static_cast<std::size_t>(measured::most_files)] = 100;
    m.take(now);
    EXPECT_EQ(mood_of(m.shown(), "Errors 5xx"), mood::bad);
    EXPECT_EQ(mood_of(m.shown(), "Oldest job"), mood::doubt);
    EXPECT_EQ(mood_of(m.shown(), "Files"), mood::bad);
}

} // namespace
} // namespace infra::cli::top
