// Jobs: every shape of handler, every spelling of enqueue, on a queue in a file.

#include "support.hpp"

#include <infra/queue.hpp>
#include <infra/queue/sqlite.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace api {
namespace {

// Plain handlers run on threads.
std::mutex seen_mutex;
std::vector<std::string> seen_so_far; // guarded by seen_mutex

void see(std::string what) {
    const std::lock_guard lock(seen_mutex);
    seen_so_far.push_back(std::move(what));
}
std::vector<std::string> seen() {
    const std::lock_guard lock(seen_mutex);
    return seen_so_far;
}

void plain_handler(payment data) { see("plain " + data.order_id); }
awaitable<void> coroutine_handler(payment data) {
    see("coroutine " + data.order_id);
    co_return;
}
awaitable<void> context_handler(const payment& data, infra::queue::job_context& context) {
    co_await context.log("half");
    see(context.name() + " " + data.order_id);
}
awaitable<std::string> send(payment data) { co_return "sent " + data.order_id; }

class ApiQueue : public testing::Test {
protected:
    ApiQueue() {
        infra::queue::default_registry()->clear();
        infra::queue::set_default_queue(queue_in_a_file(infra::queue::default_registry()));
        const std::lock_guard lock(seen_mutex);
        seen_so_far.clear();
    }
    ~ApiQueue() override {
        infra::wait(infra::queue::default_queue().stop(infra::deadline::after(std::chrono::seconds(30))));
    }

    infra::queue::queue queue_in_a_file(std::shared_ptr<infra::queue::registry> jobs) {
        const auto file = folder_.path() / (std::to_string(++files_) + ".db");
        return infra::queue::queue(
            infra::queue::make_sqlite_backend({.file = file, .durability = infra::queue::durability::normal}), {},
            std::move(jobs));
    }

    /// Runs a worker until nothing is left that may run now.
    static void work() {
        auto worker = infra::queue::create_queue_worker({.concurrency = 10});
        auto ended = boost::asio::co_spawn(infra::default_executor(), worker.run(), boost::asio::use_future);
        infra::wait(until_idle());
        worker.stop();
        infra::wait(worker.stop(std::chrono::seconds(30)));
        ended.get();
    }

    static infra::queue::job_info info_of(const infra::queue::job_id& id) {
        return infra::wait(infra::queue::find_job(id)).value();
    }
    static infra::json::value result_of(const infra::queue::job_id& id) {
        return infra::json::parse(info_of(id).result).value();
    }

private:
    static awaitable<void> until_idle() {
        const auto queues = infra::queue::default_registry()->queues();
        const auto busy = [](const auto& each) { return each.waiting + each.active > 0; };
        while (std::ranges::any_of(co_await infra::queue::counts(queues), busy))
            co_await infra::real_clock().sleep_for(std::chrono::milliseconds(1));
    }

    temporary_folder folder_;
    int files_ = 0;
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
        define_job<payment>({.name = "nothing", .handler = [] { see("nothing"); }}),
        define_job<payment>({.name = "capturing",
                             .handler = [prefix](payment data, job_context& context) -> awaitable<std::string> {
                                 co_await context.log("half");
                                 co_return prefix + data.order_id;
                             }}),
        define_job<payment>(
            {.name = "mutable", .handler = [n = 0](const payment& data) mutable { return ++n + data.cents; }}),
        define_job<payment>({.name = "generic", .handler = [](auto data) -> awaitable<payment> { co_return data; }}),
        define_job<payment>({.name = "function", .handler = std::function<void(payment)>(plain_handler)}),
        define_job<payment>({.name = "sender", .handler = [](payment data) { return send(data); }}),
    };
    std::map<std::string, job_id> ids;
    run([&]() -> awaitable<void> {
        for (const auto& each : jobs)
            ids[each.name()] = co_await enqueue(each, {.order_id = long_text("17"), .cents = 5});
    });
    work();
    for (const auto& [name, id] : ids)
        EXPECT_EQ(info_of(id).state, job_state::completed) << name << ": " << info_of(id).failed_reason;
    EXPECT_EQ(result_of(ids.at("capturing")), infra::json::value(prefix + long_text("17")));
    EXPECT_EQ(result_of(ids.at("mutable")), 6);
    EXPECT_EQ(result_of(ids.at("generic")).at("cents"), 5);
    EXPECT_EQ(result_of(ids.at("sender")), infra::json::value("sent " + long_text("17")));
    EXPECT_EQ(seen().size(), 6U);
}

TEST_F(ApiQueue, TakesEverySpellingOfEnqueue) {
    using namespace infra::queue;
    using namespace std::chrono_literals;
    auto charge =
        define_job<payment>({.name = "charge", .handler = context_handler, .attempts = 5, .backoff = exponential(1s)});
    auto untyped = define_job({.name = "untyped", .handler = [](infra::json::value data) { return data; }});
    auto tick = define_job<no_data>({.name = "tick", .handler = [] { see("tick"); }});
    const std::string name = "charge";
    const payment paid{.order_id = long_text("lvalue"), .cents = 3};
    job_id tomorrow, pair, nested;

    run([&]() -> awaitable<void> {
        tomorrow = co_await enqueue(charge, {.order_id = long_text("1"), .cents = 5}, {.delay = 24h});
        co_await enqueue(charge, {.order_id = long_text("2")});
        co_await enqueue(charge, {long_text("positional"), 5}, {});
        co_await enqueue(charge, paid, {.attempts = 3, .backoff = exponential(1s)});
        co_await enqueue(charge, payment{.order_id = long_text("3"), .cents = 5},
                         {.delay = 0s, .attempts = 3, .backoff = fixed(250ms)});
        co_await enqueue("charge", {{"order_id", long_text("4")}, {"cents", 5}});
        co_await enqueue(name, {{"order_id", "5"}, {"cents", 5}}, {.priority = 1, .lifo = true, .id = "only-once"});
        co_await enqueue(name, {{"order_id", "5"}, {"cents", 5}}, {.id = "only-once"});
        co_await enqueue(std::string_view(name), paid, {.timeout = 1min});
        co_await enqueue("charge", infra::json::value{{"order_id", "6"}, {"cents", 5}});
        co_await enqueue("charge", infra::json::object{{"order_id", "7"}, {"cents", 5}});
        pair = co_await enqueue(untyped, {{"a", "b"}});
        nested = co_await enqueue("untyped", {{"a", {{"b", "c"}, {"d", 1}}}},
                                  {.keep_completed = keep{.count = 10, .age = 1h}, .keep_failed = keep{.age = 24h}});
        co_await enqueue(tick, {}, {.run_at = infra::real_clock().wall() + 24h, .queue = "tomorrow"});
        co_await enqueue(tick, {});
        const auto ids = co_await enqueue_bulk(charge, {{.order_id = "8", .cents = 1}, {"9", 2}});
        EXPECT_EQ(ids.size(), 2U);
        co_await enqueue_bulk(charge, std::vector<payment>(3, paid), {.delay = 24h});

        const std::string id = "an-id-that-is-longer-than-a-string-holds-in-itself";
        auto later = enqueue(charge, {.order_id = long_text("started later")}, {.id = std::string(id)});
        auto later_by_name = enqueue(std::string("no-such-job-whose-name-is-on-the-heap"), {{"k", long_text("v")}});
        EXPECT_EQ(co_await std::move(later), id);
        co_await std::move(later_by_name);
    });
    work();
    EXPECT_EQ(result_of(pair), infra::json::value({{"a", "b"}}));
    EXPECT_EQ(infra::json::to_text(result_of(nested)), R"({"a":{"b":"c","d":1}})");
    EXPECT_EQ(info_of(tomorrow).state, job_state::delayed);
    EXPECT_EQ(seen().size(), 13U);
    std::size_t delayed = 0;
    run([&]() -> awaitable<void> {
        for (const auto& each : co_await counts())
            delayed += each.delayed;
    });
    EXPECT_EQ(delayed, 5U);
}

TEST_F(ApiQueue, TellsWhatBecameOfAJob) {
    using namespace infra::queue;
    auto charge = define_job<payment>({.name = "charge", .handler = [](payment) -> awaitable<void> {
                                           throw unrecoverable("card refused");
                                           co_return;
                                       }});
    const auto id = infra::wait(enqueue(charge, {.order_id = long_text("1"), .cents = 2}, {.attempts = 3}));
    EXPECT_EQ(info_of(id).state, job_state::waiting);
    work();
    EXPECT_EQ(info_of(id).state, job_state::failed);
    EXPECT_EQ(info_of(id).failed_reason, "card refused");
    EXPECT_EQ(to_string(info_of(id).state), "failed");
    run([]() -> awaitable<void> { EXPECT_FALSE(co_await find_job("absent")); });
}

TEST_F(ApiQueue, WorksWithObjectsMadeByHand) {
    auto mail = queue_in_a_file(std::make_shared<infra::queue::registry>());
    auto charge = mail.define_job<payment>({.name = "charge", .handler = plain_handler});
    run([&]() -> awaitable<void> {
        const auto id = co_await mail.enqueue(charge, {.order_id = long_text("1"), .cents = 2}, {.attempts = 3});
        co_await mail.enqueue("charge", {{"order_id", "2"}, {"cents", 5}}, {.queue = "mail"});
        EXPECT_EQ((co_await mail.find_job(id))->queue, "charge");
        EXPECT_EQ((co_await mail.counts({"mail"})).at(0).waiting, 1U);
        infra::queue::worker by_hand(mail, {.concurrency = 1, .queues = {"mail", "charge"}});
        by_hand.stop();
        co_await by_hand.run();
        co_await mail.stop(infra::deadline::after(std::chrono::seconds(30)));
    });
}

TEST_F(ApiQueue, RefusesNonsenseByName) {
    try {
        (void)infra::queue::create_queue_worker({.concurrency = 0});
        FAIL() << "a worker without hands";
    } catch (const std::invalid_argument& refused) {
        EXPECT_STREQ(refused.what(), "queue::worker_options::concurrency must be at least 1");
    }
    EXPECT_THROW(infra::queue::define_job<payment>({}), std::invalid_argument);
    infra::queue::define_job<payment>({.name = "charge"});
    EXPECT_THROW(infra::queue::define_job<payment>({.name = "charge"}), std::invalid_argument);
    EXPECT_THROW(infra::wait(infra::queue::enqueue("charge", {{"order_id", 1}})), infra::error);
}

} // namespace
} // namespace api
