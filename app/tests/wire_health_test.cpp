#include "src/wiring.hpp"

#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::app {
namespace {

struct HealthRoutes : testing::Test {
    HealthRoutes() { health::remove_health_check("queue"); } // another test's application may have left it
    void wire() {
        wire_health(w);
        w.now->set(health::service_state::serving);
        health::register_health_check("database", [] { return health::degraded("slow disk sdb7"); },
                                      {.groups = {"ready", "canary"}});
    }
    ~HealthRoutes() override { health::remove_health_check("database"); }

    http::response get(std::string target, http::headers headers = {}) const {
        return wait(routes.handle({.target = std::move(target), .headers = std::move(headers)}));
    }

    app_options options{.name = "shop", .version = "1.2.3"};
    environment env{environment::variables{{"HEALTH_TOKEN", "let-me-see"}}};
    http::router routes;
    wiring w{.options = options, .env = env, .routes = routes, .now = std::make_shared<phase>()};
};

TEST_F(HealthRoutes, ShowStatusesToEverybodyAndTheRestToThoseWithTheToken) {
    wire();
    for (const auto* authorization : {"", "Bearer", "Bearer ", "Bearer let-me-se", "Bearer let-me-seex",
                                      "Bearer let-me-seE", "Basic let-me-see", "let-me-see"}) {
        const auto body = get("/health", {{"authorization", authorization}}).body;
        EXPECT_NE(body.find(R"("database":{"status":"degraded"})"), std::string::npos) << authorization << body;
        EXPECT_EQ(body.find("sdb7"), std::string::npos) << authorization << body;
        EXPECT_EQ(body.find("1.2.3"), std::string::npos) << authorization << body;
    }
    const auto body = get("/health", {{"authorization", "Bearer let-me-see"}}).body;
    EXPECT_NE(body.find("sdb7"), std::string::npos) << body;
    EXPECT_NE(body.find(R"("service":"shop","version":"1.2.3")"), std::string::npos) << body;
}

TEST_F(HealthRoutes, ShowDetailsToNobodyWithoutAToken) {
    env = environment();
    wire();
    EXPECT_EQ(get("/health", {{"authorization", "Bearer "}}).body.find("sdb7"), std::string::npos);
}

TEST_F(HealthRoutes, LetTheServiceDecideWhoSeesDetails) {
    options.may_see_health = [](const http::request& req) { return req.query("please").has_value(); };
    wire();
    EXPECT_EQ(get("/ready", {{"authorization", "Bearer let-me-see"}}).body.find("sdb7"), std::string::npos);
    EXPECT_NE(get("/ready?please=1").body.find("sdb7"), std::string::npos);
}

TEST_F(HealthRoutes, SpeakTheDraftToThoseWhoAskForIt) {
    wire();
    const auto response = get("/health", {{"accept", "application/health+json"}});
    EXPECT_EQ(response.headers.get("content-type"), "application/health+json");
    EXPECT_NE(response.body.find(R"("serviceId":"shop")"), std::string::npos) << response.body;
    EXPECT_EQ(response.headers.get("cache-control"), "no-store");
}

TEST_F(HealthRoutes, AnswerForGroupsThatAreThere) {
    wire();
    EXPECT_NE(get("/health/canary").body.find("database"), std::string::npos);
    EXPECT_EQ(get("/health/live").body.find("database"), std::string::npos)
        << "a database does not restart the service";
    EXPECT_EQ(get("/health/start").status, 200);
    EXPECT_EQ(get("/health/canry").status, 404);
}

TEST_F(HealthRoutes, FollowTheLifeOfTheService) {
    wire();
    w.now->set(health::service_state::starting);
    EXPECT_EQ(get("/ready").status, 503);
    EXPECT_EQ(get("/health/start").status, 503);
    w.now->set(health::service_state::serving);
    EXPECT_EQ(get("/ready").status, 200);
    w.now->set(health::service_state::stopping);
    EXPECT_EQ(get("/ready").status, 503);
    EXPECT_EQ(get("/health/ready").status, 503);
    EXPECT_EQ(get("/health").status, 200) << "it is as well as ever";
    EXPECT_EQ(get("/health/live").status, 200);
}

} // namespace
} // namespace infra::app
