#include "src/top_model.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace infra::cli::top {
namespace {

using namespace std::chrono_literals;
constexpr std::optional<double> unknown;
constexpr auto infinite = std::numeric_limits<double>::infinity();
const steady_time begin{1h};

reading at(std::chrono::milliseconds later, std::string_view metrics = "") {
    reading made{.at = begin + later};
    add_metrics(made, metrics);
    return made;
}

TEST(TopModel, MakesRatesOfTwoLooks) {
    const auto f = compare(at(0s, "emails_sent_total 10\nprocess_cpu_seconds_total 1\n"),
                           at(2s, "emails_sent_total 16\nprocess_cpu_seconds_total 1.5\nemails_failed_total 4\n"));
    EXPECT_EQ(f.rate(counted::mails_sent), 3);
    EXPECT_EQ(f.rate(counted::cpu_seconds), 0.25);
    EXPECT_EQ(f.rate(counted::mails_failed), 2) << "a series begins with its first event";
    EXPECT_EQ(f.rate(counted::requests), 0);
}

TEST(TopModel, HasNoRatesOverARestart) {
    const auto before = at(0s, "process_start_time_seconds 100\nemails_sent_total 10\n");
    const auto now = at(1s, "process_start_time_seconds 200\nemails_sent_total 12\n"
                            "queue_waiting_jobs{queue=\"mail\"} 3\n");
    EXPECT_EQ(change_between(before, now), change::restarted);
    EXPECT_EQ(change_between(now, before), change::other_process);
    const auto f = compare(before, now);
    EXPECT_EQ(f.rate(counted::mails_sent), unknown);
    ASSERT_EQ(f.queues.size(), 1u);
    EXPECT_EQ(f.queues[0].now.waiting, 3);
    EXPECT_EQ(f.queues[0].finished, unknown);
}

TEST(TopModel, HasNoRateOfACounterThatFell) {
    const std::string started = "process_start_time_seconds 100\n";
    const auto f = compare(at(0s, started + "emails_sent_total 10\nemails_failed_total 1\n"),
                           at(1s, started + "emails_sent_total 9\nemails_failed_total 3\n"));
    EXPECT_EQ(f.rate(counted::mails_sent), unknown) << "a series was removed, or all were cleared";
    EXPECT_EQ(f.rate(counted::mails_failed), 2);
    EXPECT_EQ(change_between(at(0s, "emails_sent_total 10\n"), at(1s, "emails_sent_total 9\n")), change::restarted)
        << "where nobody says when the process has started";
}

TEST(TopModel, HasNoRatesWithoutTimeBetween) {
    EXPECT_EQ(compare(at(1s, "emails_sent_total 1\n"), at(1s, "emails_sent_total 2\n")).rate(counted::mails_sent),
              unknown);
}

TEST(TopModel, MakesQuantilesOfWhatCameBetween) {
    const buckets before{{0.1, 100}, {0.2, 100}, {infinite, 100}};
    const auto q = quantiles_between(before, {{0.1, 110}, {0.2, 120}, {infinite, 120}});
    EXPECT_DOUBLE_EQ(q.p50.value(), 0.1);
    EXPECT_DOUBLE_EQ(q.p95.value(), 0.19);
    EXPECT_DOUBLE_EQ(q.p99.value(), 0.198);
    EXPECT_EQ(quantiles_between(before, before).p50, unknown);
    EXPECT_EQ(quantiles_between(before, {{0.1, 90}, {0.2, 120}, {infinite, 120}}).p50, unknown);
    EXPECT_EQ(quantiles_between({}, {{0.1, 2}, {infinite, 2}}).p50, 0.05);
    EXPECT_EQ(quantiles_between({}, {{0.1, 0}, {infinite, 2}}).p99, 0.1) << "above the last bound it is that bound";
    EXPECT_EQ(quantiles_between({}, {{0.1, 2}}).p50, unknown) << "a histogram without its end";
    EXPECT_EQ(quantiles_between({}, {}).p50, unknown);
}

TEST(TopModel, KnowsRoutesAndQueuesEachForItself) {
    const auto f =
        compare(at(0s, "http_server_requests_total{method=\"GET\",route=\"/\",status=\"200\"} 5\n"
                       "queue_jobs_completed_total{queue=\"mail\"} 7\n"),
                at(2s, "http_server_requests_total{method=\"GET\",route=\"/\",status=\"200\"} 9\n"
                       "http_server_requests_total{method=\"GET\",route=\"/\",status=\"500\"} 1\n"
                       "http_server_requests_total{method=\"PUT\",route=\"/\",status=\"200\"} 2\n"
                       "queue_jobs_completed_total{queue=\"mail\"} 8\nqueue_jobs_failed_total{queue=\"mail\"} 4\n"));
    ASSERT_EQ(f.routes.size(), 2u);
    EXPECT_EQ(f.routes[0].requests, 2.5);
    EXPECT_EQ(f.routes[0].errors, 0.5);
    EXPECT_EQ(f.routes[1].requests, 1);
    ASSERT_EQ(f.queues.size(), 1u);
    EXPECT_EQ(f.queues[0].finished, 0.5);
    EXPECT_EQ(f.queues[0].failing, 2);
}

TEST(TopModel, HasAHitRateWhileSomebodyAsks) {
    const auto f = [](int hits, int misses) {
        return compare(at(0s), at(1s, "cache_requests_total{result=\"hit\"} " + std::to_string(hits) +
                                          "\ncache_requests_total{result=\"miss\"} " + std::to_string(misses) + "\n"));
    };
    EXPECT_EQ(f(3, 1).hit_rate, 0.75);
    EXPECT_EQ(f(0, 0).hit_rate, unknown);
}

TEST(TopModel, TellsARestartForAMinute) {
    model m;
    m.take(at(0s, "process_start_time_seconds 100\nemails_sent_total 5\n"));
    EXPECT_EQ(m.shown().figures.rate(counted::mails_sent), unknown);
    m.take(at(1s, "process_start_time_seconds 100\nemails_sent_total 6\n"));
    EXPECT_EQ(m.shown().figures.rate(counted::mails_sent), 1);
    EXPECT_EQ(m.shown().changed, change::none);
    m.take(at(2s, "process_start_time_seconds 900\nemails_sent_total 1\n"));
    EXPECT_EQ(m.shown().changed, change::restarted);
    EXPECT_EQ(m.shown().figures.rate(counted::mails_sent), unknown);
    m.take(at(60s, "process_start_time_seconds 900\nemails_sent_total 1\n"));
    EXPECT_EQ(m.shown().changed, change::restarted);
    m.take(at(63s, "process_start_time_seconds 900\nemails_sent_total 1\n"));
    EXPECT_EQ(m.shown().changed, change::none);
}

TEST(TopModel, KeepsTheLastPictureWhileTheServiceIsDown) {
    model m;
    m.fail("connection refused", begin);
    EXPECT_FALSE(m.shown().last);
    m.take(at(1s, "emails_sent_total 5\n"));
    EXPECT_FALSE(m.shown().down);
    m.fail("connection refused", begin + 2s);
    m.fail("timed out", begin + 3s);
    ASSERT_TRUE(m.shown().down);
    EXPECT_EQ(m.shown().down->reason, "timed out");
    EXPECT_EQ(m.shown().down->since, begin + 2s);
    EXPECT_EQ(m.shown().last->counter(counted::mails_sent), 5);
    m.take(at(11s, "emails_sent_total 25\n"));
    EXPECT_FALSE(m.shown().down);
    EXPECT_EQ(m.shown().figures.rate(counted::mails_sent), 2) << "over all the time that nothing was heard";
}

TEST(TopModel, SumsWhatIsKnownOfQueues) {
    reading now = at(0s, "queue_waiting_jobs{queue=\"a\"} 3\nqueue_waiting_jobs{queue=\"b\"} 4\n"
                         "queue_oldest_waiting_seconds{queue=\"b\"} 9\n");
    model m;
    m.take(now);
    EXPECT_EQ(m.shown().waiting(), 7);
    EXPECT_EQ(m.shown().sum(&queue_reading::active), unknown);
    EXPECT_EQ(m.shown().oldest_seconds(), 9);
    now.queues["a"].active = 2;
    now.queues["b"].paused = true;
    m.take(now);
    EXPECT_EQ(m.shown().sum(&queue_reading::active), 2);
    EXPECT_EQ(m.shown().oldest_seconds(), 0) << "who is paused waits on purpose";
}

// --- the curves ---------------------------------------------------------------------------------------------------

using cells = std::vector<std::optional<double>>;

history counting(std::size_t n) {
    history made;
    for (std::size_t i = 0; i < n; ++i) {
        history::point p{};
        p[static_cast<std::size_t>(trend::cpu)] = static_cast<double>(i);
        made.add(p);
    }
    return made;
}

TEST(TopHistory, HasTheHighestOfEachPart) {
    EXPECT_EQ(counting(0).cells(trend::cpu, 10), cells());
    EXPECT_EQ(counting(3).cells(trend::cpu, 300), (cells{0, 1, 2}));
    EXPECT_EQ(counting(70).cells(trend::cpu, 10), (cells{29, 59, 69}));
    EXPECT_EQ(counting(300).cells(trend::cpu, 3), (cells{99, 199, 299}));
    EXPECT_EQ(counting(3).cells(trend::lag, 300), (cells{unknown, unknown, unknown}));
    EXPECT_EQ(counting(3).cells(trend::cpu, 0), cells());
}

TEST(TopHistory, MovesByWholeCells) {
    const auto one = counting(310).cells(trend::cpu, 10), next = counting(311).cells(trend::cpu, 10);
    ASSERT_EQ(one.size(), 10u);
    ASSERT_EQ(next.size(), 10u);
    EXPECT_EQ(std::vector(one.begin(), one.end() - 1), std::vector(next.begin(), next.end() - 1));
    EXPECT_EQ(counting(1'000).points.size(), history::most_points);
}

} // namespace
} // namespace infra::cli::top
