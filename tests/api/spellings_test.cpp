// Every spelling of docs/api.md, over the stubs beside it. What compiles here, warns nowhere and runs clean under ASan
// and UBSan is what the modules must accept.

#include <infra/app.hpp>
#include <infra/cache.hpp>
#include <infra/email.hpp>
#include <infra/health.hpp>
#include <infra/http_server.hpp>
#include <infra/logging.hpp>
#include <infra/monitoring.hpp>
#include <infra/queue.hpp>
#include <infra/realtime.hpp>
#include <infra/storage.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <cmath>

#define main one_page_main
#include "one_page.cpp"
#undef main

namespace shop {
namespace log = infra::logging; // allowed here; at global scope it clashes with ::log of <cmath>
}

namespace {

using infra::awaitable;

/// Runs a coroutine lambda to its end; the closure lives here meanwhile.
template <class F>
auto run(F operation) {
    boost::asio::io_context loop;
    auto result = boost::asio::co_spawn(loop, operation(), boost::asio::use_future);
    loop.run();
    return result.get();
}

std::string long_text(std::string_view tail) {
    return "long enough to live on the heap, not in the string: " + std::string(tail);
}

struct user {
    std::string name{};
    std::string role{};
    std::optional<int> age{};
};
BOOST_DESCRIBE_STRUCT(user, (), (name, role, age))

struct payment {
    std::string order_id{};
    int cents = 0;
};
BOOST_DESCRIBE_STRUCT(payment, (), (order_id, cents))

// ---------------------------------------------------------------- health

infra::health::check_result plain_check() {
    return {.status = infra::health::health_status::degraded, .message = "slow"};
}
awaitable<infra::health::check_result> coroutine_check() { co_return infra::health::healthy(); }

TEST(ApiHealth, TakesEveryShapeOfCheck) {
    using namespace infra::health;
    const std::string name = "as-string";
    const auto reason = long_text("gone");

    register_health_check("memory", memory_health_check);
    register_health_check("strict-memory", memory_health_check.with({.degraded_above = 0.1, .unhealthy_above = 0.9}));
    register_health_check("plain", plain_check);
    register_health_check("pointer", &plain_check, {.critical = false});
    register_health_check(name, coroutine_check,
                          {.timeout = std::chrono::seconds(1), .cache_for = std::chrono::seconds(5)});
    register_health_check("lambda", [] { return healthy(); });
    register_health_check("void", [] {});
    register_health_check("void-coroutine", []() -> awaitable<void> { co_return; }, {});
    register_health_check("capturing", [reason]() -> awaitable<check_result> {
        co_return check_result{.status = health_status::unhealthy, .message = reason};
    });
    register_health_check("throwing", []() -> check_result { throw std::runtime_error("no answer"); },
                          {.critical = false});

    auto report = run([]() -> awaitable<health_report> { co_return co_await run_health_checks(); });
    EXPECT_EQ(report.status, health_status::unhealthy);
    EXPECT_EQ(report.http_status(), 503);
    EXPECT_EQ(report.checks.at("capturing").message, reason);
    EXPECT_EQ(report.checks.at("throwing").message, "no answer");
    EXPECT_EQ(report.checks.at("strict-memory").status, health_status::degraded);
    EXPECT_EQ(report.to_json().at("checks").at("memory").at("status"), "healthy");

    EXPECT_TRUE(remove_health_check("capturing"));
    EXPECT_FALSE(remove_health_check(std::string("capturing")));
    report = run([]() -> awaitable<health_report> { return run_health_checks(); });
    EXPECT_EQ(report.status, health_status::degraded);
    EXPECT_EQ(report.http_status(), 200);
}

// ---------------------------------------------------------------- logging

TEST(ApiLogging, WritesTypedFieldsInOrder) {
    infra::logging::captured().clear();
    infra::log::info("server started", {{"port", 3000}});
    EXPECT_EQ(infra::logging::captured(), "{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\",\"message\":"
                                          "\"server started\",\"port\":3000}\n");
}

TEST(ApiLogging, TwoStringsAreOneField) {
    using namespace infra; // and then the short name wins over ::log, which is no namespace
    infra::logging::captured().clear();
    log::info("short", {});
    shop::log::warn("trap", {{"a", "b"}});
    EXPECT_NE(infra::logging::captured().find("\"a\":\"b\""), std::string::npos);
    shop::log::warn("pair of pairs", {{"a", "b"}, {"c", "d"}});
    EXPECT_NE(infra::logging::captured().find("\"a\":\"b\",\"c\":\"d\""), std::string::npos);
}

TEST(ApiLogging, TakesWhatPeopleLog) {
    namespace log = infra::logging; // allowed in a function too
    log::captured().clear();
    const std::string text = long_text("text");
    const char* missing = nullptr;
    const user ann{.name = "Ann", .role = "admin"};
    log::debug("hidden");
    log::info(text);
    log::info(text + "!", {});
    log::error("all", {{"text", text},
                       {"view", std::string_view(text)},
                       {"temporary", text + "!"},
                       {std::string("key"), 'c'},
                       {"yes", true},
                       {"size", text.size()},
                       {"negative", -1},
                       {"ratio", 0.5},
                       {"none", nullptr},
                       {"missing", missing},
                       {"error", std::runtime_error("boom")},
                       {"code", make_error_code(boost::system::errc::timed_out)},
                       {"user", ann},
                       {"age", ann.age},
                       {"status", infra::health::health_status::degraded},
                       {"nested", infra::json::value{{"k", 1}}},
                       {"list", std::vector<int>{1, 2}}});
    const auto& lines = log::captured();
    EXPECT_EQ(lines.find("hidden"), std::string::npos);
    for (const auto* part :
         {"\"yes\":true", "\"missing\":null", "\"none\":null", "\"key\":\"c\"", "\"error\":\"boom\"", "\"age\":null",
          "\"status\":\"degraded\"", "\"nested\":{\"k\":1}", "\"list\":[1,2]", "\"name\":\"Ann\"", "\"negative\":-1"})
        EXPECT_NE(lines.find(part), std::string::npos) << part << " in " << lines;
}

TEST(ApiLogging, ChildrenOutliveTheirParents) {
    using infra::logging::logger;
    infra::logging::captured().clear();
    auto make = [](std::string id) {
        logger auth({.module = "auth"});
        return auth.child({{"request_id", id}}).child({{"step", 2}});
    };
    const auto log = make(long_text("id"));
    log.info("in", {{"user_id", "123"}});
    const infra::json::object kept{{"ip", "192.168.1.1"}, {"count", 95}};
    logger({.module = "limits", .level = infra::logging::level::warn}).warn("rate limit", kept);
    logger().info("bare");
    EXPECT_NE(infra::logging::captured().find("\"module\":\"auth\",\"message\":\"in\",\"request_id\""),
              std::string::npos);
    EXPECT_NE(infra::logging::captured().find("\"count\":95"), std::string::npos);
}

// A named list would dangle, so it cannot be copied into one.
static_assert(!std::is_copy_constructible_v<infra::field> && !std::is_move_constructible_v<infra::field>);

// ---------------------------------------------------------------- queue

std::vector<std::string>& seen() {
    static std::vector<std::string> all;
    return all;
}
void plain_handler(payment data) { seen().push_back("plain " + data.order_id); }
awaitable<void> coroutine_handler(payment data) {
    seen().push_back("coroutine " + data.order_id);
    co_return;
}
awaitable<void> context_handler(const payment& data, infra::queue::job_context& context) {
    co_await context.progress(0.5);
    seen().push_back(context.name() + " " + data.order_id);
}
void nightly(infra::queue::job_context& context) { seen().push_back(context.name()); }
awaitable<void> every_five() {
    seen().push_back("five");
    co_return;
}

class ApiQueue : public testing::Test {
protected:
    ApiQueue() {
        seen().clear();
        infra::queue::detail::state() = {};
        infra::queue::clear_cron_jobs();
    }
    static void work() {
        run([]() -> awaitable<void> {
            auto worker = infra::queue::create_queue_worker({.concurrency = 10});
            co_await worker.run();
            worker.stop();
            co_await worker.stop(std::chrono::seconds(30));
        });
    }
    static const infra::json::value& result_of(const infra::queue::job_id& id) {
        return infra::queue::detail::state().results.at(id);
    }
};

TEST_F(ApiQueue, TakesEveryShapeOfHandler) {
    using namespace infra::queue;
    const auto prefix = long_text("captured ");
    const std::vector<job<payment>> jobs{
        define_job<payment>({.name = "plain", .handler = plain_handler}),
        define_job<payment>({.name = "pointer", .handler = &plain_handler}),
        define_job<payment>({.name = "coroutine", .handler = coroutine_handler}),
        define_job<payment>({.name = "context", .handler = context_handler}),
        define_job<payment>({.name = "lambda", .handler = [](payment) {}}),
        define_job<payment>({.name = "nothing", .handler = [] { seen().push_back("nothing"); }}),
        define_job<payment>({.name = "capturing",
                             .handler = [prefix](payment data, job_context& context) -> awaitable<std::string> {
                                 co_await context.log("half");
                                 co_return prefix + data.order_id;
                             }}),
        define_job<payment>(
            {.name = "mutable", .handler = [n = 0](const payment& data) mutable { return ++n + data.cents; }}),
        define_job<payment>({.name = "generic", .handler = [](auto data) -> awaitable<payment> { co_return data; }}),
        define_job<payment>({.name = "function", .handler = std::function<void(payment)>(plain_handler)}),
        define_job<payment>({.name = "sender",
                             .handler =
                                 [](payment data) {
                                     return infra::email::send_email(
                                         {.to = "a@example.org", .subject = data.order_id, .body = "paid"});
                                 }}),
    };
    std::map<std::string, job_id> ids;
    run([&]() -> awaitable<void> {
        for (const auto& each : jobs)
            ids[each.name()] = co_await enqueue(each, {.order_id = long_text("17"), .cents = 5});
    });
    work();
    EXPECT_TRUE(detail::state().failures.empty());
    EXPECT_EQ(infra::json::from_value<std::string>(result_of(ids.at("capturing"))), prefix + long_text("17"));
    EXPECT_EQ(result_of(ids.at("mutable")), 6);
    EXPECT_EQ(result_of(ids.at("generic")).at("cents"), 5);
    EXPECT_EQ(seen().size(), 6U);
}

TEST_F(ApiQueue, TakesEverySpellingOfEnqueue) {
    using namespace infra::queue;
    using namespace std::chrono_literals;
    auto charge =
        define_job<payment>({.name = "charge", .handler = context_handler, .attempts = 5, .backoff = exponential(1s)});
    auto untyped = define_job({.name = "untyped", .handler = [](infra::json::value data) { return data; }});
    auto tick = define_job<no_data>({.name = "tick", .handler = [] {}});
    const std::string name = "charge";
    const payment paid{.order_id = long_text("lvalue"), .cents = 3};

    run([&]() -> awaitable<void> {
        co_await enqueue(charge, {.order_id = long_text("1"), .cents = 5}, {.delay = 24h});
        co_await enqueue(charge, {.order_id = long_text("2")});
        co_await enqueue(charge, {long_text("positional"), 5}, {});
        co_await enqueue(charge, paid, {.attempts = 3, .backoff = exponential(1s)});
        co_await enqueue(charge, payment{.order_id = long_text("3"), .cents = 5},
                         {.delay = 5s, .attempts = 3, .backoff = fixed(250ms)});
        co_await enqueue("charge", {{"order_id", long_text("4")}, {"cents", 5}});
        co_await enqueue(name, {{"order_id", "5"}, {"cents", 5}}, {.priority = 1, .lifo = true, .id = "only-once"});
        co_await enqueue(std::string_view(name), paid,
                         {.deduplication = deduplication{.id = "d", .ttl = 5s}, .timeout = 1min});
        co_await enqueue("charge", infra::json::value{{"order_id", "6"}, {"cents", 5}});
        co_await enqueue("charge", infra::json::object{{"order_id", "7"}, {"cents", 5}});
        const auto pair = co_await enqueue(untyped, {{"a", "b"}});
        const auto nested = co_await enqueue("untyped", {{"a", {{"b", "c"}, {"d", 1}}}},
                                             {.keep_completed = keep{.count = 10, .age = 1h}});
        co_await enqueue(tick, {});
        const auto ids = co_await enqueue_bulk(charge, {{.order_id = "8", .cents = 1}, {"9", 2}});
        EXPECT_EQ(ids.size(), 2U);
        co_await enqueue_bulk(charge, std::vector<payment>(3, paid), {.delay = 1s});

        auto later = enqueue(charge, {.order_id = long_text("started later")}, {.id = long_text("id")});
        auto later_by_name = enqueue(long_text("no such job"), {{"k", long_text("v")}});
        EXPECT_EQ(co_await std::move(later), long_text("id"));
        co_await std::move(later_by_name);

        auto worker = create_queue_worker();
        co_await worker.run();
        EXPECT_EQ(result_of(pair), infra::json::value({{"a", "b"}}));
        EXPECT_EQ(boost::json::serialize(result_of(nested)), R"({"a":{"b":"c","d":1}})");
    });
    EXPECT_EQ(detail::state().failures.size(), 1U);
    EXPECT_EQ(seen().size(), 16U);
}

TEST_F(ApiQueue, TellsWhatBecameOfAJob) {
    using namespace infra::queue;
    auto charge = define_job<payment>({.name = "charge", .handler = [](payment) -> awaitable<void> {
                                           throw unrecoverable("card refused");
                                           co_return;
                                       }});
    run([&]() -> awaitable<void> {
        infra::queue::queue mail({.name = "mail", .executor = co_await boost::asio::this_coro::executor});
        const auto id = co_await mail.enqueue(charge, {.order_id = long_text("1"), .cents = 2}, {.attempts = 3});
        co_await mail.enqueue("charge", {{"order_id", "2"}, {"cents", 5}});
        EXPECT_EQ((co_await get_job(id))->state, job_state::waiting);
        infra::queue::worker by_hand({.concurrency = 1, .queues = {"mail", "default"}});
        co_await by_hand.run();
        if (auto found = co_await mail.get_job(id))
            EXPECT_EQ(found->error, "card refused");
        EXPECT_FALSE(co_await get_job("absent"));
        const auto shown = infra::http::response::ok((co_await get_job(id)).value());
        EXPECT_NE(shown.body.find(R"("state":"failed")"), std::string::npos);
    });
}

TEST_F(ApiQueue, KeepsAHandlerAliveThatIsReplacedWhileItRuns) {
    using namespace infra::queue;
    const auto text = long_text("captured");
    define_job<payment>({.name = "charge", .handler = [text](payment) -> awaitable<std::string> {
                             define_job<payment>({.name = "charge", .handler = plain_handler});
                             co_await boost::asio::post(boost::asio::use_awaitable);
                             co_return text;
                         }});
    run([&]() -> awaitable<void> {
        const auto id = co_await enqueue("charge", {{"order_id", "1"}, {"cents", 5}});
        auto worker = create_queue_worker();
        co_await worker.run();
        EXPECT_EQ(infra::json::from_value<std::string>(result_of(id)), text);
    });
}

TEST_F(ApiQueue, RunsCronOfEveryShape) {
    using namespace infra::queue;
    define_cron({.name = "daily-cleanup", .pattern = "0 0 * * *", .handler = every_five});
    define_cron({.name = "nightly", .pattern = "0 3 * * *", .tz = "Europe/Berlin", .handler = nightly});
    define_cron({.name = "lambda", .pattern = "*/5 * * * *", .handler = [text = long_text("cron")] {
                     seen().push_back(text);
                 }});
    define_cron(
        {.name = "coroutine", .pattern = "*/5 * * * *", .handler = [text = long_text("co")]() -> awaitable<void> {
             seen().push_back(text);
             co_return;
         }});
    work();
    EXPECT_EQ(seen().size(), 4U);
    EXPECT_EQ(get_cron_jobs().size(), 4U);
    EXPECT_EQ(get_cron_job("nightly")->tz, "Europe/Berlin");
    EXPECT_EQ(get_cron_job("daily-cleanup")->tz, "UTC");
    EXPECT_FALSE(get_cron_job("absent"));
    clear_cron_jobs();
    EXPECT_TRUE(get_cron_jobs().empty());
}

TEST_F(ApiQueue, RefusesNonsenseByName) {
    EXPECT_THROW((void)infra::queue::create_queue_worker({.concurrency = 0}), std::invalid_argument);
    EXPECT_THROW(infra::queue::define_job<payment>({}), std::invalid_argument);
}

// ---------------------------------------------------------------- email

TEST(ApiEmail, TakesEverySpellingOfRecipients) {
    using namespace infra::email;
    sent().clear();
    const std::string to = long_text("<ann@example.org>");
    const std::vector<std::string> many{"a@example.org", "b@example.org", "c@example.org"};
    run([&]() -> awaitable<void> {
        co_await send_email({.to = "a@example.org", .subject = "Hi", .body = "**Hi**"});
        co_await send_email({.to = to, .subject = "Hi", .body = "Hi"});
        co_await send_email({.to = std::string_view(to), .subject = "Hi", .body = "Hi"});
        co_await send_email({.to = {"a@example.org", "b@example.org"}, .subject = "Hi", .body = "Hi"});
        co_await send_email({.to = {{"a@example.org", "b@example.org"}}, .subject = "Hi", .body = "Hi"});
        co_await send_email(
            {.to = {to, "b@example.org", address::named("Cy", "c@example.org")}, .subject = "Hi", .body = "Hi"});
        co_await send_email({.to = many, .cc = {"d@example.org"}, .subject = "Hi", .body = "Hi"});
        co_await send_email({.from = "Shop <shop@example.org>",
                             .to = address::named("Ann", "a@example.org"),
                             .subject = "Hi",
                             .body = "Hi",
                             .attachments = {{.filename = "a.txt", .content = long_text("a")}},
                             .headers = {{"X-Shop", "1"}},
                             .tags = {{"kind", "welcome"}}});
        const message_id id =
            co_await send_email({.to = to, .template_name = "welcome", .data = {{"name", "Ann"}, {"n", 1}}});
        EXPECT_FALSE(id.empty());
        auto later =
            send_email({.to = {long_text("x"), long_text("y")}, .subject = long_text("s"), .body = long_text("b")});
        co_await std::move(later);
    });
    std::vector<std::size_t> sizes;
    for (const auto& mail : sent())
        sizes.push_back(mail.to.size());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 1, 1, 2, 2, 3, 3, 1, 1, 2}));
}

TEST(ApiEmail, RendersOnceAndSendsAsRendered) {
    using namespace infra::email;
    sent().clear();
    run([]() -> awaitable<void> {
        auto t = co_await load_template("welcome");
        auto r = render_template(t, {{"name", "John"}});
        EXPECT_EQ(r.text, "Hi John,");
        co_await send_email({.to = "john@example.org", .content = r});
        co_await send_email({.to = "john@example.org",
                             .content = render_template(
                                 co_await load_template("welcome", {.locale = "de"}),
                                 {{"name", "John"}, {"app_name", long_text("app")}, {"login_url", "https://x"}})});
        auto described = render_template(t, user{.name = "Ann"});
        EXPECT_EQ(described.text, "Hi Ann,");
    });
    EXPECT_EQ(sent().at(1).content->subject, "Welcome to " + long_text("app") + "!");
}

TEST(ApiEmail, SendsWithAMailerMadeByHand) {
    infra::email::mailer mailer({.url = "outbox:", .from = "Shop <shop@example.org>"});
    infra::email::sent().clear();
    run([&]() -> awaitable<void> { co_await mailer.send({.to = "a@example.org", .subject = "Hi", .body = "Hi"}); });
    EXPECT_EQ(infra::email::sent().at(0).from->text(), "Shop <shop@example.org>");
}

// One address is one string: two strings never become a name and an address by accident.
static_assert(!std::is_constructible_v<infra::email::address, const char*, const char*>);

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
        EXPECT_EQ(boost::json::serialize(*co_await cache.get("one pair")), R"({"a":"b"})");
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

// ---------------------------------------------------------------- monitoring

double value_of(std::string_view name) {
    for (const auto& each : infra::monitoring::get_all_metrics())
        if (each.name == name)
            return each.value;
    return NAN;
}

TEST(ApiMonitoring, CountsInEverySpelling) {
    using namespace infra::monitoring;
    detail::series().clear();
    const std::vector<int> pending(7);
    const std::string path = "/api/users";
    const label_map kept{{"template", "welcome"}};

    increment("plain");
    increment("empty", {});
    increment("by", 5);
    increment("labelled", {{"method", "GET"}});
    increment("labelled_by", 5, {{"method", "GET"}, {"path", path}});
    increment("by_double", 0.5, {});
    increment(std::string("kept"), kept);
    increment("mixed", {{"status", 200}, {"ok", true}, {"path", path + "/1"}, {"view", std::string_view(path)}});
    gauge("active", 42);
    gauge("depth", pending.size());
    gauge("float", 1.5F, {{"a", "b"}});
    observe("duration_ms", 150, {{"path", path}});
    observe("seconds", 0.25);

    for (const auto* name : {"plain", "empty", "labelled", "kept", "mixed"})
        EXPECT_EQ(value_of(name), 1) << name;
    EXPECT_EQ(value_of("by"), 5);
    EXPECT_EQ(value_of("labelled_by"), 5);
    EXPECT_EQ(value_of("depth"), 7);
    for (const auto& each : get_all_metrics()) {
        if (each.name == "mixed")
            EXPECT_EQ(each.labels,
                      (label_map{{"ok", "true"}, {"path", "/api/users/1"}, {"status", "200"}, {"view", path}}));
        if (each.name == "labelled")
            EXPECT_EQ(each.labels, (label_map{{"method", "GET"}}));
    }

    const auto requests = bind_counter("bound", {{"method", "GET"}});
    requests.increment();
    requests.increment(2);
    bind_gauge("bound_gauge").set(pending.size());
    bind_histogram("bound_histogram", {}, {.buckets = {0.1, 1}}).observe(0.5);
    EXPECT_EQ(value_of("bound"), 3);
    EXPECT_NE(expose("application/openmetrics-text").content_type.find("openmetrics"), std::string::npos);
    EXPECT_NE(expose().body.find("plain 1"), std::string::npos);
}

static_assert(!std::is_constructible_v<infra::monitoring::label, const char*, int*>);
static_assert(!std::is_constructible_v<infra::monitoring::label, const char*, double>);

TEST(ApiMonitoring, NestsSpans) {
    using namespace infra::monitoring;
    auto outer = start_span("processOrder");
    EXPECT_TRUE(set_span_attributes(outer.span_id, {{"order_id", 17}, {"user_id", long_text("u")}}));
    {
        infra::monitoring::span inner("charge", {.kind = span_kind::client, .attributes = {{"provider", "x"}}});
        inner.set({{"a", "b"}});
        inner.fail(std::runtime_error("declined"));
        const auto active = get_active_span();
        EXPECT_EQ(active->span_id, inner.id());
        EXPECT_EQ(active->trace_id, outer.trace_id);
        EXPECT_EQ(active->parent_span_id, outer.span_id);
        EXPECT_EQ(active->attributes.at("error"), "declined");
    }
    EXPECT_EQ(get_active_span()->name, "processOrder");
    EXPECT_TRUE(end_span(outer.span_id));
    EXPECT_FALSE(end_span(outer.span_id));
    EXPECT_FALSE(get_active_span());
}

// ---------------------------------------------------------------- http, app

infra::http::response hello() { return infra::http::response::text(200, "hello"); }

TEST(ApiHttp, TakesEveryShapeOfHandler) {
    using infra::http::request;
    using infra::http::response;
    infra::http::router routes;
    const auto captured = long_text("captured");
    routes.get("/plain", hello)
        .get("/lambda", [](const request&) { return response::ok({{"a", "b"}}); })
        .get("/coroutine", [captured](request) -> awaitable<response> { co_return response::text(200, captured); })
        .post("/users", [](const request& req) { return response::created(req.json<user>()); })
        .del("/users", [] { return response::no_content(); });
    run([&]() -> awaitable<void> {
        EXPECT_EQ((co_await routes.handle({.method = "GET", .path = "/plain"})).body, "hello");
        EXPECT_EQ((co_await routes.handle({.method = "GET", .path = "/lambda"})).body, R"({"a":"b"})");
        EXPECT_EQ((co_await routes.handle({.method = "GET", .path = "/coroutine"})).body, captured);
        const auto refused = co_await routes.handle({.method = "POST", .path = "/users", .body = R"({"name":"x"})"});
        EXPECT_EQ(refused.status, 422);
        EXPECT_EQ(refused.body, "/role: is missing");
        EXPECT_EQ((co_await routes.handle({.method = "POST", .path = "/users", .body = "{"})).status, 400);
        EXPECT_EQ((co_await routes.handle({.method = "DELETE", .path = "/users"})).status, 204);
        EXPECT_EQ((co_await routes.handle({.method = "GET", .path = "/absent"})).status, 404);
    });
}

TEST(ApiApp, RunsOnePageOfAService) {
    infra::queue::clear_cron_jobs();
    infra::queue::detail::state() = {};
    infra::email::sent().clear();
    infra::logging::captured().clear();
    infra::app::application::served = [](infra::app::application& app) {
        return run([&app]() -> awaitable<int> {
            const auto reply = co_await app.http().handle(
                {.method = "POST", .path = "/signup", .body = R"({"id":"1","name":"Ann","email":"ann@example.org"})"});
            EXPECT_EQ(reply.status, 201);
            auto worker = infra::queue::create_queue_worker();
            co_await worker.run();
            co_return 0;
        });
    };
    EXPECT_EQ(one_page_main(), 0);
    EXPECT_EQ(infra::email::sent().at(0).to[0].text(), "ann@example.org");
    EXPECT_NE(infra::logging::captured().find("\"user_id\":\"1\""), std::string::npos);
}

} // namespace
