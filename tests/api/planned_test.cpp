// The rows of the table whose modules are not there yet, over the stubs in stubs/: objects, channels.

#include "support.hpp"

#include <infra/logging.hpp>
#include <infra/realtime.hpp>
#include <infra/storage.hpp>

#include <gtest/gtest.h>

namespace api {
namespace {

// ---------------------------------------------------------------- storage

TEST(ApiStorage, TakesBytesAndTextOfEveryKind) {
    using namespace std::chrono_literals;
    auto storage =
        infra::storage::create_storage({.bucket = "b", .region = "r", .access_key_id = "id", .secret_access_key = "s"});
    const std::vector<std::byte> bytes(100, std::byte{7});
    const std::vector<unsigned char> unsigned_bytes(100, 'x');
    run([&]() -> awaitable<void> {
        co_await storage.put("avatars/1.jpg", bytes, {.content_type = "image/jpeg"});
        co_await storage.put("a", unsigned_bytes);
        co_await storage.put("b", std::span(bytes).first(10), {});
        co_await storage.put("c", long_text("moved"));
        co_await storage.put("d", "literal");
        co_await storage.put(std::string("e"), std::string_view("view"), {.metadata = {{"owner", "1"}}});
        auto later = storage.put(long_text("f"), long_text("started later"), {.content_type = long_text("t")});
        co_await std::move(later);

        auto later_get = storage.get(long_text("f"));
        EXPECT_EQ((co_await std::move(later_get))->body, long_text("started later"));
        auto later_head = storage.head(long_text("f"));
        EXPECT_EQ((co_await std::move(later_head))->content_type, long_text("t"));

        auto file = co_await storage.get("avatars/1.jpg");
        EXPECT_EQ(file->body.size(), 100U);
        EXPECT_EQ(file->content_type, "image/jpeg");
        EXPECT_EQ((co_await storage.get("d"))->body, "literal");
        EXPECT_EQ((co_await storage.get("b", {.range = infra::storage::byte_range{.first = 0, .last = 9}}))->size, 10U);
        EXPECT_FALSE(co_await storage.get("absent"));
        EXPECT_EQ((co_await storage.head("a"))->size, 100U);
        EXPECT_EQ((co_await storage.list({.prefix = "avatars/"})).objects.size(), 1U);
        co_await storage.copy("a", "a2");
        co_await storage.remove("a");
        EXPECT_FALSE(co_await storage.head("a"));
    });
    EXPECT_NE(storage.signed_url("a", 1h).find("3600"), std::string::npos);
    EXPECT_NE(storage.signed_url("a", 90s, {.method = "PUT"}).find("PUT"), std::string::npos);
}

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
