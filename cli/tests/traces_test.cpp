#include "src/verbs.hpp"

#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace infra::cli {
namespace {

/// A command line before a service whose answers the test says.
struct TracesCommand : verb_at<top_service> {
    TracesCommand() : verb_at("traces", add_traces) {}
};

TEST_F(TracesCommand, SaysWhatToDoWhereItIsToldNothing) {
    EXPECT_EQ(run({}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
    EXPECT_EQ(run({std::string(32, 'a')}), 1) << "which is not: there is no such trace";
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({}), 2);
    EXPECT_NE(err.find("set INFRA_ADMIN_TOKEN"), std::string::npos) << err;
}

TEST_F(TracesCommand, RefusesWhatCannotBeAskedFor) {
    const std::string trace(32, 'a');
    for (const auto& each : std::vector<std::vector<std::string>>{{"--slow", "often"},
                                                                  {"--slow", "0s"},
                                                                  {"--since", "soon"},
                                                                  {"-n", "0"},
                                                                  {"--logs"},
                                                                  {"--names", "-n", "5"},
                                                                  {"--attributes"},
                                                                  {trace, "--failed"},
                                                                  {trace, "--name", "GET /"}})
        EXPECT_EQ(run(each), 2) << each.back() << err;
}

TEST_F(TracesCommand, IsNotMisledByAnAnswerOfAnotherShape) {
    const std::string trace(32, 'a');
    for (const auto* each :
         {"[]", "7", R"({"items":7})", R"({"items":[7,null,{}],"next":null})", R"({"spans":[[]]})"}) {
        shop.say("/infra/api/traces", each);
        shop.say("/infra/api/traces/" + trace, each);
        EXPECT_EQ(run({}), 0) << each << err;
        EXPECT_EQ(run({trace}), 0) << each << err;
    }
}

} // namespace
} // namespace infra::cli
