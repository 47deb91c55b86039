#include "support.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <thread>

namespace infra::monitoring {
namespace {

using namespace std::chrono_literals;

TEST(Metrics, CountInEverySpelling) {
    metrics m;
    const std::vector<int> pending(7);
    const std::string path = "/api/users";
    const label_map kept{{"template", "welcome"}};
    m.increment("plain");
    m.increment("empty", {});
    m.increment("by", 5);
    m.increment("labelled", {{"method", "GET"}});
    m.increment("labelled_by", 5, {{"method", "GET"}, {"path", path}});
    m.increment("by_double", 0.5, {});
    m.increment(std::string("kept"), kept);
    m.increment("mixed", {{"status", 200}, {"ok", true}, {"path", path + "/1"}, {"view", std::string_view(path)}});
    m.gauge("active", 42);
    m.gauge("depth", pending.size());
    m.gauge("float", 1.5F, {{"a", "b"}});
    m.observe("duration_ms", 150, {{"path", path}});

    EXPECT_EQ(m.get_counter("plain"), 1);
    EXPECT_EQ(m.get_counter("empty"), 1);
    EXPECT_EQ(m.get_counter("by"), 5);
    EXPECT_EQ(m.get_counter("labelled_by", {{"path", path}, {"method", "GET"}}), 5);
    EXPECT_EQ(m.get_counter("by_double"), 0.5);
    EXPECT_EQ(m.get_counter("kept", kept), 1);
    EXPECT_EQ(m.get_counter("mixed", {{"view", path}, {"ok", "true"}, {"path", "/api/users/1"}, {"status", "200"}}), 1);
    EXPECT_EQ(m.get_gauge("active"), 42);
    EXPECT_EQ(m.get_gauge("depth"), 7);
    EXPECT_EQ(m.get_gauge("float", {{"a", "b"}}), 1.5);
    EXPECT_EQ(m.get_histogram("duration_ms", {{"path", path}})->count, 1U);
}

TEST(Metrics, GiveNothingForASeriesThatIsNotThere) {
    metrics m;
    m.increment("jobs", {{"queue", "a"}});
    EXPECT_FALSE(m.get_counter("jobs"));
    EXPECT_FALSE(m.get_counter("jobs", {{"queue", "b"}}));
    EXPECT_FALSE(m.get_gauge("jobs", {{"queue", "a"}}));
    EXPECT_FALSE(m.get_histogram("jobs"));
}

TEST(Metrics, SortObservationsIntoBuckets) {
    metrics m;
    const auto h = m.bind_histogram("size", {}, {.buckets = {1, 10}});
    for (const double value : {0.5, 1.0, 1.5, 10.0, 11.0, -3.0, std::numeric_limits<double>::infinity()})
        h.observe(value);
    h.observe(std::numeric_limits<double>::quiet_NaN());
    const auto read = *m.get_histogram("size");
    EXPECT_EQ(read.bounds, (std::vector<double>{1, 10}));
    EXPECT_EQ(read.buckets, (std::vector<std::uint64_t>{3, 2, 2}));
    EXPECT_EQ(read.count, 7U);
}

// At, just below and just above each bound, and read after each value.
TEST(Metrics, SortTheNeighboursOfEveryBound) {
    constexpr auto endless = std::numeric_limits<double>::infinity();
    for (const std::size_t count : {1U, 2U, 3U, 31U, 32U, 33U, 200U}) {
        metrics m;
        std::vector<double> bounds;
        for (std::size_t i = 0; i < count; ++i)
            bounds.push_back((static_cast<double>(i) - 7) * 0.1);
        const auto h = m.bind_histogram("size", {}, {.buckets = bounds});
        std::vector<std::uint64_t> expected(bounds.size() + 1);
        std::vector<double> values{-endless, endless, -0.0, 0.0, std::numeric_limits<double>::denorm_min()};
        for (const double bound : bounds)
            values.insert(values.end(), {bound, std::nextafter(bound, -endless), std::nextafter(bound, endless)});
        for (const double value : values) {
            h.observe(value);
            ++expected[static_cast<std::size_t>(std::ranges::count_if(bounds, [=](double b) { return b < value; }))];
            ASSERT_EQ(m.get_histogram("size")->buckets, expected) << count << " " << value;
        }
    }
}

TEST(Metrics, ListEverySeries) {
    manual_clock time;
    metrics m({.time = &time});
    m.increment("b", {{"x", "2"}});
    m.increment("b", 3, {{"x", "1"}});
    m.gauge("a", 0.5);
    m.observe("c_seconds", 1);
    m.observe("c_seconds", 2);
    const auto all = m.get_all_metrics();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].name, "a");
    EXPECT_EQ(all[0].type, metric_type::gauge);
    EXPECT_EQ(all[1].labels, (label_map{{"x", "1"}}));
    EXPECT_EQ(all[1].value, 3);
    EXPECT_EQ(all[2].value, 1);
    EXPECT_EQ(all[3].type, metric_type::histogram);
    EXPECT_EQ(all[3].value, 1.5); // the mean
    EXPECT_EQ(all[3].timestamp, time.wall());
}

TEST(Metrics, LeaveOutWhatTheyCannotTakeAndSaySoOnce) {
    const heard_log log;
    metrics m;
    for (int i = 0; i < 3; ++i) {
        m.increment("http.requests");
        m.increment("jobs", {{"le", "1"}});
        m.increment("jobs", {{"a", "1"}, {"a", "2"}});
    }
    m.increment("orders");
    m.gauge("orders", 1);
    m.increment("falls", -1);
    m.increment("endless", std::numeric_limits<double>::infinity());
    m.observe("nothing", std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(m.get_counter("metrics_rejected_total"), 13);
    EXPECT_EQ(log.lines().size(), 6U);
    EXPECT_EQ(log.lines()[0], "a metric is not a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*, at most 200 bytes");
    EXPECT_EQ(log.lines()[2], "a metric is a counter and cannot be used as a gauge");
    EXPECT_EQ(m.get_counter("orders"), 1);
    EXPECT_FALSE(m.get_counter("falls"));
}

// However such a name or label is made, it means no series that there is.
TEST(Metrics, TakeNoNameForAnotherWithItsLabels) {
    metrics m;
    m.increment("n_total", {{"l", "v"}, {"m", "w"}});
    const auto length_of_one = [](std::string_view end) {
        return std::string("\1\0\0\0\0\0\0\0", 8) + std::string(end);
    };
    for (const std::string_view end : {"", "\xFF"}) {
        const auto value = std::string(end) + length_of_one(end);
        m.increment("n_total" + std::string(end) + length_of_one(end) + "l" + value + "v" + value + "m" + value + "w");
        m.increment("n_total\xFFl" + value + "v", {{"m", "w"}});
        m.increment("n_total", {{"l" + value + "v" + std::string(end) + "m", "w"}});
        m.increment("n_total", {{"l" + value + "v" + value + "m", "w"}});
    }
    EXPECT_EQ(m.get_counter("n_total", {{"l", "v"}, {"m", "w"}}), 1);
    EXPECT_EQ(m.get_counter("metrics_rejected_total"), 8);
}

TEST(Metrics, RefuseToBindWhatTheyCannotTake) {
    metrics m;
    const auto complaint = [](auto bind) -> std::string {
        try {
            (void)bind();
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    (void)m.bind_counter("foo");
    EXPECT_EQ(complaint([&] { return m.bind_counter("1"); }),
              "monitoring::metrics: 1 is not a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*, at most 200 bytes");
    EXPECT_EQ(complaint([&] { return m.bind_gauge("foo"); }),
              "monitoring::metrics: foo is a counter and cannot be used as a gauge");
    EXPECT_EQ(complaint([&] { return m.bind_counter("foo_total"); }),
              "monitoring::metrics: foo_total would be exposed as foo_total, which clashes with the metric foo");
    EXPECT_EQ(complaint([&] { return m.bind_histogram("h", {}, {.buckets = {1, 1}}); }),
              "monitoring::metrics: h has buckets that are not finite, rising and at most 200");
    EXPECT_EQ(complaint([] { return std::make_unique<metrics>(metrics_options{.max_series_per_metric = 0}); }),
              "monitoring::metrics_options::max_series_per_metric must be at least 1");
}

TEST(Metrics, CountTogetherWhatGoesBeyondTheLimitOfSeries) {
    const heard_log log;
    metrics m({.max_series_per_metric = 3});
    for (int i = 0; i < 100; ++i)
        m.increment("requests", {{"user", i}});
    m.increment("requests", {{"user", 0}});
    EXPECT_EQ(m.get_counter("requests", {{"user", 0}}), 2); // what was there goes on
    EXPECT_EQ(m.get_counter("requests", {{"overflow", "true"}}), 97);
    EXPECT_EQ(m.get_all_metrics().size(), 4U);
    ASSERT_EQ(log.lines().size(), 1U);
    EXPECT_NE(log.lines()[0].find("has 3 series"), std::string::npos);
}

TEST(Metrics, KeepNoSecondEntryForSpellingsOfTheSameSeries) {
    metrics m({.max_series_per_metric = 2});
    for (int i = 0; i < 50; ++i)
        m.increment("bomb", {{"a", std::string(1024, 'x') + std::to_string(i)}});
    EXPECT_EQ(m.get_counter("bomb", {{"a", std::string(1024, 'x')}}), 50);
}

TEST(Metrics, RefuseNamesWithoutEnd) {
    const heard_log log;
    metrics m({.max_metrics = 3});
    for (int i = 0; i < 100; ++i)
        m.increment("orders_of_user_" + std::to_string(i));
    EXPECT_EQ(m.get_all_metrics().size(), 3U);
    EXPECT_NE(log.lines().at(0).find("more than 3 metrics"), std::string::npos);
    m.increment("orders_of_user_1");
    EXPECT_EQ(m.get_counter("orders_of_user_1"), 2); // what was there goes on
}

TEST(Metrics, LeaveTheNamesOfTheProcessAlone) {
    const heard_log log;
    metrics m({.process_metrics = true});
    m.gauge("process_open_fds", 1);
    m.increment("process_cpu_ms");
    m.gauge("infra_build_info", 3);
    EXPECT_EQ(log.lines().size(), 3U);
    const auto body = m.expose().body;
    for (const std::string name : {"process_open_fds", "process_cpu_seconds_total", "infra_build_info"})
        EXPECT_EQ(body.find("# TYPE " + name), body.rfind("# TYPE " + name)) << name;
}

TEST(Metrics, KnowASeriesHoweverItsLabelsAreSpelled) {
    metrics m;
    const std::string path(40, 'p');
    for (int round = 0; round < 3; ++round) { // the second and third are recalled
        m.increment("requests", {{"method", "GET"}, {"path", path}});
        m.increment("requests", {{"path", path}, {"method", "GET"}});
        m.increment("requests", label_map{{"method", "GET"}, {"path", path}});
        m.increment("requests", {{"method", "GE"}, {"path", "T" + path}});
        m.increment("requests", {{"methodGET", "path"}, {path, ""}});
    }
    EXPECT_EQ(m.get_counter("requests", {{"method", "GET"}, {"path", path}}), 9);
    EXPECT_EQ(m.get_counter("requests", {{"method", "GE"}, {"path", "T" + path}}), 3);
    EXPECT_EQ(m.get_all_metrics().size(), 3U);
}

TEST(Metrics, TellApartThousandsOfSeries) {
    metrics m({.max_series_per_metric = 10'000});
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < 5'000; ++i) {
            m.increment("by_id", {{"id", i}});
            m.gauge("level", i, {{"id", i}});
        }
    for (int i = 0; i < 5'000; ++i) {
        ASSERT_EQ(m.get_counter("by_id", {{"id", i}}), 3);
        ASSERT_EQ(m.get_gauge("level", {{"id", i}}), i);
    }
}

TEST(Metrics, DoNotMixUpTwoSetsOfThem) {
    for (int i = 0; i < 3; ++i) { // at the same address, likely
        metrics m;
        m.increment("same");
        EXPECT_EQ(m.get_counter("same"), 1);
        m.clear();
        m.increment("same", 2);
        EXPECT_EQ(m.get_counter("same"), 2);
    }
}

TEST(Metrics, CountWholeNumbersAndOthers) {
    metrics m;
    const auto c = m.bind_counter("c");
    c.increment(3);
    c.increment(0.5);
    c.increment(-1);
    c.increment(std::uint64_t(1) << 40);
    c.increment(std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(m.get_counter("c"), 3.5 + 0x1p40);
}

TEST(Metrics, RemoveASeriesThatNoHandleHolds) {
    metrics m;
    m.increment("users", {{"id", 1}});
    m.increment("users", {{"id", 2}});
    const auto held = m.bind_counter("users", {{"id", 3}});
    EXPECT_TRUE(m.remove("users", {{"id", 1}}));
    EXPECT_FALSE(m.remove("users", {{"id", 1}}));
    EXPECT_FALSE(m.remove("users", {{"id", 3}}));
    EXPECT_FALSE(m.remove("nobody"));
    EXPECT_FALSE(m.get_counter("users", {{"id", 1}}));
    m.increment("users", {{"id", 1}});
    EXPECT_EQ(m.get_counter("users", {{"id", 1}}), 1);
    EXPECT_TRUE(m.remove("users", {{"id", 1}}));
    EXPECT_TRUE(m.remove("users", {{"id", 2}}));
    EXPECT_EQ(m.get_all_metrics().size(), 1U);
}

TEST(Metrics, RemoveWhatWasIdleForTooLong) {
    manual_clock time;
    metrics m({.remove_idle_after = 60s, .time = &time});
    m.increment("busy", {{"id", 1}});
    m.increment("idle", {{"id", 1}});
    m.gauge("level", 7);
    m.observe("sizes", 7);
    const auto held = m.bind_counter("held");
    for (int i = 0; i < 4; ++i) {
        (void)m.expose();
        time.advance(25s);
        m.observe("lengths", 7);
        m.increment("busy", {{"id", 1}});
        m.gauge("level", 7); // set anew, though to what it was
    }
    (void)m.expose();
    EXPECT_EQ(m.get_counter("busy", {{"id", 1}}), 5);
    EXPECT_EQ(m.get_gauge("level"), 7);
    EXPECT_EQ(m.get_counter("held"), 0);
    EXPECT_FALSE(m.get_counter("idle", {{"id", 1}}));
    EXPECT_FALSE(m.get_histogram("sizes"));
    EXPECT_EQ(m.get_histogram("lengths")->count, 4U);
    m.increment("idle", {{"id", 1}});
    EXPECT_EQ(m.get_counter("idle", {{"id", 1}}), 1);
}

TEST(Metrics, AskBeforeEachScrape) {
    const heard_log log;
    metrics m;
    int asked = 0;
    m.before_scrape([&] { m.gauge("asked", ++asked); });
    m.before_scrape([] { throw std::runtime_error("not now"); });
    m.before_scrape([] { throw 7; });
    (void)m.expose();
    EXPECT_NE(m.expose().body.find("\nasked 2\n"), std::string::npos);
    EXPECT_EQ(m.get_counter("metrics_collect_failures_total"), 4);
    EXPECT_EQ(log.lines().size(), 1U);
}

TEST(Metrics, ClearAndScrapeWhileOthersCount) {
    metrics m({.max_series_per_metric = 20, .remove_idle_after = 1s});
    const auto held = m.bind_histogram("held", {}, {.buckets = {1}});
    const auto work = [&](std::stop_token over) {
        for (int i = 0; !over.stop_requested(); ++i) {
            m.increment("some", {{"i", i % 30}});
            m.observe("took_seconds", i % 7, {{"i", i % 5}});
            m.gauge("level", i);
            held.observe(i % 3);
        }
    };
    std::jthread one(work), two(work);
    for (int i = 0; i < 300; ++i) {
        if (i % 3 == 0)
            m.clear();
        if (i % 5 == 0)
            m.remove("some", {{"i", i % 30}});
        const auto body = m.expose("application/openmetrics-text").body;
        ASSERT_TRUE(body.ends_with("# EOF\n"));
        (void)m.get_all_metrics();
    }
}

TEST(Metrics, LoseNothingOfManyThreads) {
    metrics m;
    const auto bound = m.bind_counter("bound");
    const auto level = m.bind_gauge("level");
    const auto sizes = m.bind_histogram("sizes", {}, {.buckets = {10}});
    constexpr int threads = 4, each = 20'000;
    {
        std::vector<std::jthread> all;
        for (int t = 0; t < threads; ++t)
            all.emplace_back([&, t] {
                for (int i = 0; i < each; ++i) {
                    bound.increment();
                    level.increment();
                    sizes.observe(i % 20);
                    m.increment("dynamic", {{"thread", t % 2}});
                }
            });
        for (int i = 0; i < 200; ++i) { // a scrape meanwhile sees whole observations only
            const auto seen = *m.get_histogram("sizes");
            EXPECT_EQ(seen.count, seen.buckets[0] + seen.buckets[1]);
            EXPECT_FALSE(m.expose().body.empty());
        }
    }
    EXPECT_EQ(m.get_counter("bound"), threads * each);
    EXPECT_EQ(m.get_gauge("level"), threads * each);
    EXPECT_EQ(m.get_counter("dynamic", {{"thread", 0}}), threads / 2 * each);
    const auto read = *m.get_histogram("sizes");
    EXPECT_EQ(read.count, static_cast<std::uint64_t>(threads * each));
    EXPECT_EQ(read.buckets[0], static_cast<std::uint64_t>(threads * each / 20 * 11));
    EXPECT_EQ(read.sum, threads * each / 20 * 190.0);
}

// The sum follows from the buckets, so a snapshot that mixes two moments shows one that does not.
TEST(Metrics, ReadASumThatBelongsToTheBuckets) {
    metrics m;
    const auto sizes = m.bind_histogram("sizes", {}, {.buckets = {1, 100}});
    const std::jthread observer([&](std::stop_token over) {
        for (std::uint32_t i = 0; !over.stop_requested(); ++i)
            sizes.observe(std::array{1, 100, 10'000}[(i * 2'654'435'761U >> 16) % 3]);
    });
    for (int i = 0; i < 2'000; ++i) {
        const auto seen = *m.get_histogram("sizes");
        ASSERT_EQ(seen.sum, static_cast<double>(seen.buckets[0] + 100 * seen.buckets[1] + 10'000 * seen.buckets[2]));
        ASSERT_EQ(seen.count, seen.buckets[0] + seen.buckets[1] + seen.buckets[2]);
    }
}

TEST(Metrics, ForgetWhenCleared) {
    metrics m;
    m.increment("gone", {{"a", "b"}});
    m.increment("was_a_counter");
    m.clear();
    EXPECT_TRUE(m.get_all_metrics().empty());
    m.gauge("was_a_counter", 3); // the name is free again
    EXPECT_EQ(m.get_gauge("was_a_counter"), 3);
}

TEST(Metrics, GoOnFromZeroForHandlesWhenCleared) {
    metrics m;
    const auto c = m.bind_counter("held", {{"a", "b"}});
    const auto g = m.bind_gauge("level");
    const auto h = m.bind_histogram("sizes", {}, {.buckets = {1}});
    for (int round = 0; round < 3; ++round) {
        c.increment(5);
        g.set(5);
        h.observe(0.5);
        h.observe(2);
        EXPECT_EQ(m.get_counter("held", {{"a", "b"}}), 5);
        EXPECT_EQ(m.get_histogram("sizes")->buckets, (std::vector<std::uint64_t>{1, 1}));
        EXPECT_EQ(m.get_histogram("sizes")->sum, 2.5);
        m.clear();
        EXPECT_EQ(m.get_counter("held", {{"a", "b"}}), 0);
        EXPECT_EQ(m.get_gauge("level"), 0);
        EXPECT_EQ(m.get_histogram("sizes")->count, 0U);
    }
    m.increment("held", {{"a", "b"}}); // the same series, found by name
    EXPECT_EQ(m.get_counter("held", {{"a", "b"}}), 1);
}

TEST(Metrics, SumUpAfterAnInfiniteValueWasCleared) {
    constexpr auto endless = std::numeric_limits<double>::infinity();
    metrics m;
    const auto h = m.bind_histogram("sizes", {}, {.buckets = {1}});
    for (const double value : {endless, -endless, endless}) {
        h.observe(value);
        h.observe(1);
        EXPECT_EQ(m.get_histogram("sizes")->sum, value);
        m.clear();
        EXPECT_EQ(m.get_histogram("sizes")->sum, 0);
        h.observe(1);
        EXPECT_EQ(m.get_histogram("sizes")->sum, 1);
        EXPECT_EQ(m.get_histogram("sizes")->buckets, (std::vector<std::uint64_t>{1, 0}));
        m.clear();
    }
    h.observe(endless);
    h.observe(-endless);
    EXPECT_TRUE(std::isnan(m.get_histogram("sizes")->sum));
    m.clear();
    h.observe(std::numeric_limits<double>::max());
    h.observe(std::numeric_limits<double>::max());
    EXPECT_EQ(m.get_histogram("sizes")->sum, endless);
    m.clear();
    h.observe(1);
    EXPECT_EQ(m.get_histogram("sizes")->sum, endless); // there is no telling; but it is a number
}

TEST(Metrics, LetHandlesOutliveThem) {
    std::optional<counter_series> survivor;
    {
        metrics m;
        survivor = m.bind_counter("short_lived");
    }
    survivor->increment();
}

} // namespace
} // namespace infra::monitoring
