// The test kit itself.
#include "support.hpp"

#include <stdexcept>

namespace infra::realtime {
namespace {

using TestClient = Session;

TEST_F(TestClient, HearsByTypeAndKeepsTheOthers) {
    auto& anna = connect();
    said(anna, subscribe_to("c"));
    for (const auto* type : {"a", "b", "a"})
        the_hub().publish("c", {.type = type});
    settle();
    EXPECT_EQ(anna.heard("a").size(), 2u);
    EXPECT_EQ(names(anna.heard()), name_list{"b"});
    EXPECT_TRUE(anna.heard().empty());
}

TEST_F(TestClient, ThatIsStalledHearsLaterAndMeetsItsBound) {
    auto options = open_options();
    options.limits.max_queue_bytes = 10'000;
    make_hub(options);
    auto& anna = connect();
    said(anna, subscribe_to("c"));
    anna.stall();
    the_hub().publish("c", {.type = "m"});
    settle();
    EXPECT_TRUE(anna.heard().empty());
    EXPECT_GT(anna.queued_bytes(), 0u);
    anna.resume();
    EXPECT_EQ(anna.heard().size(), 1u);
    EXPECT_EQ(anna.queued_bytes(), 0u);
    anna.stall();
    for (int i = 0; i < 20; ++i)
        the_hub().publish("c", {.type = "m", .data = json::value(std::string(1'000, 'x'))});
    settle();
    EXPECT_EQ(anna.closed(), close_code::slow);
    anna.resume();
    EXPECT_TRUE(anna.heard().empty()) << "what waited is lost with the connection";
}

TEST_F(TestClient, MeetsThePolicyOfTheChannel) {
    auto options = open_options();
    options.limits.max_queue_bytes = 5'000;
    options.channels = {{"new", {.on_overflow = overflow::drop_newest}},
                        {"old", {.on_overflow = overflow::drop_oldest}},
                        {"latest", {.on_overflow = overflow::keep_latest}}};
    make_hub(options);
    const auto left = [&](std::string channel) {
        auto& anna = connect();
        said(anna, subscribe_to(channel));
        anna.stall();
        for (int i = 1; i <= 20; ++i)
            the_hub().publish(channel, {.type = "m", .data = {i, json::value(std::string(1'000, 'x'))}});
        settle();
        anna.resume();
        std::vector<std::int64_t> numbers;
        std::int64_t dropped = 0;
        for (const auto& each : anna.heard())
            if (each.type == "gap")
                dropped += each.data.at("dropped").as_int64();
            else
                numbers.push_back(each.data.at(0).as_int64());
        EXPECT_EQ(static_cast<std::int64_t>(numbers.size()) + dropped, 20) << channel;
        return numbers;
    };
    EXPECT_EQ(left("new").back(), 3);
    EXPECT_EQ(left("old").back(), 20);
    EXPECT_EQ(left("latest"), (std::vector<std::int64_t>{1, 20}));
}

TEST_F(TestClient, ComesBackToItsChannelsFromWhereItWas) {
    auto& anna = connect();
    said(anna, subscribe_to("r:1"));
    said(anna, subscribe_to("live"));
    said(anna, subscribe_to("left"));
    said(anna, {.what = {.type = "unsubscribe", .channel = "left"}});
    the_hub().publish("r:1", {.type = "heard"});
    settle();
    anna.drop();
    const auto old = anna.id();
    EXPECT_EQ(anna.closed(), close_code::abnormal);
    the_hub().publish("r:1", {.type = "missed"});
    the_hub().publish("live", {.type = "lost"});
    anna.reconnect();
    settle();
    EXPECT_NE(anna.id(), old);
    EXPECT_EQ(anna.closed(), std::nullopt);
    EXPECT_EQ(names(anna.heard()), (name_list{"heard", "welcome", "subscribed", "subscribed", "missed"}));
    EXPECT_EQ(the_hub().get_connected_clients(), std::vector{anna.id()});
}

TEST_F(TestClient, ThatIsDestroyedIsGone) {
    {
        test_client anna(the_hub());
        EXPECT_EQ(the_hub().get_connected_clients().size(), 1u);
    }
    EXPECT_TRUE(the_hub().get_connected_clients().empty());
}

TEST_F(TestClient, OutlivesItsHub) {
    std::optional<hub> short_lived(hub_options{.on = loop.get_executor(), .time = &time});
    auto anna = std::make_unique<test_client>(*short_lived);
    anna->heard();
    short_lived.reset();
    settle();
    anna->say(message{.type = "ping"});
    settle();
    anna.reset();
}

TEST_F(TestClient, NeedsTheLoopOfTheTest) {
    const hub without(hub_options{});
    EXPECT_THROW(test_client{without}, std::invalid_argument);
}

} // namespace
} // namespace infra::realtime
