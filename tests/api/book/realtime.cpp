// What docs/realtime.md shows.

#include "../support.hpp"

#include <infra/realtime/testing.hpp>
#include <infra/realtime/websocket.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

// [realtime]
#include <infra/realtime.hpp>

infra::realtime::hub_options rooms() {
    return {.channels = {{"room:*", {.history = {.size = 100}, .presence = true}}},
            .authorize = [](infra::realtime::access_request a) { return a.channel.starts_with("room:"); }};
}
// [/realtime]

void say(infra::realtime::hub& hub) {
    // [publish]
    hub.publish("room:1", {.type = "said", .data = {{"text", "Hello!"}}}); // from any thread; never waits
    // [/publish]
}

TEST(BookRealtime, GivesBackWhatWasMissed) {
    infra::testing::test_loop loop;
    auto options = rooms();
    options.on = loop.get_executor();
    infra::realtime::hub hub(options);
    infra::realtime::test_client anna(hub, {.user = "anna"});
    anna.say({.type = "subscribe", .channel = "room:1"});
    loop.settle();
    say(hub);
    loop.settle();
    EXPECT_EQ(anna.heard("said").size(), 1U);
    anna.say({.type = "subscribe", .channel = "other"});
    loop.settle();
    EXPECT_EQ(anna.heard("error").size(), 1U);
}
