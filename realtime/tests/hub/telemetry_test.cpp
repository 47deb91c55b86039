#include "recording.hpp"

#include <infra/testing/captured_telemetry.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::realtime::tests {
namespace {

TEST(HubTelemetry, CountsClientsMessagesAndDeliveries) {
    infra::testing::captured_telemetry told("realtime_");
    {
        hub subject({.name = "shop"});
        subject.register_client("anna", std::make_shared<recording>());
        const auto bert = std::make_shared<recording>();
        subject.register_client("bert", bert);
        subject.subscribe("room", "anna");
        subject.subscribe("room", "bert");
        subject.publish("room", {.type = "x"}, {.idempotency_key = "1"});
        subject.publish("room", {.type = "x"}, {.idempotency_key = "1"});
        EXPECT_EQ(told.counted("realtime_clients hub=shop"), 2);
        EXPECT_EQ(told.counted("realtime_published_total hub=shop"), 1);
        EXPECT_EQ(told.counted("realtime_duplicates_total hub=shop"), 1);
        EXPECT_EQ(told.counted("realtime_deliveries_total hub=shop"), 2);
        bert->throws = true;
        subject.publish("room", {.type = "x"});
        EXPECT_EQ(told.counted("realtime_send_failures_total hub=shop"), 1);
        EXPECT_EQ(told.counted("realtime_clients hub=shop"), 1);
    }
    EXPECT_EQ(told.counted("realtime_clients hub=shop"), 0);
}

TEST(HubTelemetry, MakesASpanOfEachPublicationAndTellsNothingOfWhatIsSaid) {
    infra::testing::captured_telemetry told("realtime_");
    hub subject;
    const auto anna = std::make_shared<recording>();
    subject.register_client("anna", anna);
    subject.subscribe("room", "anna");
    anna->throws = true;
    subject.publish("room", {.type = "said", .data = "a secret"}, {.idempotency_key = "a key"});
    const auto lines = told.lines();
    const auto has = [&lines](const std::string& text) {
        return std::ranges::any_of(lines, [&](const auto& each) { return each.find(text) != std::string::npos; });
    };
    EXPECT_TRUE(has("span: realtime publish"));
    EXPECT_TRUE(has("messaging.destination.name=room"));
    EXPECT_TRUE(has("realtime.subscribers=1"));
    EXPECT_TRUE(has("log: a connection threw"));
    EXPECT_EQ(told.everything().find("a secret"), std::string::npos);
    EXPECT_EQ(told.everything().find("a key"), std::string::npos);
}

} // namespace
} // namespace infra::realtime::tests
