// The examples of the TypeScript package, call by call, as docs/from-typescript.md shows them; and that they do what it says.

#include "support.hpp"

#include <infra/app.hpp>
#include <infra/testing/captured_mail.hpp>
#include <infra/testing/inline_queue.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace api::from_typescript {

using namespace std::chrono_literals;

struct customer {
    std::string name;
    std::string role;
};
BOOST_DESCRIBE_STRUCT(customer, (), (name, role))

struct database {
    void ping() const {}
    awaitable<std::optional<customer>> find(std::string id) const {
        co_return id == "123" ? std::optional(customer{"John", "admin"}) : std::nullopt;
    }
} db;

// [health]
void register_checks() {
    using namespace infra::health;
    register_health_check("memory", memory_health_check);
    register_health_check("database", [] { db.ping(); }); // what it throws is the message
}

awaitable<infra::http::response> show_health(infra::http::request) { // an app has this route already
    const auto answer = infra::health::to_http(co_await infra::health::run_health_checks());
    co_return infra::http::response::of(answer.status, answer.content_type, answer.body);
}
// [/health]

// [logging]
void say() {
    infra::log::info("Server started", {{"port", 3000}});
    infra::log::warn("Rate limit approaching", {{"ip", "192.168.1.1"}, {"count", 95}});

    static const infra::logging::logger auth({.module = "auth"});
    auth.info("User logged in", {{"userId", "123"}});
}
// [/logging]

// [queue]
struct welcome {
    std::string userId;
    std::string email;
};
BOOST_DESCRIBE_STRUCT(welcome, (), (userId, email))

struct jobs {
    infra::queue::job<welcome> send_welcome_email = infra::queue::define_job<welcome>({
        .name = "send-welcome-email",
        .handler = [](welcome data) -> infra::awaitable<void> {
            co_await infra::email::send_email(
                {.to = data.email, .subject = "Welcome!", .body = "Thanks for signing up."});
        },
    });
};

infra::awaitable<void> sign_up(jobs defined, std::string id, std::string email) {
    co_await infra::queue::enqueue(defined.send_welcome_email, {.userId = id, .email = email});
    co_await infra::queue::enqueue("send-reminder", {{"userId", id}}, {.delay = 24h});
    co_await infra::queue::enqueue("process-payment", {{"orderId", "17"}},
                                   {.attempts = 3, .backoff = infra::queue::exponential(1s)});
}
// [/queue]

// [worker]
infra::awaitable<void> work() {
    auto worker = infra::queue::create_queue_worker();
    co_await worker.run(); // an app runs one by itself
}
// [/worker]

// [cron]
infra::awaitable<void> cleanup_expired_sessions() { co_return; }

void define_schedules() {
    infra::queue::define_cron({
        .name = "daily-cleanup",
        .pattern = "0 0 * * *",
        .handler = cleanup_expired_sessions,
    });
}

infra::awaitable<std::size_t> look_at_schedules() {
    const auto all = co_await infra::queue::get_cron_jobs();
    const auto one = co_await infra::queue::get_cron_job("daily-cleanup"); // optional
    infra::queue::clear_cron_jobs();
    co_return all.size() + (one ? 1 : 0);
}
// [/cron]

// [email]
infra::awaitable<void> send_mails() {
    using namespace infra::email;
    co_await send_email({
        .to = "user@example.com",
        .subject = "Password Reset",
        .body = "Click the link below to reset your password:\n\nhttps://myapp.com/reset?token=abc123",
    });

    const auto t = co_await load_template("welcome"); // emails/welcome.md, the same file
    const auto rendered =
        render_template(t, {{"name", "John"}, {"appName", "My App"}, {"loginUrl", "https://myapp.com/login"}});
    co_await send_email({.to = "john@example.com", .content = rendered});
}
// [/email]

// [cache]
infra::awaitable<void> use_cache() {
    auto cache = infra::cache::create_cache(); // CACHE_URL, REDIS_URL, otherwise memory
    co_await cache.set("user:123", customer{"John", "admin"}, 60s);
    const auto user = co_await cache.get<customer>("user:123"); // optional
    co_await cache.del("user:123");
}

infra::awaitable<std::optional<customer>> get_user_cached(infra::cache::cache cache, std::string id) {
    co_return co_await cache.get_or_set("user:" + id, 5min, [id] { return db.find(id); }); // one load at a time
}
// [/cache]

// [storage]
infra::awaitable<std::string> use_storage(std::string file_buffer) {
    auto storage = infra::storage::create_storage(); // STORAGE_URL, S3_BUCKET and the others, otherwise files
    co_await storage.put("avatars/user-123.jpg", file_buffer, {.content_type = "image/jpeg"});
    const auto file = co_await storage.get("avatars/user-123.jpg"); // file.bytes, file.info
    const auto url = co_await storage.signed_url("avatars/user-123.jpg", 1h);
    co_await storage.remove("avatars/user-123.jpg");
    co_return url;
}
// [/storage]

// [realtime]
void serve_channels(std::string client_id, std::string another_client_id,
                    std::shared_ptr<infra::realtime::connection> ws) {
    using namespace infra::realtime;
    register_client(client_id, ws);
    on_message([](std::string client, infra::realtime::message m) {
        if (m.type == "subscribe")
            subscribe(m.channel, client);
    });
    send_to_client(client_id, {.type = "notification", .data = {{"text", "Hello!"}}});
    broadcast({.type = "announcement", .data = {{"text", "Server update"}}});

    subscribe("room:general", client_id);
    subscribe("room:general", another_client_id);
    const auto subscribers = get_subscribers("room:general");
    const auto channels = get_channels();
    unsubscribe("room:general", client_id);
    remove_client(client_id);
}
// [/realtime]

// [monitoring]
infra::awaitable<void> process_order(std::string order_id) {
    using namespace infra::monitoring;
    increment("http_requests_total", {{"method", "GET"}, {"path", "/api/users"}});
    gauge("active_connections", 42);
    observe("http_request_duration_ms", 150, {{"path", "/api/users"}});

    span order("processOrder"); // ends itself, also when something is thrown
    order.set({{"orderId", order_id}});
    co_return;
}
// [/monitoring]

// [spans]
void as_before(std::string order_id) {
    using namespace infra::monitoring;
    const auto span = start_span("processOrder");
    set_span_attributes(span.span_id, {{"orderId", order_id}});
    end_span(span.span_id);
    const auto active = get_active_span();
    const auto metrics = get_all_metrics();
}
// [/spans]

class FromTypescript : public testing::Test {
protected:
    FromTypescript() {
        infra::queue::default_registry()->clear();
        infra::queue::set_default_queue(work_.jobs());
        std::ofstream(folder_.path() / "welcome.md")
            << "---\nsubject: Welcome to {{appName}}!\n---\n\nHi {{name}},\n\n[Sign in]({{loginUrl}})\n";
        infra::email::set_default_mailer(infra::email::mailer(
            {.transport = mail_, .from = "shop@example.org", .templates = folder_.path().string()}));
    }

    infra::testing::inline_queue work_;
    const std::shared_ptr<infra::testing::captured_mail> mail_ = std::make_shared<infra::testing::captured_mail>();
    temporary_folder folder_;
};

TEST_F(FromTypescript, QueuesAndSendsAsTheExamplesDo) {
    infra::wait(sign_up(jobs(), "17", "john@example.com"));
    EXPECT_TRUE(work_.was_enqueued("send-reminder", {{"userId", "17"}}, {.delay = 24h}));
    EXPECT_TRUE(work_.run_due().all_completed());
    EXPECT_TRUE(mail_->was_sent({.to = "john@example.com", .subject = "Welcome!"}));
    define_schedules();
    EXPECT_EQ(infra::wait(look_at_schedules()), 2u);
}

TEST_F(FromTypescript, RendersTheSameTemplates) {
    infra::wait(send_mails());
    const auto sent = mail_->one_to("john@example.com");
    EXPECT_EQ(sent.subject, "Welcome to My App!");
    EXPECT_NE(sent.html.find("https://myapp.com/login"), std::string::npos);
}

TEST_F(FromTypescript, CachesAsideInOneCall) {
    infra::wait(use_cache());
    const infra::cache::cache cache(infra::cache::make_memory_store());
    EXPECT_EQ(infra::wait(get_user_cached(cache, "123"))->name, "John");
    EXPECT_FALSE(infra::wait(get_user_cached(cache, "124")));
}

TEST_F(FromTypescript, TellsHealthAndNumbers) {
    register_checks();
    EXPECT_EQ(infra::wait(show_health({})).status, 200);
    EXPECT_TRUE(infra::health::remove_health_check("database"));
    EXPECT_TRUE(infra::health::remove_health_check("memory"));
    infra::wait(process_order("17"));
    as_before("17");
    const auto all = infra::monitoring::get_all_metrics();
    EXPECT_TRUE(std::ranges::any_of(all, [](const auto& each) { return each.name == "active_connections"; }));
    say();
}

} // namespace api::from_typescript
