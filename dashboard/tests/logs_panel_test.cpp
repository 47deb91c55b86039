#include "support.hpp"

#include "src/logs/panel.hpp"

#include <infra/logging.hpp>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

struct logs_panel : ::testing::Test {
    logging::pipeline out{{.outputs = {{.to = std::make_shared<logging::memory_sink>()}}, .synchronous = true}};
    logging::logger log{{.module = "shop", .to = &out}};
    manual_clock time;
    mounted on{role::operate, &time};
    void SetUp() override { add_logs_panel(on.board(), out); }
};

TEST_F(logs_panel, ShowsWhatIsLoggedFromNowOn) {
    log.info("sold", {{"order", 17}});
    log.error("refused <img onerror=alert(1)>", {{"error", "no money"}});
    const auto all = on.get("/logs");
    ASSERT_EQ(all.at("items").as_array().size(), 2U);
    EXPECT_EQ(all.at("items").at(0).at("message"), "refused <img onerror=alert(1)>");
    EXPECT_EQ(all.at("items").at(1).at("fields").at("order"), 17);
    EXPECT_TRUE(all.at("next").is_null());
    EXPECT_EQ(all.at("covers").at("lines"), 2);
    EXPECT_EQ(on.get("/logs?level=error").at("items").as_array().size(), 1U);
    EXPECT_EQ(on.get("/logs?field=order:17").at("items").as_array().size(), 1U);
    EXPECT_EQ(on.status_of("/logs?level=loud"), 400);
}

TEST_F(logs_panel, DoesNotShowThatSomebodyLooks) {
    const logging::logger http({.module = "http", .to = &out});
    http.info("request", {{"method", "GET"}, {"route", "/infra/api/logs"}});
    http.info("request", {{"method", "GET"}, {"route", "/orders"}});
    http.info("request", {{"method", "PUT"}, {"route", "/infra/api/logs/levels"}});
    http.warn("request", {{"method", "GET"}, {"route", "/infra/api/logs"}});
    EXPECT_EQ(on.get("/logs").at("items").as_array().size(), 3U);
}

TEST_F(logs_panel, GoesThroughThePagesOfItsLines) {
    for (int i = 0; i < 5; ++i)
        log.info("line", {{"n", i}});
    std::string cursor, seen;
    do {
        const auto page = on.get("/logs?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
        for (const auto& each : page.at("items").as_array())
            seen += json::to_text(each.at("fields").at("n"));
        cursor = page.at("next").is_null() ? "" : std::string(page.at("next").as_string());
    } while (!cursor.empty());
    EXPECT_EQ(seen, "43210");
}

TEST_F(logs_panel, ShowsALineWholeAndWhatWasAroundIt) {
    log.info("before");
    log.info(std::string(100'000, 'x'));
    log.info("after");
    const auto shown = on.get("/logs?limit=3").at("items").at(1);
    EXPECT_EQ(shown.at("message").as_string().size(), 8192U);
    EXPECT_EQ(shown.at("cut"), true);
    EXPECT_EQ(on.get("/logs/2").at("message").as_string().size(), 100'000U);
    EXPECT_EQ(on.get("/logs/2/around?lines=1").at("items").as_array().size(), 3U);
    EXPECT_EQ(on.status_of("/logs/99"), 404);
    EXPECT_EQ(on.status_of("/logs/99/around"), 404);
    EXPECT_EQ(on.status_of("/logs/x"), 400);
}

TEST_F(logs_panel, NeverShowsWhatTheLogHides) {
    log.info("in", {{"password", "hunter2"}});
    EXPECT_EQ(on.ask(http::method::get, "/logs").body.find("hunter2"), std::string::npos);
}

TEST_F(logs_panel, GroupsErrors) {
    for (int i = 0; i < 3; ++i)
        log.error("job " + std::to_string(i) + " failed");
    time.set_wall(real_clock().wall());
    const auto errors = on.get("/logs/errors");
    EXPECT_EQ(errors.at("items").at(0).at("count"), 3);
    EXPECT_EQ(errors.at("items").at(0).at("words"), "failed");
    EXPECT_EQ(errors.at("minutes").at("error").as_array().size(), 15U);
}

TEST_F(logs_panel, TellsOfWarningsAndErrorsInTheLiveFeed) {
    log.info("fine");
    log.warn("slow");
    const auto told = on.state->told().after(0).items;
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told.at(0).at("text"), "shop: slow");
    EXPECT_EQ(told.at(0).at("kind"), "log");
}

TEST_F(logs_panel, ChangesLevelsForAWhile) {
    EXPECT_FALSE(log.enabled(level::debug));
    const auto answer = on.act(http::method::put, "/logs/levels", R"({"module":"shop","to":"debug","minutes":10})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(log.enabled(level::debug));
    const auto now = on.get("/logs/levels");
    EXPECT_EQ(now.at("changed").at(0).at("module"), "shop");
    EXPECT_EQ(now.at("changed").at(0).at("until"), to_unix_ms(time.wall() + 10min));
    EXPECT_EQ(now.at("level"), "info");
    EXPECT_EQ(on.act(http::method::delete_, "/logs/levels").status, 200);
    EXPECT_FALSE(log.enabled(level::debug));
}

TEST_F(logs_panel, RefusesLevelsThatAreNone) {
    for (const auto* body : {R"({"module":"","to":"loud"})", R"({"module":"","to":"debug","minutes":0})",
                             R"({"module":"","to":"debug","minutes":1441})", "{}"})
        EXPECT_EQ(on.act(http::method::put, "/logs/levels", body).status, 422) << body;
}

TEST_F(logs_panel, LetsNobodyChangeLevelsWhoMayOnlyRead) {
    mounted reader(role::read);
    add_logs_panel(reader.board(), out);
    EXPECT_EQ(reader.act(http::method::put, "/logs/levels", R"({"module":"","to":"debug"})").status, 403);
    EXPECT_FALSE(log.enabled(level::debug));
}

} // namespace
} // namespace infra::dashboard
