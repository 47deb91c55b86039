#include "src/verbs.hpp"

#include "tests/shop_service.hpp"
#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::cli {
namespace {

/// `infra metrics` before a service with a dashboard.
struct MetricsOfService : verb_at<shop_service> {
    MetricsOfService() : verb_at("metrics", add_metrics) {}
    json::value document() const { return boost::json::parse(out); }
};

TEST_F(MetricsOfService, ListsThemAndShowsOneOverTime) {
    ASSERT_EQ(run({"--json"}), 0) << err;
    const auto all = document().at("metrics").as_array();
    EXPECT_TRUE(std::ranges::any_of(all, [](const auto& each) { return each.at("name") == "purchases_total"; })) << out;
    ASSERT_EQ(run({}), 0) << err;
    EXPECT_TRUE(out.starts_with("NAME ")) << out;
    ASSERT_EQ(run({"blocking_pool_threads", "--show", "value", "--by", "pool", "--where", "pool=default", "--json"}), 0)
        << err;
    const auto drawn = document();
    ASSERT_EQ(drawn.at("lines").as_array().size(), 1u) << out;
    EXPECT_EQ(drawn.at("lines").at(0).at("labels").at("pool"), "default");
    const auto values = drawn.at("lines").at(0).at("values").as_array();
    EXPECT_EQ(values.size(), drawn.at("times").as_array().size());
    EXPECT_TRUE(std::ranges::any_of(values, [](const auto& n) {
        return n.is_number() && n.template to_number<double>() > 0;
    })) << out;
    ASSERT_EQ(run({"purchases_total", "--show", "rate", "--range", "1h"}), 0) << err;
    EXPECT_TRUE(out.starts_with("purchases_total  rate, from ")) << out;
    EXPECT_NE(out.find("\nSERIES  LOWEST  HIGHEST  LAST  CURVE\nall     "), std::string::npos) << out;
}

TEST_F(MetricsOfService, SaysWhatIsWrong) {
    EXPECT_EQ(run({"no_such_total"}), 3);
    EXPECT_NE(err.find("there is no such series of no_such_total"), std::string::npos) << err;
    EXPECT_EQ(run({"purchases_total", "--show", "much"}), 2);
    EXPECT_NE(err.find("show: expected value, rate"), std::string::npos) << err;
    for (const auto* each : {"soon", "1s", "7h"})
        EXPECT_EQ(run({"purchases_total", "--range", each}), 2) << each;
    EXPECT_EQ(run({"purchases_total", "--where", "country"}), 2);
    EXPECT_EQ(run({"--by", "country"}), 2) << "of which?";
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({}), 2);
    EXPECT_NE(err.find("set INFRA_ADMIN_TOKEN"), std::string::npos) << err;
}

struct MetricsCommand : verb_at<top_service> {
    MetricsCommand() : verb_at("metrics", add_metrics) {}
};

TEST_F(MetricsCommand, TellsWhatATableDoesNotHave) {
    auto table = http::response::text(200, "time,a\r\n");
    shop.say("/infra/api/metrics/csv", table);
    EXPECT_EQ(run({"a", "--csv"}), 0) << err;
    table.headers.set("X-Infra-Left-Out", "17");
    shop.say("/infra/api/metrics/csv", table);
    EXPECT_EQ(run({"a", "--csv"}), 6);
    EXPECT_EQ(out, "time,a\r\n");
    EXPECT_NE(err.find("17 series are left out"), std::string::npos) << err;
}

} // namespace
} // namespace infra::cli
