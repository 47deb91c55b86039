#include "src/overview/documents.hpp"
#include "src/overview/panel.hpp"
#include "src/overview/trends.hpp"
#include "support.hpp"

#include <limits>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

struct Overview : ::testing::Test {
    manual_clock time;
    mounted on{role::operate, &time};
    health::registry checks{{.executor = on.loop.get_executor(), .time = &time}};

    void pin() { add_overview_panel(on.state, health_watch(checks, time)); }
};

TEST_F(Overview, ShowsWhatThePanelsSay) {
    checks.add("disk", [] { return health::degraded("91 % full"); });
    auto board = on.board();
    board.figures([]() -> awaitable<std::vector<figure>> {
        co_return std::vector<figure>{{.name = "waiting", .label = "Jobs waiting", .value = 1204, .link = "#/queues"},
                                      {.name = "oldest", .label = "Oldest job", .unit = "s", .limit = 60}};
    });
    board.concerns([this]() -> awaitable<std::vector<concern>> {
        co_return std::vector<concern>{{.text = "17 jobs failed",
                                        .link = "#/queues/mail?state=failed",
                                        .count = 17,
                                        .since = time.wall(),
                                        .action = "Retry",
                                        .action_method = "POST",
                                        .action_path = "/queues/mail/retry",
                                        .action_body = json::object{{"state", "failed"}}}};
    });
    board.slowest([](std::size_t n) -> awaitable<json::array> { co_return json::array{json::object{{"ms", n}}}; });
    board.tell({.kind = "job", .text = "it failed"});
    pin();
    const auto seen = on.get("/overview");
    EXPECT_EQ(seen.at("status"), "degraded");
    EXPECT_EQ(seen.at("causes").at(0).at("check"), "disk");
    EXPECT_EQ(seen.at("causes").at(0).at("text"), "91 % full");
    EXPECT_EQ(seen.at("since"), to_unix_ms(time.wall()));
    EXPECT_EQ(seen.at("figures").at(0).at("value").to_number<double>(), 1204);
    EXPECT_TRUE(seen.at("figures").at(1).at("value").is_null());
    EXPECT_EQ(seen.at("concerns").at(0).at("action").at("path"), "/queues/mail/retry");
    EXPECT_EQ(seen.at("slowest").at(0).at("ms"), 5);
    EXPECT_EQ(seen.at("feed").at(0).at("text"), "it failed");
}

// Seven panels that wait for the same Redis take as long as one.
TEST_F(Overview, IsThereThoughEveryPanelIsStuck) {
    auto board = on.board();
    for (int i = 0; i < 7; ++i) {
        board.figures([this]() -> awaitable<std::vector<figure>> {
            co_await time.sleep_until(steady_time::max());
            co_return std::vector<figure>{};
        });
        board.concerns([]() -> awaitable<std::vector<concern>> {
            throw error(errc::unavailable, "Redis does not answer");
            co_return std::vector<concern>{};
        });
    }
    pin();
    const auto asked = on.loop.spawn(on.routes.handle({.target = "/infra/api/overview", .headers = of_our_page()}));
    const auto begun = time.steady();
    for (int i = 0; i < 20 && !asked->done(); ++i) {
        on.loop.settle();
        time.advance(500ms);
    }
    EXPECT_LE(time.steady() - begun, 3s) << "a stream waits for five";
    on.loop.until([&] { return asked->done(); });
    ASSERT_EQ(asked->value->status, 200) << asked->value->body;
    const auto concerns = json::parse(asked->value->body).value().at("concerns").as_array();
    ASSERT_EQ(concerns.size(), 2u) << "equal ones are one: " << asked->value->body;
}

TEST_F(Overview, AsksForTheNumbersOfTheWantedWindow) {
    on.board().figures([](std::chrono::minutes within) -> awaitable<std::vector<figure>> {
        co_return std::vector<figure>{
            {.name = "failed", .value = static_cast<double>(within.count()), .spark = {1, 2, 3}}};
    });
    pin();
    const auto figure = on.get("/overview?seconds=21600").at("figures").at(0);
    EXPECT_EQ(figure.at("value").to_number<double>(), 360);
    EXPECT_EQ(json::to_text(figure.at("spark")), "[1,2,3]") << "its own";
    EXPECT_EQ(on.get("/overview").at("figures").at(0).at("value").to_number<double>(), 15);
}

TEST_F(Overview, ShowsNoOldNumberForOneThatCannotBeToldNow) {
    bool down = false;
    on.board().figures([&down]() -> awaitable<std::vector<figure>> {
        if (down)
            throw error(errc::unavailable, "Redis does not answer");
        co_return std::vector<figure>{{.name = "waiting", .label = "Jobs waiting", .value = 3}};
    });
    pin();
    EXPECT_EQ(on.get("/overview").at("figures").at(0).at("value").to_number<double>(), 3);
    down = true;
    const auto away = on.get("/overview");
    EXPECT_EQ(away.at("figures").at(0).at("label"), "Jobs waiting");
    EXPECT_TRUE(away.at("figures").at(0).at("value").is_null());
    EXPECT_EQ(away.at("concerns").at(0).at("text"), "Redis does not answer");
    down = false;
    EXPECT_EQ(on.get("/overview").at("figures").at(0).at("value").to_number<double>(), 3);
}

TEST_F(Overview, RefusesARangeThatIsNone) {
    pin();
    for (const char* range : {"0", "-5", "x", "86401", "1e3"})
        EXPECT_EQ(on.status_of(std::string("/overview?seconds=") + range), 422) << range;
}

TEST(Concerns, AreTheWorstFirstAndOfTheSameTextOne) {
    const auto all = grouped({{.text = "few", .count = 2},
                              {.text = "many", .count = 200},
                              {.severity = level::error, .text = "bad"},
                              {.text = "few", .count = 2}});
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].text, "bad");
    EXPECT_EQ(all[1].text, "many");
    EXPECT_EQ(all[2].text, "few");
}

TEST(Figures, WhatIsNoNumberIsNotKnown) {
    EXPECT_TRUE(document_of(figure{.value = std::numeric_limits<double>::quiet_NaN()}).at("value").is_null());
    EXPECT_TRUE(document_of(figure{.value = std::numeric_limits<double>::infinity()}).at("value").is_null());
}

TEST(Trends, GiveTheLastPointsAsFarBackAsWanted) {
    trends all;
    EXPECT_TRUE(all.of("n", 900s).empty());
    for (int i = 0; i < 300; ++i)
        all.add({{.name = "n", .value = i}});
    EXPECT_EQ(all.of("n", 60s), (json::array{296.0, 297.0, 298.0, 299.0}));
    const auto hour = all.of("n", 3600s);
    ASSERT_EQ(hour.size(), 60u);
    EXPECT_EQ(hour.front(), 63.0) << "240 points are kept, and of four the last is shown";
    EXPECT_EQ(hour.back(), 299.0);
    EXPECT_EQ(all.of("n", 86'400s).size(), 60u);
    EXPECT_EQ(all.of("n", 1s).size(), 1u);
}

TEST(Trends, HaveGapsWhereNothingWasKnown) {
    trends all;
    all.add({{.name = "n", .value = 1}});
    all.add({});
    all.add({{.name = "n"}, {.name = "m", .value = 2}});
    EXPECT_EQ(all.of("n", 900s), (json::array{1.0, nullptr, nullptr}));
    EXPECT_EQ(all.of("m", 900s), (json::array{2.0}));
}

TEST(Trends, KnowThirtyTwoNumbersAtMost) {
    trends all;
    for (int i = 0; i < 100; ++i)
        all.add({{.name = "n" + std::to_string(i), .value = i}});
    EXPECT_FALSE(all.of("n31", 15s).empty());
    EXPECT_TRUE(all.of("n32", 15s).empty());
}

} // namespace
} // namespace infra::dashboard
