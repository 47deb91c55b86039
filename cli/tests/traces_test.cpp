#include "src/frame.hpp"
#include "src/verbs.hpp"

#include "tests/top_service.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace infra::cli {
namespace {

/// A command line before a service whose answers the test says.
struct TracesCommand : ::testing::Test {
    TracesCommand() { ::setenv("INFRA_ADMIN_TOKEN", std::string(top_service::token).c_str(), 1); }
    ~TracesCommand() override { ::unsetenv("INFRA_ADMIN_TOKEN"); }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_traces(f);
        words.insert(words.begin(), "traces");
        words.insert(words.end(), {"--url", shop.url()});
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }

    top_service shop;
    std::string out, err;
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
