#include "src/verbs.hpp"

#include "tests/shop_service.hpp"
#include "tests/verb_at_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

namespace infra::cli {
namespace {

/// `infra overview` before a service with a dashboard.
struct OverviewOfService : verb_at<shop_service> {
    OverviewOfService() : verb_at("overview", add_overview) {}
};

TEST_F(OverviewOfService, HasItsNumbersAndWhatNeedsAttention) {
    ASSERT_EQ(run({"--json"}), 0) << err;
    const auto seen = boost::json::parse(out);
    EXPECT_GE(seen.at("figures").as_array().size(), 7u) << out;
    EXPECT_TRUE(std::ranges::any_of(seen.at("attention").as_array(), [](const auto& each) {
        return each.at("text").as_string().find("was not sent") != std::string::npos;
    })) << out;
    EXPECT_FALSE(seen.at("slowest").as_array().empty());
    ASSERT_EQ(run({"--range", "1h"}), 0) << err;
    EXPECT_NE(out.find("\n\nFIGURE "), std::string::npos) << out;
    EXPECT_NE(out.find("NEEDS ATTENTION\nerror "), std::string::npos) << out;
}

/// `infra news` before the same.
struct NewsOfService : verb_at<shop_service> {
    NewsOfService() : verb_at("news", add_news) {}
};

TEST_F(NewsOfService, TellsWhatWasAndWhatComes) {
    shop.get("/seed/say?text=before");
    ASSERT_EQ(run({"-n", "100", "--json"}), 0) << err;
    EXPECT_NE(out.find(R"("kind":"log","severity":"warn","text":"seed: before")"), std::string::npos) << out;
    auto ended = std::async(std::launch::async, [this] { return run({"--follow", "-n", "0", "--count", "2"}); });
    while (ended.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        shop.get("/seed/say?text=after");
    EXPECT_EQ(ended.get(), 0) << err;
    EXPECT_EQ(std::ranges::count(out, '\n'), 2) << out;
    EXPECT_NE(out.find("  warn   log  seed: after  trace="), std::string::npos) << out;
}

} // namespace
} // namespace infra::cli
