#include "src/verbs.hpp"

#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

constexpr const char* changed =
    R"({"level":"warn","modules":[{"module":"db","level":"error"},{"module":"db.pool","level":"debug"}],)"
    R"("changed":[{"module":"db.pool","level":"debug","until":1700000000000,"by":"an\u001b[2Jna"},)"
    R"({"module":"","level":"warn","until":1700000060000,"by":"token"}],"known":["db.pool","mail"]})";

struct LevelsCommand : verb_at<top_service> {
    LevelsCommand() : verb_at("levels", add_levels) {}
    void SetUp() override { shop.say("/infra/api/logs/levels", changed); }
    json::value document() const { return boost::json::parse(out); }
};

TEST_F(LevelsCommand, ShowsLevelsAndWhatGoesBackByItself) {
    ASSERT_EQ(run({}), 0) << err;
    EXPECT_EQ(out, "MODULE      LEVEL  UNTIL                     BY\n"
                   "all others  warn   2023-11-14T22:14:20.000Z  token\n"
                   "db          error\n"
                   "db.pool     debug  2023-11-14T22:13:20.000Z  an?[2Jna\n");
    EXPECT_EQ(shop.asked(), (std::vector<std::string>{"/infra/api/logs/levels"}));
    ASSERT_EQ(run({"--json"}), 0) << err;
    EXPECT_EQ(document().at("level"), "warn");
    EXPECT_EQ(document().at("modules").at(1), (json::value{{"module", "db.pool"}, {"level", "debug"}}));
    EXPECT_EQ(document().at("changed").at(0).at("until"), "2023-11-14T22:13:20.000Z");
    EXPECT_TRUE(document().at("changed").at(1).at("module").is_null()) << "all of them";
    EXPECT_EQ(document().at("known"), (json::value{"db.pool", "mail"}));
}

TEST_F(LevelsCommand, ChangesOneForAWhileAndTakesAllBack) {
    ASSERT_EQ(run({"debug", "--module", "db", "--for", "2h"}), 0) << err;
    EXPECT_EQ(boost::json::parse(shop.told()), (json::value{{"module", "db"}, {"to", "debug"}, {"minutes", 120}}));
    EXPECT_EQ(err, "") << "db.pool is below db";
    ASSERT_EQ(run({"error"}), 0) << err;
    EXPECT_EQ(boost::json::parse(shop.told()), (json::value{{"module", ""}, {"to", "error"}, {"minutes", 10}}));
    ASSERT_EQ(run({"--undo"}), 0) << err;
    EXPECT_EQ(shop.asked(), (std::vector<std::string>{"PUT /infra/api/logs/levels", "PUT /infra/api/logs/levels",
                                                      "DELETE /infra/api/logs/levels"}));
}

TEST_F(LevelsCommand, DoubtsAModuleOfWhichNothingIsKnown) {
    ASSERT_EQ(run({"debug", "--module", "db.pol"}), 0);
    EXPECT_EQ(err, "infra: no line of 'db.pol' is among the newest; did you mean db.pool?\n");
    ASSERT_EQ(run({"debug", "--module", "\x1b[2J"}), 0);
    EXPECT_EQ(err, "infra: no line of '?[2J' is among the newest\n");
}

TEST_F(LevelsCommand, RefusesWhatCannotBeAskedFor) {
    EXPECT_EQ(run({"loud"}), 2);
    for (const auto* each : {"soon", "0m", "90s", "25h", "-1m"})
        EXPECT_EQ(run({"debug", "--for", each}), 2) << each;
    EXPECT_NE(err.find("--for: expected whole minutes, from 1m to 24h"), std::string::npos) << err;
    EXPECT_EQ(run({"--module", "db"}), 2) << "which level?";
    EXPECT_EQ(run({"--undo", "--module", "db"}), 2);
    EXPECT_EQ(run({"debug", "--undo"}), 2);
    EXPECT_EQ(run({"debug", "--module", ""}), 2) << "not all of them";
    EXPECT_TRUE(err.starts_with("infra: --module: is given but empty")) << err;
    EXPECT_EQ(run({"debug", "--for", ""}), 2);
    EXPECT_EQ(run({"--timeout", "0s"}), 2);
    EXPECT_TRUE(shop.asked().empty()) << "nobody was asked";
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({"debug", "--json"}), 2);
    EXPECT_EQ(document().at("error").at("message"),
              "the service refuses: set INFRA_ADMIN_TOKEN to what the service has");
}

TEST_F(LevelsCommand, SaysWhatTheServiceRefuses) {
    shop.say("/infra/api/logs/levels",
             R"({"error":{"code":"read_only","message":"you may look, but not change anything"}})", 403);
    EXPECT_EQ(run({"debug"}), 1);
    EXPECT_EQ(err, "infra: the service answered 403: you may look, but not change anything\n");
    shop.say("/infra/api/logs/levels", R"({"error":{"code":"too_many","message":"100 levels are changed"}})", 409);
    EXPECT_EQ(run({"debug"}), 1);
    shop.say("/infra/api/logs/levels", "", 404);
    EXPECT_EQ(run({}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
}

TEST_F(LevelsCommand, IsNotMisledByAnAnswerOfAnotherShape) {
    for (const auto* each : {"[]", "7", R"({"modules":7,"changed":[null],"known":[1]})", R"({"modules":[[]]})"}) {
        shop.say("/infra/api/logs/levels", each);
        EXPECT_EQ(run({"debug", "--module", "db"}), 0) << each << err;
        EXPECT_EQ(run({"--json"}), 0) << each << err;
    }
}

} // namespace
} // namespace infra::cli
