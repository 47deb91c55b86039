#include "src/feeds/metrics.hpp"

#include "support.hpp"

#include <gtest/gtest.h>

namespace infra::realtime::feeds {
namespace {

class MetricFeed : public Feeds {
protected:
    monitoring::metrics shop{{.time = &time}};
};

TEST_F(MetricFeed, SaysThemAllInOneMessageWhenTheyHaveChanged) {
    const auto at = make_hub();
    const auto anna = listener(at, "load");
    shop.increment("orders_total", {{"country", "se"}});
    shop.gauge("queue_length", 2.5);
    shop.observe("charge_seconds", 0.5);
    begin(publish_metrics(at, "load", {.names = {"orders_total", "charge_*", "queue_length"}, .time = &time}, shop));
    auto said = anna->heard("metrics");
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(json::to_text(said[0].data.at("metrics")),
              R"({"charge_seconds":[{"count":1,"sum":0.5}],"orders_total":[{"labels":{"country":"se"},"value":1}],)"
              R"("queue_length":[{"value":2.5}]})");
    EXPECT_TRUE(text_at(said[0], "at").ends_with("Z"));
    pass(1s);
    EXPECT_TRUE(anna->heard().empty()) << "nothing is new";
    shop.gauge("queue_length", 3);
    shop.gauge("unasked", 3);
    pass(1s);
    EXPECT_EQ(anna->heard("metrics").size(), 1u);
}

TEST_F(MetricFeed, GivesWhoeverComesWhatIsNow) {
    const auto at = make_hub();
    shop.gauge("queue_length", 1);
    begin(publish_metrics(at, "latest:load", {.time = &time}, shop));
    shop.gauge("queue_length", 2);
    pass(1s);
    test_client anna(at);
    anna.say(client_message{.what = {.type = "subscribe", .channel = "latest:load"}, .since = position{"?", 0}});
    turn();
    const auto said = anna.heard("metrics");
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(json::to_text(said[0].data.at("metrics").at("queue_length")), R"([{"value":2}])");
}

TEST_F(MetricFeed, SaysHowManyAreLeftOut) {
    for (int i = 0; i < 5; ++i)
        shop.increment("orders_total", {{"country", i}});
    shop.gauge("queue_length", 1);
    const auto data = metrics_data(shop.collect(), {.names = {"orders_total", "queue_length"}, .max_series = 3});
    EXPECT_EQ(data.at("metrics").at("orders_total").as_array().size(), 3u);
    EXPECT_FALSE(data.at("metrics").as_object().contains("queue_length"));
    EXPECT_EQ(data.at("left_out"), 3);
}

TEST_F(MetricFeed, KnowsNamesAndTheirBeginnings) {
    EXPECT_TRUE(is_wanted("a", {}));
    EXPECT_TRUE(is_wanted("http_requests_total", {"x", "http_*"}));
    EXPECT_TRUE(is_wanted("anything", {"*"}));
    EXPECT_FALSE(is_wanted("http_requests_total", {"http"}));
    EXPECT_FALSE(is_wanted("a", {"b"}));
}

TEST_F(MetricFeed, RefusesOptionsThatMakeNoSense) {
    const auto at = make_hub();
    const auto why = [&](metric_feed_options o) -> std::string {
        try {
            static_cast<void>(publish_metrics(at, "load", std::move(o), shop));
            return "";
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
    };
    EXPECT_NE(why({.every = 1ms}).find("every"), std::string::npos);
    EXPECT_NE(why({.max_series = 0}).find("max_series"), std::string::npos);
    EXPECT_EQ(why({}), "");
}

} // namespace
} // namespace infra::realtime::feeds
