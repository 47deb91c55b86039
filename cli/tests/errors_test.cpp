#include "src/verbs.hpp"

#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

constexpr const char* three =
    R"({"items":[{"module":"mail","text":"mail 7 was not sent","words":"was not sent","count":12,)"
    R"("first":1700000000000,"last":1700000060000,"trace":"4bf92f3577b34da6a3ce929d0e0e4736"},)"
    R"({"module":"mail.smtp","text":"no\u001b[2J answer","words":"answer","count":3,"first":1700000000000,"last":1700000000000},)"
    R"({"module":"mailer","text":"other","words":"other","count":1,"first":1700000000000,"last":1700000000000}],)"
    R"("minutes":{"error":[0,4,8],"warn":[0,0,0],"info":[9,9,9],"debug":[]}})";

struct ErrorsCommand : verb_at<top_service> {
    ErrorsCommand() : verb_at("errors", add_errors) {}
    void SetUp() override { shop.say("/infra/api/logs/errors", three); }
    json::value document() const { return boost::json::parse(out); }
};

TEST_F(ErrorsCommand, ShowsEqualErrorsOnce) {
    ASSERT_EQ(run({}), 0) << err;
    EXPECT_TRUE(out.starts_with("errors    12  ▁▅█\nwarnings  0  ▁▁▁\n\nCOUNT  LAST ")) << out;
    EXPECT_NE(out.find("  mail       4bf92f3577b34da6a3ce929d0e0e4736  mail 7 was not sent\n"), std::string::npos)
        << out;
    EXPECT_NE(out.find("no?[2J answer\n"), std::string::npos) << out;
    ASSERT_EQ(run({"--module", "mail", "--json"}), 0) << err;
    ASSERT_EQ(document().at("errors").as_array().size(), 2u) << "mailer is another";
    EXPECT_EQ(document().at("errors").at(0), (json::value{{"count", 12},
                                                          {"first", "2023-11-14T22:13:20.000Z"},
                                                          {"last", "2023-11-14T22:14:20.000Z"},
                                                          {"module", "mail"},
                                                          {"trace", "4bf92f3577b34da6a3ce929d0e0e4736"},
                                                          {"text", "mail 7 was not sent"},
                                                          {"words", "was not sent"}}));
    EXPECT_TRUE(document().at("errors").at(1).at("trace").is_null());
    EXPECT_EQ(document().at("minutes").at("error"), (json::value{0, 4, 8}));
    ASSERT_EQ(run({"-n", "1", "--json"}), 0) << err;
    EXPECT_EQ(document().at("errors").as_array().size(), 1u);
}

TEST_F(ErrorsCommand, SaysThatThereAreNone) {
    ASSERT_EQ(run({"--module", "queue"}), 0);
    EXPECT_EQ(out, "errors    12  ▁▅█\nwarnings  0  ▁▁▁\n");
    EXPECT_EQ(err, "infra: no error since then\n");
}

TEST_F(ErrorsCommand, RefusesWhatIsNotKept) {
    for (const auto* each : {"soon", "59s", "61m", "2h"})
        EXPECT_EQ(run({"--since", each}), 2) << each;
    EXPECT_NE(err.find("--since: expected how long ago, from 1m to 1h"), std::string::npos) << err;
    EXPECT_EQ(run({"-n", "0"}), 2);
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({}), 2);
    EXPECT_NE(err.find("set INFRA_ADMIN_TOKEN"), std::string::npos) << err;
}

TEST_F(ErrorsCommand, IsNotMisledByAnAnswerOfAnotherShape) {
    for (const auto* each : {"[]", "7", R"({"items":[7,null,{}],"minutes":[]})", R"({"minutes":{"error":["x"]}})"}) {
        shop.say("/infra/api/logs/errors", each);
        EXPECT_EQ(run({}), 0) << each << err;
        EXPECT_EQ(run({"--json"}), 0) << each << err;
    }
}

} // namespace
} // namespace infra::cli
