// The rows of the table whose modules are not there yet, over the stubs in stubs/: objects, channels.

#include "support.hpp"

#include <infra/logging.hpp>
#include <infra/realtime.hpp>

#include <gtest/gtest.h>

namespace api {
namespace {

// ---------------------------------------------------------------- realtime

struct recording_socket : infra::realtime::connection {
    void send(std::shared_ptr<const std::string> text) override { received.push_back(*text); }
    void close(int, std::string_view) override {}
    std::vector<std::string> received{};
};

TEST(ApiRealtime, CarriesMessagesAndChannels) {
    using namespace infra::realtime;
    auto socket = std::make_shared<recording_socket>();
    const std::string id = "client-1";
    register_client(id, socket);
    register_client("client-2", std::make_unique<recording_socket>());

    on_message([](std::string client, infra::realtime::message m) {
        if (m.type == "subscribe")
            subscribe(m.channel, client);
    });
    on_message([](std::string_view, const message&) -> awaitable<void> { co_return; });
    run([&]() -> awaitable<void> { co_await receive(id, {.type = "subscribe", .channel = "room:general"}); });
    subscribe("room:general", "client-2");

    EXPECT_TRUE(send_to_client(id, {.type = "notification", .data = {{"text", "Hello!"}}}));
    EXPECT_FALSE(send_to_client("nobody", {.type = "notification"}));
    broadcast({.type = "announcement", .data = {{"text", "Server update"}, {"n", 1}}});
    publish("room:general", {.type = "said", .data = "plain text"});
    EXPECT_EQ(socket->received,
              (std::vector<std::string>{R"({"type":"notification","data":{"text":"Hello!"}})",
                                        R"({"type":"announcement","data":{"text":"Server update","n":1}})",
                                        R"({"type":"said","channel":"room:general","data":"plain text"})"}));

    EXPECT_EQ(get_subscribers("room:general"), (std::vector<std::string>{"client-1", "client-2"}));
    EXPECT_EQ(get_channels(), std::vector<std::string>{"room:general"});
    unsubscribe("room:general", id);
    EXPECT_TRUE(remove_client("client-2"));
    EXPECT_TRUE(get_channels().empty());
    EXPECT_TRUE(remove_client(id));
    EXPECT_FALSE(remove_client(id));
}

} // namespace
} // namespace api
