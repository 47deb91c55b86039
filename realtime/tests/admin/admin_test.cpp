#include <infra/realtime/admin.hpp>

#include <infra/base/json.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::realtime {
namespace {

/// Takes note of how it was closed.
struct silent : connection {
    void send(const frame&) override {}
    void close(close_code code, std::string_view) override { closed = code; }
    std::optional<close_code> closed;
};

struct AdminPages : ::testing::Test {
    AdminPages() {
        add_admin(routes, subject, {.allow = [](const http::request& r) { return r.header("authorization") == key; }});
    }

    http::response answer(http::method m, std::string target, std::string body = {}) {
        return loop.get(routes.handle({.method = m,
                                       .target = "/infra/realtime" + target,
                                       .headers = {{"authorization", key}},
                                       .body = std::move(body)}));
    }
    json::value got(const std::string& target) {
        const auto found = answer(http::method::get, target);
        EXPECT_EQ(found.status, 200) << target << ": " << found.body;
        return json::parse(found.body).value();
    }
    json::value posted(const std::string& target, std::string body) {
        const auto found = answer(http::method::post, target, std::move(body));
        EXPECT_EQ(found.status, 200) << target << ": " << found.body;
        return json::parse(found.body).value();
    }
    std::string blamed(http::method m, const std::string& target, std::string body = {}) {
        const auto found = answer(m, target, std::move(body));
        EXPECT_EQ(found.status, 422) << target << ": " << found.body;
        const auto document = json::parse(found.body).value();
        const auto* path = document.at("error").as_object().if_contains("path");
        return path ? std::string(path->as_string()) : "";
    }
    std::shared_ptr<silent> join(const std::string& id, const std::string& user, const std::string& channel) {
        auto made = std::make_shared<silent>();
        subject.register_client(id, made, {.user = user});
        subject.subscribe(channel, id);
        return made;
    }

    static constexpr std::string_view key = "Bearer of-operators";
    testing::test_loop loop;
    hub subject{{.channels = {{"room:*", {.history = {.size = 10}}}}, .on = loop.get_executor()}};
    http::router routes;
};

TEST_F(AdminPages, AreForOperators) {
    for (const auto* path : {"/channels", "/clients", "/history?channel=a", "/presence?channel=a", "/tail?channel=a"}) {
        const auto refused = loop.get(routes.handle({.target = std::string("/infra/realtime") + path}));
        EXPECT_EQ(refused.status, 401) << path;
        EXPECT_EQ(refused.headers.get("www-authenticate"), "Bearer");
    }
    for (const auto* path : {"/publish", "/disconnect"})
        EXPECT_EQ(loop.get(routes.handle({.method = http::method::post,
                                          .target = std::string("/infra/realtime") + path,
                                          .headers = {{"authorization", "Bearer guess"}},
                                          .body = R"({"channel":"a","type":"b","client":"c"})"}))
                      .status,
                  401);
    EXPECT_EQ(answer(http::method::get, "/channels").headers.get("cache-control"), "no-store");
}

TEST_F(AdminPages, ListChannels) {
    join("anna", "u1", "room:1");
    join("bert", "u2", "room:1");
    join("carl", "u3", "quiet");
    subject.publish("room:1", {.type = "said", .data = "hi"});
    const auto all = got("/channels");
    ASSERT_EQ(all.at("channels").as_array().size(), 2u);
    EXPECT_TRUE(all.at("next").is_null());
    const auto room = got("/channels?prefix=room:").at("channels").at(0);
    EXPECT_EQ(room.at("name"), "room:1");
    EXPECT_EQ(room.at("subscribers"), 2);
    EXPECT_EQ(room.at("offset"), 1);
    EXPECT_EQ(room.at("history_messages"), 1);
    EXPECT_EQ(room.at("published"), 1);
    EXPECT_EQ(room.at("dropped"), 0);
    EXPECT_NE(room.at("epoch"), "");
    const auto first = got("/channels?limit=1");
    EXPECT_EQ(first.at("channels").at(0).at("name"), "quiet");
    EXPECT_EQ(first.at("next"), "quiet");
    const auto rest = got("/channels?limit=1&after=quiet");
    EXPECT_EQ(rest.at("channels").at(0).at("name"), "room:1");
    EXPECT_TRUE(rest.at("next").is_null());
}

TEST_F(AdminPages, ListClients) {
    join("anna", "u1", "room:1");
    join("bert", "u2", "room:1");
    join("carl", "u2", "quiet");
    EXPECT_EQ(got("/clients").at("clients").as_array().size(), 3u);
    const auto anna = got("/clients?user=u1").at("clients").at(0);
    EXPECT_EQ(anna.at("id"), "anna");
    EXPECT_EQ(anna.at("user"), "u1");
    EXPECT_EQ(anna.at("channels"), json::array{"room:1"});
    EXPECT_EQ(anna.at("queued_bytes"), 0);
    EXPECT_EQ(anna.at("since").as_string().size(), 24u);
    const auto in_room = got("/clients?user=u2&channel=room:1");
    ASSERT_EQ(in_room.at("clients").as_array().size(), 1u);
    EXPECT_EQ(in_room.at("clients").at(0).at("id"), "bert");
    const auto listeners = got("/clients?channel=room:1&limit=1");
    EXPECT_EQ(listeners.at("next"), "anna");
    EXPECT_EQ(got("/clients?channel=room:1&limit=1&after=anna").at("clients").at(0).at("id"), "bert");
    EXPECT_TRUE(got("/clients?channel=nowhere").at("clients").as_array().empty());
    const auto page = got("/clients?user=u2&limit=1");
    EXPECT_EQ(page.at("next"), "bert");
    EXPECT_EQ(got("/clients?user=u2&limit=1&after=bert").at("clients").at(0).at("id"), "carl");
}

TEST_F(AdminPages, Publish) {
    join("anna", "u1", "room:1");
    const auto done =
        posted("/publish", R"({"channel":"room:1","type":"said","data":{"text":"hi"},"idempotency_key":"k"})");
    EXPECT_EQ(done.at("duplicate"), false);
    EXPECT_EQ(done.at("subscribers"), 1);
    EXPECT_EQ(done.at("offset"), 1);
    EXPECT_EQ(posted("/publish", R"({"channel":"room:1","type":"said","idempotency_key":"k"})").at("duplicate"), true);
    const auto past = got("/history?channel=room:1");
    EXPECT_EQ(past.at("complete"), true);
    EXPECT_EQ(past.at("offset"), 1);
    const json::object said{
        {"type", "said"}, {"channel", "room:1"}, {"offset", 1}, {"data", json::object{{"text", "hi"}}}};
    EXPECT_EQ(past.at("messages").at(0), json::value(said));
}

TEST_F(AdminPages, TellHistorySincePlaces) {
    for (int i = 1; i <= 5; ++i)
        subject.publish("room:1", {.type = "said", .data = i});
    const auto epoch = std::string(got("/history?channel=room:1").at("epoch").as_string());
    const auto since = got("/history?channel=room:1&offset=3&epoch=" + epoch);
    EXPECT_EQ(since.at("complete"), true);
    EXPECT_EQ(since.at("messages").as_array().size(), 2u);
    EXPECT_EQ(got("/history?channel=room:1&offset=3&epoch=another").at("complete"), false);
    EXPECT_EQ(got("/history?channel=room:1&limit=2").at("messages").as_array().size(), 2u);
}

TEST_F(AdminPages, Disconnect) {
    const auto anna = join("anna", "u1", "room:1");
    const auto bert = join("bert", "u2", "room:1");
    const auto carl = join("carl", "u2", "room:1");
    EXPECT_EQ(posted("/disconnect", R"({"client":"anna"})").at("disconnected"), 1);
    EXPECT_EQ(anna->closed, close_code::disconnected);
    EXPECT_EQ(posted("/disconnect", R"({"client":"anna"})").at("disconnected"), 0);
    EXPECT_EQ(posted("/disconnect", R"({"user":"u2","code":4000})").at("disconnected"), 2);
    EXPECT_EQ(bert->closed, close_code::shutdown);
    EXPECT_EQ(carl->closed, close_code::shutdown);
    EXPECT_TRUE(subject.get_connected_clients().empty());
}

TEST_F(AdminPages, NameWhatIsWrong) {
    using enum http::method;
    EXPECT_EQ(blamed(get, "/channels?limit=many"), "/limit");
    EXPECT_EQ(blamed(get, "/clients?limit=1001"), "/limit");
    EXPECT_EQ(blamed(get, "/history"), "/channel");
    EXPECT_EQ(blamed(get, "/history?channel=a&epoch=e&offset=-1"), "/offset");
    EXPECT_EQ(blamed(get, "/presence?channel=%01"), "/channel");
    EXPECT_EQ(blamed(get, "/tail"), "/channel");
    EXPECT_EQ(blamed(post, "/publish", R"({"channel":"","type":"t"})"), "/channel");
    EXPECT_EQ(blamed(post, "/publish", R"({"channel":"a","type":"welcome"})"), "/type");
    EXPECT_EQ(blamed(post, "/publish", R"({"channel":"a","type":7})"), "/type");
    EXPECT_EQ(blamed(post, "/disconnect", "{}"), "");
    EXPECT_EQ(blamed(post, "/disconnect", R"({"user":"u","client":"c"})"), "");
    EXPECT_EQ(blamed(post, "/disconnect", R"({"user":"u","code":1006})"), "/code");
}

TEST(AdminOptions, AreChecked) {
    http::router routes;
    const auto everybody = [](const http::request&) { return true; };
    EXPECT_THROW(add_admin(routes, hub(), {}), std::invalid_argument);
    EXPECT_THROW(add_admin(routes, hub(), {.allow = everybody, .max_tail_bytes = 0}), std::invalid_argument);
    EXPECT_THROW(add_admin(routes, hub(), {.allow = everybody, .keep_alive = std::chrono::milliseconds(0)}),
                 std::invalid_argument);
}

} // namespace
} // namespace infra::realtime
