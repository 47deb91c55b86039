#include "src/setting_shown.hpp"
#include "src/verbs.hpp"

#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

constexpr const char* settings =
    R"_({"items":[{"name":"PORT","module":"http","value":"8080","source":"environment","secret":false,"problem":""},)_"
    R"_({"name":"HOST","module":"http","value":"127.0.0.1","source":"default","secret":false,"problem":""},)_"
    R"_({"name":"NEW_TOKEN","module":"new","value":"(set)","source":"file","secret":true,"problem":""},)_"
    R"_({"name":"S3_BUCKET","module":"storage","value":"","source":"default","secret":false,"problem":""},)_"
    R"_({"name":"QUEUE_URL","module":"queue","value":"x\u001b[2J","source":".env","secret":false,"problem":"expected a URL"}],)_"
    R"_("build":{},"kept":[],"warnings":["QUEUE_ULR is not read by\u0007 anything"]})_";

/// `infra config show --url` before a service whose answers the test says.
struct ConfigOfRunning : verb_at<top_service> {
    ConfigOfRunning() : verb_at("config", add_config) {}
    void SetUp() override { shop.say("/infra/api/settings", settings); }
    json::value document() const { return boost::json::parse(out); }
};

TEST_F(ConfigOfRunning, ShowsWhatCountsThere) {
    ASSERT_EQ(run({"show"}), 0) << err;
    EXPECT_EQ(out, "NAME       FROM         VALUE\n"
                   "PORT       environment  8080\n"
                   "HOST       default      127.0.0.1\n"
                   "NEW_TOKEN  file         (set)\n"
                   "QUEUE_URL  .env         x?[2J  (expected a URL)\n")
        << "also what this command does not know";
    EXPECT_EQ(err, "infra: QUEUE_ULR is not read by? anything\n");
    ASSERT_EQ(run({"show", "--set", "--module", "http", "--json"}), 0) << err;
    EXPECT_EQ(err, "");
    EXPECT_EQ(document().at("settings"), (json::value{{{"name", "PORT"},
                                                       {"module", "http"},
                                                       {"value", "8080"},
                                                       {"from", "environment"},
                                                       {"secret", false},
                                                       {"problem", nullptr}}}));
    EXPECT_EQ(document().at("warnings").as_array().size(), 1u);
    ASSERT_EQ(run({"show", "--all", "--json"}), 0) << err;
    EXPECT_EQ(document().at("settings").as_array().size(), 5u);
}

TEST_F(ConfigOfRunning, SaysWhatIsNotThere) {
    EXPECT_EQ(run({"show", "NEW_TOKN"}), 3);
    EXPECT_EQ(err, "infra: nothing reads 'NEW_TOKN'; did you mean NEW_TOKEN?\n");
    EXPECT_EQ(run({"show", "--module", "quark"}), 3);
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({"show"}), 2);
    EXPECT_NE(err.find("set INFRA_ADMIN_TOKEN"), std::string::npos) << err;
    shop.say("/infra/api/settings", "", 404);
    ::setenv("INFRA_ADMIN_TOKEN", std::string(top_service::token).c_str(), 1);
    EXPECT_EQ(run({"show"}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
}

TEST_F(ConfigOfRunning, TakesNoVariablesOfHere) {
    EXPECT_EQ(run({"show", "--ignore-environment"}), 2);
    EXPECT_EQ(run({"show", "--env-file", "production.env"}), 2);
    EXPECT_NE(err.find("a service that runs has its own variables"), std::string::npos) << err;
    EXPECT_EQ(run({"show", "--timeout", "soon"}), 2);
    EXPECT_TRUE(shop.asked().empty()) << "nobody was asked";
}

TEST(ConfigShow, TakesAnEmptyUrlForNoOtherPlace) {
    std::ostringstream out, err;
    frame f(out, err);
    add_config(f);
    EXPECT_EQ(f.run({"config", "show", "--url", ""}), 2) << "not what counts here";
    EXPECT_TRUE(err.str().starts_with("infra: --url: is given but empty")) << err.str();
}

TEST_F(ConfigOfRunning, IsNotMisledByAnAnswerOfAnotherShape) {
    for (const auto* each : {"[]", "7", R"({"items":[7,null,{}],"warnings":[1]})"}) {
        shop.say("/infra/api/settings", each);
        EXPECT_EQ(run({"show", "--all"}), 0) << each << err;
        EXPECT_EQ(run({"show", "--all", "--json"}), 0) << each << err;
    }
}

TEST(ConfigOfNobody, IsSaidByTheExitCode) {
    std::string gone;
    {
        const top_service shop;
        gone = shop.url();
    }
    std::ostringstream out, err;
    frame f(out, err);
    add_config(f);
    EXPECT_EQ(f.run({"config", "show", "--url", gone}), 5);
    EXPECT_EQ(f.run({"config", "show", "--url", "ftp://127.0.0.1"}), 2);
    EXPECT_EQ(out.str(), "");
}

} // namespace
} // namespace infra::cli
