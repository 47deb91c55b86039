#include "src/metrics/history.hpp"

#include <gtest/gtest.h>

#include <map>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;
using monitoring::metric_family;
using monitoring::metric_point;
using monitoring::metric_type;
using values = std::vector<std::optional<double>>;
constexpr std::optional<double> unknown;

const auto begin = from_unix_ms(1'767'225'600'000);

// --- points -------------------------------------------------------------------------------------------------------

std::vector<std::pair<tick, double>> read(const series_points& from) {
    std::vector<std::pair<tick, double>> out;
    from.each([&](const series_point& p) { out.emplace_back(p.at, p.value); });
    return out;
}

TEST(SeriesPoints, GiveBackWhatWasAdded) {
    series_points points(true);
    const std::vector<std::pair<tick, double>> all{{3, 0},    {4, 17},         {200, 0.25},
                                                   {201, -1}, {90'000, 1e300}, {90'001, 4e15}};
    for (const auto& [at, value] : all)
        points.add({.at = at, .value = value});
    EXPECT_EQ(read(points), all);
}

TEST(SeriesPoints, GiveBackBuckets) {
    series_points points(false);
    const std::vector<std::uint64_t> observed{0, 5, 0, 0, 1'000'000, 1};
    points.add({.at = 7, .value = 2.5, .observed = observed});
    points.add({.at = 9, .value = 1, .observed = std::vector<std::uint64_t>(6, 0)});
    std::vector<std::vector<std::uint64_t>> found;
    points.each([&](const series_point& p) { found.emplace_back(p.observed.begin(), p.observed.end()); });
    EXPECT_EQ(found, (std::vector<std::vector<std::uint64_t>>{observed, std::vector<std::uint64_t>(6, 0)}));
}

TEST(SeriesPoints, TakeFewBytes) {
    series_points points(false);
    for (tick t = 0; t < 360; ++t)
        points.add({.at = t, .value = 100});
    EXPECT_LE(points.bytes(), 360U * 6);
}

TEST(SeriesPoints, ForgetWhatIsOldButNotWhatAGaugeStandsAt) {
    series_points counter(false), gauge(true);
    for (tick t = 0; t < 100; t += 10) {
        counter.add({.at = t, .value = 1});
        gauge.add({.at = t, .value = static_cast<double>(t)});
    }
    counter.forget_before(75);
    gauge.forget_before(75);
    EXPECT_EQ(read(counter), (std::vector<std::pair<tick, double>>{{80, 1}, {90, 1}}));
    EXPECT_EQ(read(gauge), (std::vector<std::pair<tick, double>>{{70, 70}, {80, 80}, {90, 90}}));
    counter.forget_before(1000);
    gauge.forget_before(1000);
    EXPECT_TRUE(counter.empty());
    EXPECT_EQ(read(gauge), (std::vector<std::pair<tick, double>>{{90, 90}}));
    counter.add({.at = 2000, .value = 3});
    EXPECT_EQ(read(counter), (std::vector<std::pair<tick, double>>{{2000, 3}}));
}

// --- the history ---------------------------------------------------------------------------------------------------

struct metrics_over_time : ::testing::Test {
    metric_history kept{16 << 20};
    std::map<std::string, metric_family> said;
    steady_time at{1h};
    int looks = 0;

    metric_point& point(const std::string& name, metric_type type, const monitoring::label_map& labels = {}) {
        auto& f = said[name];
        f.name = name;
        f.type = type;
        for (auto& each : f.points)
            if (each.labels == labels)
                return each;
        f.points.push_back({.labels = labels});
        return f.points.back();
    }
    void look(std::chrono::nanoseconds later = 10s) {
        std::vector<metric_family> all;
        for (const auto& [name, each] : said)
            all.push_back(each);
        at += later;
        ++looks;
        kept.sample(all, begin + at.time_since_epoch(), at);
    }
    metric_range range(const metric_query& q) { return kept.range(q).value(); }
};

TEST_F(metrics_over_time, CountersAreShownAsRates) {
    auto& hits = point("hits_total", metric_type::counter);
    for (const double n : {100, 110, 110, 140, 5}) { // it began anew
        hits.value = n;
        look();
    }
    const auto found = range({.name = "hits_total", .back = 60s});
    EXPECT_EQ(found.show, shown_as::rate);
    EXPECT_EQ(found.lines.at(0).values, (values{unknown, unknown, 1, 0, 3, 0.5}));
    EXPECT_EQ(found.times.back(), begin + at.time_since_epoch());
    EXPECT_EQ(found.times.front(), found.times.back() - 50s);
    EXPECT_EQ(kept.rate("hits_total", {}, 20s), 1.75);
    EXPECT_EQ(kept.rate("hits_total", {}, 1h), 45. / 40);
    EXPECT_EQ(kept.rate("misses_total", {}, 20s), unknown);
}

TEST_F(metrics_over_time, ACounterThatComesLaterWasZeroBefore) {
    point("a_total", metric_type::counter).value = 1;
    look();
    look();
    auto& fresh = point("b_total", metric_type::counter);
    fresh.value = 20;
    fresh.since = begin + at.time_since_epoch() + 1s;
    look();
    EXPECT_EQ(range({.name = "b_total", .back = 60s}).lines.at(0).values,
              (values{unknown, unknown, unknown, unknown, 0, 2}));
}

TEST_F(metrics_over_time, GaugesAreShownAsTheyStand) {
    auto& depth = point("depth", metric_type::gauge);
    for (const double n : {4, 4, 7}) {
        depth.value = n;
        look();
    }
    EXPECT_EQ(range({.name = "depth", .back = 60s}).lines.at(0).values, (values{unknown, unknown, unknown, 4, 4, 7}));
    said.clear();
    look();
    look();
    EXPECT_EQ(range({.name = "depth", .back = 60s}).lines.at(0).values, (values{unknown, 4, 4, 7, unknown, unknown}));
}

TEST_F(metrics_over_time, HistogramsGiveQuantilesMeansAndRates) {
    auto& took = point("took_seconds", metric_type::histogram).distribution;
    took.bounds = {1, 2, 4};
    took.buckets = {1, 0, 0, 0};
    took.count = 1;
    look();
    took.buckets = {1, 10, 0, 0};
    took.sum = 15;
    look();
    look();
    const metric_query q{.name = "took_seconds", .show = shown_as::p50, .back = 60s};
    EXPECT_EQ(range(q).lines.at(0).values.at(4), 1.5);
    EXPECT_EQ(range(q).lines.at(0).values.at(5), unknown); // nothing was observed
    auto others = q;
    others.show = shown_as::mean;
    EXPECT_EQ(range(others).lines.at(0).values.at(4), 1.5);
    others.show = shown_as::rate;
    EXPECT_EQ(range(others).lines.at(0).values.at(4), 1);
    EXPECT_EQ(range(others).lines.at(0).values.at(5), 0);
    others.show = {};
    ASSERT_EQ(range(others).lines.size(), 3U);
    EXPECT_EQ(range(others).lines[2].labels, (monitoring::label_map{{"quantile", "0.99"}}));
}

TEST_F(metrics_over_time, SeriesAreFilteredAndGrouped) {
    for (const auto* route : {"/a", "/b"})
        for (const auto* status : {"200", "500"})
            point("requests_total", metric_type::counter, {{"route", route}, {"status", status}});
    look();
    for (auto& each : said["requests_total"].points)
        each.value = each.labels.at("route") == "/a" ? 10 : 30;
    look();
    const auto lines = [&](const std::string& by, const monitoring::label_map& where = {}) {
        std::map<std::string, double> out;
        for (const auto& each : range({.name = "requests_total", .where = where, .by = by, .back = 60s}).lines)
            out[each.labels.empty() ? "" : each.labels.begin()->second] += each.values.back().value();
        return out;
    };
    EXPECT_EQ(lines(""), (std::map<std::string, double>{{"", 8}}));
    EXPECT_EQ(lines("route"), (std::map<std::string, double>{{"/a", 2}, {"/b", 6}}));
    EXPECT_EQ(lines("route", {{"status", "500"}}), (std::map<std::string, double>{{"/a", 1}, {"/b", 3}}));
    EXPECT_EQ(range({.name = "requests_total", .by = "*", .back = 60s}).lines.size(), 4U);
    const auto few = range({.name = "requests_total", .by = "*", .back = 60s, .max_lines = 2});
    EXPECT_EQ(few.more, 2U);
    EXPECT_EQ(few.lines.at(0).labels.at("route"), "/b"); // those with the most
}

TEST_F(metrics_over_time, AreKeptByTheMinuteForSixHours) {
    auto& n = point("n_total", metric_type::counter);
    for (int i = 0; i < 6 * 360 + 100; ++i) {
        n.value += 60;
        look();
    }
    const auto hour = range({.name = "n_total", .back = 1h});
    EXPECT_EQ(hour.step, 10s);
    EXPECT_EQ(hour.lines.at(0).values, values(360, 6.));
    const auto six = range({.name = "n_total", .back = 6h});
    EXPECT_EQ(six.step, 60s);
    EXPECT_EQ(six.lines.at(0).values, values(360, 6.));
    EXPECT_LT(kept.counts().bytes, 6000U);
}

TEST_F(metrics_over_time, ALookThatComesLateLosesNothing) {
    auto& n = point("n_total", metric_type::counter);
    look();
    n.value = 90;
    look(31s);
    EXPECT_EQ(range({.name = "n_total", .back = 60s}).lines.at(0).values, (values{unknown, unknown, unknown, 0, 0, 9}));
    n.value = 100;
    look(1s); // sooner than the next is due
    EXPECT_EQ(range({.name = "n_total", .back = 60s}).lines.at(0).values.back(), 9);
    look(9s);
    EXPECT_EQ(range({.name = "n_total", .back = 60s}).lines.at(0).values.back(), 1);
}

TEST_F(metrics_over_time, WhatComesBetweenTwoLooksIsThereForWhoAsks) {
    look();
    auto& n = point("n_total", metric_type::counter);
    n.since = begin + at.time_since_epoch() + 1s;
    n.value = 20;
    look(2s);
    EXPECT_EQ(kept.list().size(), 1U);
    n.value = 50;
    look(8s);
    EXPECT_EQ(range({.name = "n_total", .back = 60s}).lines.at(0).values.back(), 3);
}

TEST(MetricHistory, DropsTheSeriesThatWereQuietForLongestWhenThereIsNoRoom) {
    metric_history kept(64 * 1024);
    metric_family quiet{.name = "quiet", .type = metric_type::gauge},
        busy{.name = "busy_total", .type = metric_type::counter, .points = {{}}},
        later{.name = "later_total", .type = metric_type::counter};
    for (int i = 0; i < 40; ++i)
        quiet.points.push_back({.labels = {{"n", std::to_string(i)}}});
    steady_time at{1h};
    auto now = begin;
    for (int look = 0; look < 9; ++look) {
        busy.points.front().value += 10;
        if (look >= 3)
            for (int i = 0; i < 30; ++i)
                later.points.push_back(
                    {.labels = {{"n", std::to_string(100 * look + i)}}, .value = 1, .since = now + 1s});
        kept.sample({quiet, busy, later}, now += 10s, at += 10s);
    }
    const auto counts = kept.counts();
    EXPECT_LE(counts.bytes, 64U * 1024);
    EXPECT_GT(counts.series, 40U);
    EXPECT_GT(counts.dropped, 0U);
    EXPECT_LT(counts.dropped, 211U); // and none comes and goes with each look
    EXPECT_FALSE(kept.range({.name = "quiet", .where = {{"n", "7"}}, .back = 60s}));
    EXPECT_EQ(kept.range({.name = "busy_total", .back = 60s})->lines.at(0).values.back(), 1);
    EXPECT_TRUE(kept.range({.name = "later_total", .where = {{"n", "829"}}, .back = 60s}));
}

TEST_F(metrics_over_time, AThousandSeriesFitTheirRoomWithHistogramsAmongThem) {
    for (int i = 0; i < 1000; ++i) {
        const monitoring::label_map labels{{"route", "/some/route/" + std::to_string(i)}};
        if (i % 5 == 0) {
            auto& d = point("took_seconds", metric_type::histogram, labels).distribution;
            d.bounds.assign(14, 0.);
            d.buckets.assign(15, 0);
        } else {
            point("n_total", metric_type::counter, labels);
        }
    }
    for (int i = 0; i < 400; ++i) { // past the room for an hour, with every series growing
        for (auto& each : said["n_total"].points)
            each.value += 123;
        for (auto& each : said["took_seconds"].points) {
            each.distribution.sum += 0.37;
            for (std::size_t b = 0; b < 15; b += 2)
                each.distribution.buckets[b] += 3;
        }
        look();
    }
    EXPECT_EQ(kept.counts().series, 1000U);
    EXPECT_EQ(kept.counts().dropped, 0U);
    EXPECT_LT(kept.counts().bytes, 8U << 20);
}

TEST_F(metrics_over_time, ExemplarsLeadToTraces) {
    auto& p = point("hits_total", metric_type::counter, {{"a", "b"}});
    p.exemplars = {{.trace = {1, 1}, .value = 1, .time = begin}};
    look();
    p.exemplars = {{.trace = {1, 2}, .value = 1, .time = begin + 1s}};
    look();
    look(); // the same once more
    const auto found = kept.exemplars("hits_total", {}, 10);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].trace, (trace_id{1, 2}));
    EXPECT_EQ(found[0].labels, (monitoring::label_map{{"a", "b"}}));
    EXPECT_TRUE(kept.exemplars("hits_total", {{"a", "c"}}, 10).empty());
}

TEST_F(metrics_over_time, AreListedWithTheirLabels) {
    point("hits_total", metric_type::counter, {{"route", "/a"}}).value = 3;
    point("hits_total", metric_type::counter, {{"route", "/b"}}).value = 4;
    look();
    const auto all = kept.list();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].series, 2U);
    EXPECT_EQ(all[0].last, 7);
    EXPECT_EQ(all[0].labels.at("route"), (std::vector<std::string>{"/a", "/b"}));
}

} // namespace
} // namespace infra::dashboard
