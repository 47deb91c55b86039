// The rows of the table whose modules are not there yet, over the stubs in stubs/: caches, objects, channels, schedules.

#include "support.hpp"

#include <infra/cache.hpp>
#include <infra/logging.hpp>
#include <infra/queue/cron.hpp>
#include <infra/realtime.hpp>
#include <infra/storage.hpp>

#include <gtest/gtest.h>

namespace api {
namespace {

// ---------------------------------------------------------------- cache

TEST(ApiCache, StoresWhatPeopleCache) {
    using namespace std::chrono_literals;
    auto cache = infra::cache::create_cache({.url = "memory:"});
    const std::string key = long_text("user:123");
    run([&]() -> awaitable<void> {
        co_await cache.set("user:123", {{"name", "John"}, {"role", "admin"}}, 60s);
        EXPECT_EQ((co_await cache.get("user:123")).value().at("role"), "admin");
        EXPECT_EQ((co_await cache.get<user>("user:123"))->name, "John");

        co_await cache.set(key, user{.name = "Ann"}, 5min);
        co_await cache.set<user>(key + "2", {.name = "Bob", .role = "admin"}, 1.5s);
        co_await cache.set("text", "literal", 60s);
        co_await cache.set("text2", long_text("temporary").c_str());
        co_await cache.set("number", 42, {});
        co_await cache.set("one pair", {{"a", "b"}}, 1h);
        co_await cache.set("tagged", std::vector<user>{{.name = "x"}}, {.ttl = 60s, .tags = {"users", "team:1"}});
        co_await cache.set("tagged2", 1, {.tags = "users"});

        EXPECT_EQ((co_await cache.get<user>(key))->name, "Ann");
        EXPECT_EQ(co_await cache.get<std::string>("text"), "literal");
        EXPECT_EQ(co_await cache.get<std::string>("text2"), long_text("temporary"));
        EXPECT_EQ(co_await cache.get<int>("number"), 42);
        EXPECT_EQ(infra::json::to_text(*co_await cache.get("one pair")), R"({"a":"b"})");
        EXPECT_EQ(cache.try_get<int>("number"), 42);
        EXPECT_EQ(co_await cache.get<int>("absent"), std::nullopt);
        if (auto hit = co_await cache.get<user>(key))
            EXPECT_FALSE(hit->age);

        auto later = cache.set(long_text("k"), long_text("started later"), 1s);
        co_await std::move(later);
        // Lazy operations own their arguments: the temporaries are gone when these run, and each reads its key.
        auto later_get = cache.get<std::string>(long_text("k"));
        EXPECT_EQ(co_await std::move(later_get), long_text("started later"));
        auto later_many = cache.get_many<std::string>({long_text("k"), long_text("absent")});
        EXPECT_EQ((co_await std::move(later_many)).at(0), long_text("started later"));
        auto later_del = cache.del(long_text("k"));
        EXPECT_TRUE(co_await std::move(later_del));
        auto of_temporary = infra::cache::create_cache().get<int>(long_text("k"));
        EXPECT_EQ(co_await std::move(of_temporary), std::nullopt);

        const auto found = co_await cache.get_many<int>({"number", "absent"});
        EXPECT_EQ(found, (std::vector<std::optional<int>>{42, std::nullopt}));
        EXPECT_EQ((co_await cache.get_many({{"number", "absent"}})).size(), 2U);

        co_await cache.invalidate_tag("users");
        EXPECT_FALSE(co_await cache.get("tagged"));
        EXPECT_TRUE(co_await cache.del("number"));
        EXPECT_FALSE(co_await cache.del(std::string("number")));
    });
}

TEST(ApiCache, LoadsWhatIsMissing) {
    using namespace std::chrono_literals;
    auto cache = infra::cache::create_cache();
    int loads = 0;
    const auto who = long_text("who");
    run([&]() -> awaitable<void> {
        auto load = [&, who]() -> awaitable<user> {
            ++loads;
            co_return user{.name = who};
        };
        EXPECT_EQ((co_await cache.get_or_set("u", 5min, load)).name, who);
        EXPECT_EQ((co_await cache.get_or_set("u", 5min, load)).name, who);
        EXPECT_EQ(co_await cache.get_or_set("plain", 1s, [] { return 7; }), 7);
        const auto none =
            co_await cache.get_or_set("none", 1s, []() -> awaitable<std::optional<user>> { co_return std::nullopt; });
        EXPECT_FALSE(none);
        EXPECT_FALSE(co_await cache.get("none"));
        auto later = cache.get_or_set(long_text("k"), 1s, [who]() -> awaitable<std::string> { co_return who; });
        EXPECT_EQ(co_await std::move(later), who);
    });
    EXPECT_EQ(loads, 1);
}

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

// ---------------------------------------------------------------- schedules

// [cron]
infra::awaitable<void> purge_sessions() {
    infra::log::info("purged");
    co_return;
}

void define_schedule() {
    infra::queue::define_cron({.name = "daily-cleanup", .pattern = "0 0 * * *", .handler = purge_sessions});
}
// [/cron]

void nightly(infra::queue::job_context& context) { infra::log::info(context.name()); }

TEST(ApiCron, TakesHandlersOfEveryShape) {
    using namespace infra::queue;
    clear_cron_jobs();
    define_schedule();
    define_cron({.name = "nightly", .pattern = "0 3 * * *", .tz = "Europe/Berlin", .handler = nightly});
    define_cron({.name = "lambda", .pattern = "*/5 * * * *", .handler = [text = long_text("cron")] { (void)text; }});
    define_cron({.name = "coroutine",
                 .pattern = "*/5 * * * *",
                 .handler = [text = long_text("co")]() -> awaitable<void> { co_return (void) text; }});
    EXPECT_EQ(get_cron_jobs().size(), 4U);
    EXPECT_EQ(get_cron_job("nightly")->tz, "Europe/Berlin");
    EXPECT_EQ(get_cron_job("daily-cleanup")->tz, "UTC");
    EXPECT_FALSE(get_cron_job("absent"));
    run([]() -> awaitable<void> {
        job_context context({.name = "on time"});
        for (const auto& [name, cron] : detail::crons())
            co_await cron.handler(context);
    });
    clear_cron_jobs();
    EXPECT_TRUE(get_cron_jobs().empty());
}

} // namespace
} // namespace api
