// Clients, channels, messages: the calls of the seed's page, and what stands beside them, on the default hub.

#include "support.hpp"

#include <infra/queue/memory.hpp>
#include <infra/realtime.hpp>
#include <infra/realtime/feeds.hpp>
#include <infra/realtime/redis.hpp>
#include <infra/realtime/sharded.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace api {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

struct recording_socket : infra::realtime::connection {
    void send(const infra::realtime::frame& f) override { received.emplace_back(f.text()); }
    void close(infra::realtime::close_code code, std::string_view) override { closed = code; }
    strings received{};
    infra::realtime::close_code closed{};
};

class ApiRealtime : public ::testing::Test {
protected:
    void SetUp() override { infra::realtime::set_default_hub(infra::realtime::hub()); }
    void TearDown() override { infra::realtime::set_default_hub(infra::realtime::hub()); }
};

TEST_F(ApiRealtime, CarriesMessagesAndChannels) {
    using namespace infra::realtime;
    auto socket = std::make_shared<recording_socket>();
    const std::string id = "client-1";
    register_client(id, socket);
    register_client("client-2", std::make_unique<recording_socket>());
    EXPECT_EQ(get_client(id), socket);
    EXPECT_EQ(get_client("nobody"), nullptr);
    EXPECT_EQ(get_connected_clients(), (strings{"client-1", "client-2"}));

    on_message([](std::string client, infra::realtime::message m) {
        if (m.type == "subscribe")
            subscribe(m.channel, client);
    });
    on_message([](std::string_view, const message&) -> awaitable<void> { co_return; });
    run([&]() -> awaitable<void> { co_await dispatch_message(id, {.type = "subscribe", .channel = "room:general"}); });
    EXPECT_TRUE(subscribe("room:general", "client-2"));

    EXPECT_TRUE(send_to_client(id, {.type = "notification", .data = {{"text", "Hello!"}}}));
    EXPECT_FALSE(send_to_client("nobody", {.type = "notification"}));
    broadcast({.type = "announcement", .data = {{"text", "Server update"}, {"n", 1}}});
    publish("room:general", {.type = "said", .data = "plain text"});
    EXPECT_EQ(socket->received, (strings{R"({"type":"notification","data":{"text":"Hello!"}})",
                                         R"({"type":"announcement","data":{"text":"Server update","n":1}})",
                                         R"({"type":"said","channel":"room:general","data":"plain text"})"}));

    EXPECT_EQ(get_subscribers("room:general"), (strings{"client-1", "client-2"}));
    EXPECT_EQ(get_channels(), strings{"room:general"});
    EXPECT_TRUE(unsubscribe("room:general", id));
    EXPECT_TRUE(remove_client("client-2"));
    EXPECT_TRUE(get_channels().empty());
    EXPECT_TRUE(remove_client(id));
    EXPECT_FALSE(remove_client(id));
}

TEST_F(ApiRealtime, LeavesChannelsAndBeginsAnew) {
    using namespace infra::realtime;
    const auto socket = std::make_shared<recording_socket>();
    register_client("client-1", socket);
    subscribe("a", "client-1");
    subscribe("b", "client-1");
    EXPECT_EQ(unsubscribe_all("client-1"), 2u);
    subscribe("c", "client-1");
    clear_channels();
    EXPECT_TRUE(get_channels().empty());
    set_default_hub(hub());
    EXPECT_TRUE(get_connected_clients().empty());
    EXPECT_EQ(socket->closed, close_code::going_away);
}

TEST_F(ApiRealtime, PublishesWithOptions) {
    using namespace infra::realtime;
    const auto socket = std::make_shared<recording_socket>();
    register_client("client-1", socket, {.user = "anna"});
    subscribe("room:1", "client-1");
    publish("room:1", {.type = "typing"}, {.except = "client-1"});
    const publication first = publish("room:1", {.type = "said"}, {.idempotency_key = "order-17", .ttl = 1min});
    EXPECT_EQ(first.subscribers, 1u);
    EXPECT_TRUE(publish("room:1", {.type = "said"}, {.idempotency_key = "order-17"}).duplicate);
    EXPECT_EQ(socket->received.size(), 1u);
    EXPECT_EQ(disconnect_user("anna"), 1u);
    EXPECT_EQ(socket->closed, close_code::disconnected);
}

TEST_F(ApiRealtime, KeepsWhatWasSaid) {
    infra::realtime::hub rooms({.channels = {{"room:*", {.history = {.size = 100, .age = 5min}}}}});
    rooms.publish("room:1", {.type = "said", .data = {{"text", "one"}}});
    rooms.publish("room:1", {.type = "said", .data = {{"text", "two"}}});
    const auto last = run([&] { return rooms.history("room:1", {}, 1); });
    ASSERT_EQ(last.messages.size(), 1u);
    EXPECT_EQ(last.messages[0].what.data, (infra::json::value{{"text", "two"}}));
    const auto found = rooms.find_channel("room:1");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->history_messages, 2u);
    EXPECT_EQ(rooms.list_channels("room:").size(), 1u);
}

TEST_F(ApiRealtime, SaysWhatTheOtherModulesKnow) {
    using namespace infra::realtime;
    const infra::realtime::hub hub;
    const infra::queue::queue queue(infra::queue::make_memory_backend());
    using infra::level;
    std::vector<infra::awaitable<void>> feeds; // cold until they are awaited
    feeds.push_back(publish_jobs(hub, "jobs:mail", queue, "mail"));
    feeds.push_back(publish_logs(hub, "log"));
    feeds.push_back(publish_logs(hub, "log", {.from = level::warn}));
    feeds.push_back(publish_metrics(hub, "load", {.names = {"http_server_*"}}));
    const auto servers = make_sharded_broker(
        {make_redis_broker({.url = "redis://10.0.0.5"}), make_redis_broker({.url = "redis://10.0.0.6"})});
    EXPECT_FALSE(servers->is_up());
}

TEST_F(ApiRealtime, AnswersAndAsks) {
    using namespace infra::realtime;
    on_message("typing", [](client_id, message) {});
    on_request("seats", [](client_id, message m) -> awaitable<infra::json::value> { co_return m.data; });
    on_request("price", [](client_id, message) { return 17; });
    EXPECT_THROW(on_request("seats", [](client_id, message) { return nullptr; }), std::invalid_argument);
}

} // namespace
} // namespace api
