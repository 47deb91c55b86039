#include "support.hpp"

#include "src/metrics/metric_answers.hpp"
#include "src/metrics/panel.hpp"

#include <algorithm>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

struct metrics_panel : ::testing::Test {
    monitoring::metrics numbers;
    manual_clock time;
    mounted on{role::operate, &time};
    std::shared_ptr<const metric_history> kept = add_metrics_panel(on.board(), numbers);
    asio::cancellation_signal end;
    std::shared_ptr<testing::outcome<bool>> sampling;

    // As the service does it.
    void look() {
        if (!sampling)
            sampling = on.loop.spawn(on.state->works.at(0).work(), end.slot());
        else
            time.advance(10s);
        const auto before = looks++;
        on.loop.until([&] { return time.sleepers() > 0 && kept->counts().since && looks > before; });
    }
    void TearDown() override {
        if (sampling) {
            on.loop.cancel(end);
            on.loop.until([&] { return sampling->done(); });
        }
    }
    int looks = 0;
};

TEST_F(metrics_panel, ListsWhatThereIs) {
    numbers.increment("hits_total", {{"route", "/<b>"}});
    numbers.observe("took_seconds", 0.2);
    look();
    const auto all = on.get("/metrics");
    ASSERT_EQ(all.at("items").as_array().size(), 2U);
    EXPECT_EQ(all.at("items").at(0).at("name"), "hits_total");
    EXPECT_EQ(json::to_text(all.at("items").at(0).at("labels")), R"({"route":["/<b>"]})");
    EXPECT_EQ(all.at("items").at(1).at("type"), "histogram");
    EXPECT_EQ(all.at("items").at(1).at("unit"), "s");
    EXPECT_EQ(all.at("kept").at("series"), 2);
}

TEST_F(metrics_panel, DrawsAMetricOverTime) {
    auto hits = numbers.bind_counter("hits_total");
    look();
    hits.increment(20);
    look();
    const auto found = on.get("/metrics/data?name=hits_total&range=60");
    EXPECT_EQ(found.at("show"), "rate");
    EXPECT_EQ(found.at("step"), 10);
    EXPECT_EQ(json::to_text(found.at("lines").at(0).at("values")), "[null,null,null,null,null,2]");
    EXPECT_EQ(found.at("times").as_array().size(), 6U);
    const auto csv = on.ask(http::method::get, "/metrics/csv?name=hits_total&range=60");
    EXPECT_EQ(csv.status, 200);
    EXPECT_TRUE(csv.body.starts_with("time,\"hits_total rate\"\r\n")) << csv.body;
    EXPECT_TRUE(csv.body.ends_with(",2\r\n")) << csv.body;
}

TEST_F(metrics_panel, WritesATableOfMoreThanItDrawsAndCountsTheRest) {
    for (int i = 0; i < 400; ++i)
        numbers.observe("took_seconds", 0.2, {{"route", std::to_string(i)}});
    look();
    const auto lines_of = [&](const std::string& query) {
        return on.get("/metrics/data?name=took_seconds&by=*&range=60" + query).at("lines").as_array().size();
    };
    EXPECT_EQ(lines_of("&show=rate"), 20U);
    const auto all = on.ask(http::method::get, "/metrics/csv?name=took_seconds&by=*&range=60&show=rate");
    EXPECT_EQ(std::ranges::count(all.body.substr(0, all.body.find('\r')), ','), 400);
    EXPECT_FALSE(all.headers.contains("X-Infra-Left-Out"));
    const auto most = on.ask(http::method::get, "/metrics/csv?name=took_seconds&by=*&range=60&show=quantiles");
    EXPECT_EQ(std::ranges::count(most.body.substr(0, most.body.find('\r')), ','), 1'000);
    EXPECT_EQ(most.headers.get("X-Infra-Left-Out"), "200");
}

TEST_F(metrics_panel, RefusesWhatItCannotRead) {
    look();
    EXPECT_EQ(on.status_of("/metrics/data"), 400);
    EXPECT_EQ(on.status_of("/metrics/data?name=x&show=loud"), 400);
    EXPECT_EQ(on.status_of("/metrics/data?name=x&where=y"), 400);
    EXPECT_EQ(on.status_of("/metrics/data?name=x"), 404);
}

TEST(MetricCsv, MakesNoFormulaOfALabel) {
    const metric_query q{.name = "=cmd"};
    const metric_range found{.lines = {{.labels = {{"a", "\"x"}}}}};
    EXPECT_EQ(csv_of(q, found), "time,\"'=cmd value a=\"\"x\"\r\n");
}

} // namespace
} // namespace infra::dashboard
