#include "src/verbs.hpp"

#include "tests/shop_service.hpp"
#include "tests/verb_at_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

/// `infra levels` before a service with a dashboard.
struct LevelsOfService : verb_at<shop_service> {
    LevelsOfService() : verb_at("levels", add_levels) {}
    json::value document() const { return boost::json::parse(out); }

    /// What `infra logs` shows of a line that the service writes at debug.
    std::string said_quietly() {
        shop.get("/seed/debug");
        std::ostringstream lines;
        frame f(lines, lines);
        add_logs(f);
        EXPECT_EQ(f.run({"logs", "said quietly", "--module", "seed", "--json", "--url", shop.url()}), 0);
        return lines.str();
    }
};

TEST_F(LevelsOfService, AreChangedForAWhileAndPutBack) {
    ASSERT_EQ(run({"--json"}), 0) << err;
    const auto before = document();
    EXPECT_EQ(before.at("changed"), json::array());
    EXPECT_EQ(said_quietly().find("level"), std::string::npos);
    ASSERT_EQ(run({"debug", "--module", "seed", "--for", "5m", "--json"}), 0) << err;
    EXPECT_NE(said_quietly().find(R"("level":"debug")"), std::string::npos);
    EXPECT_EQ(document().at("changed").at(0).at("module"), "seed");
    EXPECT_EQ(document().at("changed").at(0).at("by"), "token");
    ASSERT_EQ(run({"error", "--json"}), 0) << err;
    EXPECT_EQ(document().at("level"), "error");
    EXPECT_EQ(document().at("changed").as_array().size(), 2u);
    ASSERT_EQ(run({"--undo", "--json"}), 0) << err;
    for (const auto* each : {"level", "modules", "changed"})
        EXPECT_EQ(document().at(each), before.at(each)) << each;
    EXPECT_EQ(run({"debug", "--module", std::string(201, 'm')}), 2);
    EXPECT_NE(err.find("at most 200 bytes"), std::string::npos) << err;
}

/// Of whom the service itself says that they may look only.
TEST(LevelsOfAServiceThatMayBeLookedAtOnly, AreShownAndNotChanged) {
    shop_service shop({"--read"});
    std::ostringstream out, err;
    frame f(out, err);
    add_levels(f);
    EXPECT_EQ(f.run({"levels", "--url", shop.url()}), 0) << err.str();
    EXPECT_EQ(f.run({"levels", "debug", "--url", shop.url()}), 1);
    EXPECT_EQ(err.str(), "infra: the service answered 403: you may look, but not change anything\n");
    ::unsetenv("INFRA_ADMIN_TOKEN");
}

/// `infra errors` before a service with a dashboard.
struct ErrorsOfService : verb_at<shop_service> {
    ErrorsOfService() : verb_at("errors", add_errors) {}
};

TEST_F(ErrorsOfService, AreGroupedByWhatTheyHaveInCommon) {
    ASSERT_EQ(run({"--module", "mail", "--since", "1h", "--json"}), 0) << err;
    const auto all = boost::json::parse(out).at("errors").as_array();
    ASSERT_EQ(all.size(), 1u) << out;
    EXPECT_EQ(all[0].at("count"), 4);
    EXPECT_EQ(all[0].at("words"), "was not sent");
    EXPECT_EQ(all[0].at("trace").as_string().size(), 32u);
    ASSERT_EQ(run({}), 0) << err;
    EXPECT_NE(out.find(" was not sent: the server does not answer\n"), std::string::npos) << out;
}

} // namespace
} // namespace infra::cli
