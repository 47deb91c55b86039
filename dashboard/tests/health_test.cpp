#include "src/health/panel.hpp"
#include "support.hpp"

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

struct HealthPanel : ::testing::Test {
    manual_clock time;
    mounted on{role::operate, &time};
    health::registry checks{{.executor = on.loop.get_executor(), .time = &time}};
    int asked = 0;
    health::check_result says = health::healthy("all is well");

    HealthPanel() {
        checks.add("redis",
                   [this]() -> awaitable<health::check_result> {
                       ++asked;
                       co_return says;
                   },
                   {.critical = false});
        add_health_panel(on.board(), health_watch(checks, time));
    }
};

TEST_F(HealthPanel, TellsWhatEachCheckSays) {
    says = health::degraded("412 ms, limit 200 ms");
    const auto document = on.get("/health");
    EXPECT_EQ(document.at("status"), "degraded");
    EXPECT_EQ(document.at("live"), true);
    const auto& redis = document.at("checks").at(0);
    EXPECT_EQ(redis.at("name"), "redis");
    EXPECT_EQ(redis.at("status"), "degraded");
    EXPECT_EQ(redis.at("critical"), false);
    EXPECT_EQ(redis.at("message"), "412 ms, limit 200 ms");
    EXPECT_EQ(redis.at("history").as_array().size(), 1u);
}

TEST_F(HealthPanel, AsksNotMoreOftenThanEvery5SecondsUnlessToldTo) {
    on.get("/health");
    const auto once = asked;
    on.get("/health");
    EXPECT_EQ(asked, once);
    EXPECT_EQ(on.act(http::method::post, "/health/run").status, 200);
    EXPECT_GT(asked, once);
    const auto twice = asked;
    time.advance(5s);
    on.get("/health");
    EXPECT_GT(asked, twice);
}

TEST_F(HealthPanel, RemembersRunsAndWhenAStatusChanged) {
    const auto began = to_unix_ms(time.wall());
    EXPECT_EQ(on.get("/health").at("since"), began);
    time.advance(10s);
    says = health::unhealthy("gone");
    on.get("/health");
    on.loop.settle(); // what changed is told on the loop
    const auto document = on.get("/health");
    const auto& redis = document.at("checks").at(0);
    EXPECT_EQ(redis.at("status"), "degraded") << "it is not critical";
    EXPECT_EQ(redis.at("changed"), began + 10'000);
    EXPECT_EQ(document.at("since"), began + 10'000);
    EXPECT_EQ(redis.at("history").at(0).at("status"), "healthy");
    EXPECT_EQ(redis.at("history").at(1).at("status"), "degraded");
    const auto told = on.state->told().after(0).items;
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.at(0).at("text"), "redis was healthy, is degraded: gone");
}

TEST_F(HealthPanel, KeepsSixtyRuns) {
    for (int i = 0; i < 70; ++i) {
        on.get("/health");
        time.advance(5s);
    }
    EXPECT_EQ(on.get("/health").at("checks").at(0).at("history").as_array().size(), health_history::most_runs);
}

TEST(HealthHistory, KnowsTwoHundredChecksAtMost) {
    health_history all{wall_time{}};
    health::health_report report;
    for (int i = 0; i < 300; ++i)
        report.checks.add("check " + std::to_string(i), {});
    all.add(report);
    EXPECT_EQ(all.of("check 0").runs.size(), 1u);
    EXPECT_TRUE(all.of("check 299").runs.empty());
}

} // namespace
} // namespace infra::dashboard
