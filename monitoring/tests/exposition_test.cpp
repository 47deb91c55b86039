#include "support.hpp"

#include <limits>

namespace infra::monitoring {
namespace {

using namespace std::chrono_literals;

TEST(Exposition, IsPrometheusText) {
    metrics m;
    m.increment("emails_sent", 3, {{"template", "wel\"come"}});
    m.increment("emails_sent", {{"template", "bye"}});
    m.gauge("queue_depth", 7);
    const auto seconds =
        m.bind_histogram("charge_ms", {{"provider", "x"}}, {.buckets = {5, 10}, .help = "Charges.\nAll."});
    seconds.observe(7);
    seconds.observe(20);
    const auto [content_type, body, content_encoding] = m.expose("text/html;q=0.1, */*");
    EXPECT_EQ(content_encoding, "");
    EXPECT_EQ(content_type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(body, R"(# HELP charge_seconds Charges.\nAll.
# TYPE charge_seconds histogram
charge_seconds_bucket{provider="x",le="0.005"} 0
charge_seconds_bucket{provider="x",le="0.01"} 1
charge_seconds_bucket{provider="x",le="+Inf"} 2
charge_seconds_sum{provider="x"} 0.027
charge_seconds_count{provider="x"} 2
# HELP emails_sent_total Emails sent.
# TYPE emails_sent_total counter
emails_sent_total{template="bye"} 1
emails_sent_total{template="wel\"come"} 3
# HELP queue_depth Queue depth.
# TYPE queue_depth gauge
queue_depth 7
)");
}

TEST(Exposition, IsOpenMetricsForWhoAsks) {
    metrics m;
    m.increment("emails_sent", 3, {{"template", "wel\"come"}});
    m.gauge("fill_ratio", 0.5);
    const auto ms = m.bind_histogram("charge_ms", {}, {.buckets = {5, 1000}, .help = "All \"charges\".\n"});
    ms.observe(7);
    const auto answer = m.expose("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    EXPECT_EQ(answer.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    EXPECT_EQ(answer.body, R"(# TYPE charge_seconds histogram
# UNIT charge_seconds seconds
# HELP charge_seconds All \"charges\".\n
charge_seconds_bucket{le="0.005"} 0
charge_seconds_bucket{le="1.0"} 1
charge_seconds_bucket{le="+Inf"} 1
charge_seconds_sum 0.007
charge_seconds_count 1
# TYPE emails_sent counter
# HELP emails_sent Emails sent.
emails_sent_total{template="wel\"come"} 3
# TYPE fill_ratio gauge
# UNIT fill_ratio ratio
# HELP fill_ratio Fill ratio.
fill_ratio 0.5
# EOF
)");
}

TEST(Exposition, GivesExemplarsOfSampledSpans) {
    tracer t;
    t.install();
    metrics m;
    const auto ms = m.bind_histogram("charge_ms", {}, {.buckets = {5, 1000}});
    ms.observe(1); // outside of any span
    std::string trace, id;
    {
        const span work("work");
        trace.assign(to_hex(work.context().trace).data(), 32);
        id = work.id();
        ms.observe(7);
    }
    {
        const span unsampled("unsampled", {.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"});
        ms.observe(2000);
    }
    const auto body = m.expose("application/openmetrics-text").body;
    const auto line =
        "charge_seconds_bucket{le=\"1.0\"} 2 # {trace_id=\"" + trace + "\",span_id=\"" + id + "\"} 0.007 ";
    EXPECT_NE(body.find(line), std::string::npos) << body;
    EXPECT_EQ(body.find(" # {"), body.rfind(" # {"));
    EXPECT_EQ(m.expose("text/plain").body.find(" # {"), std::string::npos); // promtool would stop at one
    m.clear();
    EXPECT_EQ(m.expose("application/openmetrics-text").body.find(" # {"), std::string::npos);
}

TEST(Exposition, GivesExemplarsOfCountersToo) {
    tracer t;
    t.install();
    metrics m;
    const auto paid = m.bind_counter("paid_ms_total", {{"currency", "sek"}});
    const auto orders = m.bind_counter("orders");
    orders.increment(); // outside of any span
    std::string ids;
    {
        const span work("work");
        ids = "{trace_id=\"" + work.trace_id() + "\",span_id=\"" + work.id() + "\"}";
        paid.increment(2500.5);
        m.increment("refunds", 3);
    }
    {
        const span unsampled("unsampled", {.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"});
        orders.increment();
        paid.increment(1000);
    }
    const auto body = m.expose("application/openmetrics-text").body;
    EXPECT_NE(body.find("\npaid_seconds_total{currency=\"sek\"} 3.5005 # " + ids + " 2.5005 "), std::string::npos)
        << body;
    EXPECT_NE(body.find("\nrefunds_total 3 # " + ids + " 3 "), std::string::npos) << body;
    EXPECT_NE(body.find("\norders_total 2\n"), std::string::npos) << body;
    EXPECT_EQ(m.expose("text/plain").body.find(" # {"), std::string::npos);
    m.clear();
    EXPECT_EQ(m.expose("application/openmetrics-text").body.find(" # {"), std::string::npos);
}

// The span that is left out of its order is in the slot still, but active no more.
TEST(Exposition, GivesNoExemplarOfASpanThatHasEnded) {
    tracer t;
    t.install();
    metrics m;
    auto outer = std::make_unique<span>("outer");
    {
        const context_scope elsewhere{context()};
        outer.reset();
    }
    m.increment("orders");
    EXPECT_EQ(m.expose("application/openmetrics-text").body.find(" # {"), std::string::npos);
}

TEST(Exposition, GivesNoExemplarsWhereTheyAreOff) {
    tracer t;
    t.install();
    metrics m({.exemplars = false});
    const span work("work");
    m.observe("charge_ms", 7);
    m.increment("orders");
    EXPECT_EQ(m.expose("application/openmetrics-text").body.find(" # {"), std::string::npos);
}

// Debian's python3-prometheus-client has a strict parser.
TEST(Exposition, IsReadByAnotherOpenMetricsParser) {
    const std::string python = "/usr/bin/python3";
    if (std::system((python + " -c 'import prometheus_client.openmetrics.parser' >/dev/null 2>&1").c_str()) != 0)
        GTEST_SKIP() << "prometheus_client is not installed (Debian package python3-prometheus-client)";
    tracer t;
    t.install();
    metrics m({.max_series_per_metric = 5, .process_metrics = true});
    const span work("work");
    for (int i = 0; i < 10; ++i)
        m.increment("http_requests", 1.5, {{"method", "GET"}, {"path", "/" + std::to_string(i)}});
    m.increment("emailsSent", {{"template", "we\\l\"c\nome é \xFF"}});
    m.gauge("jobs_total", 1);
    m.gauge("heap_mb", 12);
    m.gauge("cold", -std::numeric_limits<double>::infinity());
    m.gauge("unknown", std::numeric_limits<double>::quiet_NaN());
    m.observe("http_request_duration_ms", 150, {{"path", "/api/users"}});
    m.observe("change", -5); // the sum falls
    m.observe("endless", std::numeric_limits<double>::infinity());
    m.bind_histogram("outside_celsius", {}, {.buckets = {-10, 0, 10.5, 1e20}, .help = "\\ \" \n"}).observe(-3);
    const auto path = std::filesystem::temp_directory_path() / ("openmetrics_" + uuid_v7());
    std::ofstream(path, std::ios::binary) << m.expose("application/openmetrics-text").body;
    const auto program = R"(
import sys
from prometheus_client.openmetrics.parser import text_fd_to_metric_families
samples = [s for f in text_fd_to_metric_families(open(sys.argv[1], encoding='utf-8')) for s in f.samples]
assert sum(s.value for s in samples if s.name == 'http_requests_total') == 15, samples
assert any(s.exemplar and len(s.exemplar.labels['trace_id']) == 32 for s in samples if s.name.endswith('_bucket')), samples
assert any(s.exemplar and s.exemplar.value == 1.5 for s in samples if s.name == 'http_requests_total'), samples
assert any(s.labels.get('template') == 'we\\l"c\nome é \uFFFD' for s in samples), samples
)";
    const auto script = path.string() + ".py";
    std::ofstream(script) << program;
    EXPECT_EQ(std::system((python + " " + script + " " + path.string()).c_str()), 0)
        << m.expose("application/openmetrics-text").body;
    std::filesystem::remove(path);
    std::filesystem::remove(script);
}

TEST(Exposition, IsCompressedForWhoTakesIt) {
    metrics m;
    for (int i = 0; i < 500; ++i)
        m.increment("x", i, {{"i", i}});
    const auto plain = m.expose();
    const auto packed = m.expose({}, "deflate, gzip;q=0.5");
    EXPECT_EQ(plain.content_encoding, "");
    EXPECT_EQ(packed.content_encoding, "gzip");
    EXPECT_LT(packed.body.size(), plain.body.size() / 3);
    const auto path = std::filesystem::temp_directory_path() / ("metrics_" + uuid_v7());
    std::ofstream(path, std::ios::binary) << packed.body;
    ASSERT_EQ(std::system(("gzip -dc < " + path.string() + " > " + path.string() + ".txt").c_str()), 0);
    std::ifstream unpacked(path.string() + ".txt");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(unpacked), {}), plain.body);
    std::filesystem::remove(path);
    std::filesystem::remove(path.string() + ".txt");
}

TEST(Exposition, IsToBeHadAsData) {
    manual_clock time;
    time.set_wall(wall_time(1000s));
    metrics m({.time = &time});
    m.increment("requestCount", 2, {{"userId", "a\"b"}});
    m.bind_histogram("wait_ms", {}, {.buckets = {100, 1000}, .help = "Time spent waiting."}).observe(500);
    m.before_scrape([&m] { m.gauge("depth", 7); });
    const auto all = m.collect();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].name, "depth");
    EXPECT_EQ(all[0].points.at(0).value, 7);
    EXPECT_EQ(all[1].name, "request_count_total");
    EXPECT_EQ(all[1].points.at(0).labels, (label_map{{"user_id", "a\"b"}}));
    EXPECT_EQ(all[1].points.at(0).value, 2);
    EXPECT_EQ(all[1].points.at(0).since, wall_time(1000s));
    EXPECT_EQ(all[2].name, "wait_seconds");
    EXPECT_EQ(all[2].help, "Time spent waiting.");
    EXPECT_EQ(all[2].points.at(0).distribution.bounds, (std::vector{0.1, 1.0}));
    EXPECT_EQ(all[2].points.at(0).distribution.buckets, (std::vector<std::uint64_t>{0, 1, 0}));
    EXPECT_EQ(all[2].points.at(0).distribution.sum, 0.5);
}

TEST(Exposition, GivesExemplarsAsData) {
    tracer t;
    t.install();
    metrics m;
    const span work("work");
    m.increment("orders", 2);
    m.increment("orders", 0.5, {{"country", "se"}});
    m.bind_histogram("wait_ms", {}, {.buckets = {100, 1000}}).observe(500);
    m.gauge("depth", 7);
    const auto all = m.collect();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_TRUE(all[0].points.at(0).exemplars.empty()) << "a gauge has none";
    for (const std::size_t series : {0U, 1U}) {
        ASSERT_EQ(all[1].points.at(series).exemplars.size(), 1U);
        EXPECT_EQ(all[1].points[series].exemplars[0].trace, work.context().trace);
        EXPECT_EQ(all[1].points[series].exemplars[0].span, work.context().span);
        EXPECT_EQ(all[1].points[series].exemplars[0].value, series == 0 ? 2 : 0.5);
    }
    ASSERT_EQ(all[2].points.at(0).exemplars.size(), 1U);
    EXPECT_EQ(all[2].points[0].exemplars[0].value, 0.5) << "in the unit in which it is exposed";
}

TEST(Exposition, TellsSinceWhenItCounts) {
    manual_clock time;
    time.set_wall(wall_time(1000s));
    metrics m({.time = &time});
    const auto orders = m.bind_counter("orders");
    time.set_wall(wall_time(2000s));
    m.clear();
    orders.increment();
    m.increment("later");
    for (const auto& each : m.collect())
        EXPECT_EQ(each.points.at(0).since, wall_time(2000s)) << each.name;
}

TEST(Exposition, HasTheProcessAsDataToo) {
    metrics m({.process_metrics = true});
    std::map<std::string, metric_point> points;
    for (const auto& each : m.collect())
        points[each.name] = each.points.at(0);
    EXPECT_TRUE(points["infra_build_info"].labels.contains("version"));
    EXPECT_GT(points["process_cpu_seconds_total"].since, wall_time{});
    EXPECT_LT(points["process_cpu_seconds_total"].since, real_clock().wall() + 2s);
}

TEST(Exposition, ShowsABoundSeriesFromTheStart) {
    metrics m;
    const auto bound = m.bind_counter("orders", {}, "Orders taken.");
    EXPECT_EQ(m.expose().body, "# HELP orders_total Orders taken.\n# TYPE orders_total counter\norders_total 0\n");
}

TEST(Exposition, WritesNumbersAsPrometheusReadsThem) {
    metrics m;
    m.gauge("a", std::numeric_limits<double>::infinity());
    m.gauge("b", -std::numeric_limits<double>::infinity());
    m.gauge("c", std::numeric_limits<double>::quiet_NaN());
    m.gauge("d", 12345678901.0);
    m.gauge("e", 0.1);
    m.gauge("f", 1e300);
    const auto body = m.expose().body;
    for (const char* line : {"\na +Inf\n", "\nb -Inf\n", "\nc NaN\n", "\nd 12345678901\n", "\ne 0.1\n", "\nf 1e+300\n"})
        EXPECT_NE(body.find(line), std::string::npos) << line << body;
}

TEST(Exposition, OrdersSeriesTheSameAtEveryScrape) {
    metrics forwards, backwards;
    for (int i = 0; i < 50; ++i) {
        forwards.increment("x", {{"i", i}});
        backwards.increment("x", {{"i", 49 - i}});
    }
    EXPECT_EQ(forwards.expose().body, backwards.expose().body);
}

TEST(Exposition, PassesPromtoolWhateverTheSeedCallsItsMetrics) {
    if (!has_promtool())
        GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
    metrics m({.max_series_per_metric = 5, .process_metrics = true});
    for (int i = 0; i < 10; ++i)
        m.increment("http_requests", {{"method", "GET"}, {"path", "/" + std::to_string(i)}});
    m.increment("emailsSent", {{"template", "we\\l\"c\nome é \xFF"}});
    m.increment("http_requests_bad name");
    m.gauge("jobs_total", 1);
    m.gauge("job_count", 1);
    m.gauge("heap_mb", 12);
    m.gauge("temperature", std::numeric_limits<double>::quiet_NaN());
    m.observe("http_request_duration_ms", 150, {{"path", "/api/users"}});
    m.observe("db_query_duration_us", 23, {{"query", "findUser"}});
    m.observe("body_bytes", 1e9);
    m.observe("response_time_ms", 1);
    m.observe("fill_ratio", 0.3);
    EXPECT_TRUE(passes_promtool(m.expose().body));
}

// Words that Prometheus' lint looks for, in every place of a name, as every type.
TEST(Exposition, PassesPromtoolForEveryCombinationOfSuspectWords) {
    if (!has_promtool())
        GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
    const std::vector<std::string> words = {"ms",        "s",          "us",
                                            "ns",        "sec",        "b",
                                            "kb",        "mb",         "gb",
                                            "tb",        "m",          "h",
                                            "d",         "total",      "count",
                                            "sum",       "bucket",     "counter",
                                            "gauge",     "histogram",  "milliseconds",
                                            "hours",     "bytes",      "ratio",
                                            "seconds",   "percent",    "celsius",
                                            "kilobytes", "fooBar",     "a:b",
                                            "info",      "created",    "X",
                                            "__x__",     "kelvin",     "minutes",
                                            "summary",   "fahrenheit", "millirankine",
                                            "grams",     "megabytes"};
    metrics m({.max_metrics = 100'000, .process_metrics = true});
    int refused = 0;
    const auto bind = [&](auto make) {
        try {
            (void)make();
        } catch (const std::invalid_argument&) { // a clash with an earlier name
            ++refused;
        }
    };
    for (const auto& a : words)
        for (const auto& b : words)
            for (const auto& name : {a, a + "_" + b, "x_" + a + "_" + b, a + "_x_" + b}) {
                bind([&] { return m.bind_counter("c_" + name); });
                bind([&] { return m.bind_gauge("g_" + name); });
                bind([&] { return m.bind_histogram("h_" + name); });
                bind([&] { return m.bind_counter(name); });
            }
    EXPECT_GT(refused, 0);
    EXPECT_TRUE(passes_promtool(m.expose().body));
}

} // namespace
} // namespace infra::monitoring
