/// Another's HTTP server, cpp-httplib, with our modules inside: no coroutine in a handler, `infra::wait` instead.
///
///     POST /orders {"sku","count"}    202 with the job's id, once it is on disk
///     GET  /orders/{id}               what became of it
///     GET  /health  /metrics          the same as every service's
///
/// A handler may block, since cpp-httplib has threads of its own for them. Jobs run on the loops of the default runtime.

#include <infra/health.hpp>
#include <infra/logging.hpp>
#include <infra/monitoring.hpp>
#include <infra/queue.hpp>
#include <infra/runtime.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <httplib.h>

#include <csignal>
#include <thread>

namespace {

using namespace std::chrono_literals;
using infra::wait;
namespace health = infra::health;
namespace json = infra::json;
namespace log = infra::logging;
namespace queue = infra::queue;

struct order {
    std::string sku;
    int count;
};
BOOST_DESCRIBE_STRUCT(order, (), (sku, count))

constexpr auto as_json = "application/json";

void say(httplib::Response& res, int status, const json::value& document) {
    res.status = status;
    res.set_content(json::to_text(document), as_json);
}

// [routes]
void take_order(const queue::job<order>& ship, const httplib::Request& req, httplib::Response& res) {
    const auto wanted = json::parse<order>(req.body);
    if (!wanted)
        return say(res, 422, {{"error", json::to_string(wanted.error())}});
    const auto id = wait(queue::enqueue(ship, *wanted));
    say(res, 202, {{"id", id}, {"status_url", "/orders/" + id}});
}

void show_order(const httplib::Request& req, httplib::Response& res) {
    const auto job = wait(queue::find_job(req.matches[1]));
    if (!job)
        return say(res, 404, {{"error", "there is no such order"}});
    say(res, 200, {{"id", job->id}, {"state", queue::to_string(job->state)}});
}
// [/routes]

void show_health(const httplib::Request&, httplib::Response& res) {
    const auto answer = health::to_http(wait(health::run_health_checks()));
    res.status = answer.status;
    res.set_content(answer.body, answer.content_type);
}

void show_metrics(const httplib::Request& req, httplib::Response& res) {
    const auto exposed = infra::monitoring::expose(req.get_header_value("Accept"));
    res.set_content(exposed.body, exposed.content_type);
}

// What a handler throws goes to the log, and nothing of it to the client.
void tell_of(std::exception_ptr thrown, httplib::Response& res) {
    log::error("a handler failed", {{"error", infra::describe(thrown)}});
    say(res, 500, {{"error", "something went wrong here"}});
}

} // namespace

int main() {
    sigset_t ends; // before the first thread, so that all of them leave these two to us
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);

    log::install();
    infra::monitoring::install();
    health::register_health_check("queue", [] { wait(queue::counts()); });
    const auto ship = queue::define_job<order>(
        {.name = "ship", .handler = [](order o) { log::info("shipped", {{"sku", o.sku}, {"count", o.count}}); }});
    // [life]
    auto worker = queue::create_queue_worker({.concurrency = 4});
    auto working = boost::asio::co_spawn(infra::default_executor(), worker.run(), boost::asio::use_future);

    httplib::Server server;
    server.Post("/orders", [&ship](const auto& req, auto& res) { take_order(ship, req, res); });
    server.Get(R"(/orders/([\w-]+))", show_order);
    server.Get("/health", show_health);
    server.Get("/metrics", show_metrics);
    server.set_exception_handler([](const auto&, auto& res, std::exception_ptr thrown) { tell_of(thrown, res); });
    server.set_payload_max_length(64 * 1024);
    const auto wanted = static_cast<int>(infra::environment::of_process().integer("PORT", 3000, 0, 65'535));
    const int port =
        wanted != 0 && server.bind_to_port("127.0.0.1", wanted) ? wanted : server.bind_to_any_port("127.0.0.1");
    log::info("listening", {{"url", "http://127.0.0.1:" + std::to_string(port)}});

    std::thread serving([&server] { server.listen_after_bind(); });
    int number = 0;
    sigwait(&ends, &number);
    server.stop();
    serving.join();
    wait(worker.stop(infra::deadline::after(10s)));
    working.get();
    wait(queue::default_queue().stop(infra::deadline::after(5s)));
    // [/life]
    log::info("stopped");
}
