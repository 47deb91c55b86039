#include "src/health_history.hpp"
#include "src/verbs.hpp"

#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

constexpr const char* seen =
    R"({"status":"degraded","since":1700000000000,"live":true,"ready":false,"partial":false,"checks":[)"
    R"({"name":"disk","status":"healthy","critical":false,"skipped":false,"message":"","details":{"free":7},"ms":0.5,)"
    R"("checked":1700000050000,"changed":null,"failures":0,"last_success":1700000050000,"last_failure":null,"history":[]},)"
    R"({"name":"db","status":"degraded","critical":true,"skipped":false,"message":"slow\u001b[2J","details":null,"ms":120,)"
    R"("checked":1700000059000,"changed":1700000000000,"failures":2,"last_success":null,"last_failure":1700000059000,)"
    R"("history":[{"at":1699999990000,"status":"healthy","ms":3},{"at":1699999995000,"status":"unhealthy","ms":5},)"
    R"({"at":1700000059000,"status":"degraded","ms":120}]},)"
    R"({"name":"cron","status":"healthy","critical":false,"skipped":true,"message":"","ms":null,"checked":null}]})";

TEST(HealthHistory, ShowsTheWorstFirstWithItsLastRuns) {
    EXPECT_EQ(health_history_of(boost::json::parse(seen), from_unix_ms(1'700'000'060'000), false),
              "degraded since 2023-11-14T22:13:20.000Z, 1m; it lives, and gets no requests\n\n"
              "CHECK  STATE     TOOK   LOOKED  CHANGED  LAST RUNS  COUNTS FOR  SAYS\n"
              "db     degraded  120ms  1s      1m       ▁█▄        readiness   slow?[2J\n"
              "cron   not run   –                                  warnings\n"
              "disk   healthy   0.5ms  10s                         warnings");
}

TEST(HealthHistory, IsADocumentWithTheSameMembersAlways) {
    const auto document = health_history_document_of(boost::json::parse(seen));
    EXPECT_EQ(document.at("since"), "2023-11-14T22:13:20.000Z");
    EXPECT_EQ(document.at("ready"), false);
    EXPECT_EQ(document.at("checks").at(1).at("history").at(1),
              (json::value{{"at", "2023-11-14T22:13:15.000Z"}, {"status", "unhealthy"}, {"ms", 5}}));
    EXPECT_EQ(document.at("checks").at(0).at("details"), (json::value{{"free", 7}}));
    EXPECT_TRUE(document.at("checks").at(2).at("last_success").is_null());
    for (const auto* each : {"[]", "7", R"({"checks":[7,{"history":[null]}]})"}) {
        const auto odd = boost::json::parse(each);
        EXPECT_TRUE(health_history_document_of(odd).at("status").is_null());
        EXPECT_FALSE(health_history_of(odd, {}, true).empty());
    }
}

/// `infra health --full` before a service whose answers the test says.
struct FullHealth : verb_at<top_service> {
    FullHealth() : verb_at("health", add_health) {}
};

TEST_F(FullHealth, ExitsAsTheServiceIs) {
    shop.say("/infra/api/health", seen);
    EXPECT_EQ(run({"--full"}), 0) << err;
    EXPECT_TRUE(out.starts_with("degraded since 2023-11-14T22:13:20.000Z, ")) << out;
    shop.say("/infra/api/health", R"({"status":"unhealthy","live":true,"checks":[]})");
    EXPECT_EQ(run({"--full", "--json"}), 4);
    EXPECT_EQ(boost::json::parse(out).at("status"), "unhealthy");
    shop.say("/infra/api/health/run", seen);
    EXPECT_EQ(run({"--now"}), 0) << err;
    EXPECT_EQ(shop.asked().back(), "POST /infra/api/health/run");
}

TEST_F(FullHealth, IsAskedForWhereTheProbeIs) {
    shop.say("/infra/api/health", seen);
    std::ostringstream printed, problems;
    frame f(printed, problems);
    add_health(f);
    EXPECT_EQ(f.run({"health", "--full", "--url", shop.url() + "/health"}), 0) << problems.str();
    EXPECT_EQ(f.run({"health", "--full", "--url", shop.url() + "/?x=1"}), 2);
    EXPECT_TRUE(problems.str().starts_with("infra: --url: expected where the service listens")) << problems.str();
}

TEST_F(FullHealth, SaysWhatIsRefused) {
    EXPECT_EQ(run({"--full", "--quiet"}), 2);
    EXPECT_EQ(run({"--full", "--timeout", "soon"}), 2);
    EXPECT_EQ(run({"--full"}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
    shop.say("/infra/api/health/run", R"({"error":{"code":"read_only","message":"you may look"}})", 403);
    EXPECT_EQ(run({"--now"}), 1);
    EXPECT_EQ(err, "infra: the service answered 403: you may look\n");
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({"--full"}), 2);
    EXPECT_NE(err.find("set INFRA_ADMIN_TOKEN"), std::string::npos) << err;
}

} // namespace
} // namespace infra::cli
