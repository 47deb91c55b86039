#include "src/verbs.hpp"

#include "tests/shop_service.hpp"
#include "tests/verb_at_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::cli {
namespace {

/// `infra health --full` before a service with a dashboard.
struct HealthOfService : verb_at<shop_service> {
    HealthOfService() : verb_at("health", add_health) {}
    json::array runs_of(std::string_view check) const {
        const auto document = boost::json::parse(out);
        for (const auto& each : document.at("checks").as_array())
            if (each.at("name").as_string() == check)
                return each.at("history").as_array();
        return {};
    }
};

TEST_F(HealthOfService, HasItsChecksRunAnewAndRemembersThem) {
    ASSERT_EQ(run({"--full", "--json"}), 0) << err;
    const auto before = runs_of("queue").size();
    ASSERT_GE(before, 1u) << out;
    ASSERT_EQ(run({"--now", "--json"}), 0) << err;
    EXPECT_GT(runs_of("queue").size(), before) << out;
    ASSERT_EQ(run({"--full"}), 0) << err;
    EXPECT_NE(out.find("; it lives, and is ready\n\nCHECK "), std::string::npos) << out;
}

/// `infra config show --url` before the same.
struct ConfigOfService : verb_at<shop_service> {
    ConfigOfService() : verb_at("config", add_config) {}
};

TEST_F(ConfigOfService, IsWhatCountsThereWithoutItsSecrets) {
    ASSERT_EQ(run({"show", "--set", "--json"}), 0) << err;
    EXPECT_EQ(out.find("-of-the-tests"), std::string::npos) << "no secret";
    const auto document = boost::json::parse(out);
    const auto& all = document.at("settings").as_array();
    const auto token =
        std::ranges::find_if(all, [](const auto& each) { return each.at("name") == "INFRA_ADMIN_TOKEN"; });
    ASSERT_NE(token, all.end()) << out;
    EXPECT_EQ(token->at("secret"), true);
    ASSERT_EQ(run({"show", "EMAIL_FROM"}), 0) << err;
    EXPECT_NE(out.find("shop@example.com\n"), std::string::npos) << out;
}

} // namespace
} // namespace infra::cli
