#include <infra/testing/background_conformance.hpp>

#include <infra/http_server.hpp>
#include <infra/queue.hpp>
#include <infra/testing/memory_backend.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <memory>

namespace infra::testing {
namespace {

using asio::ip::tcp;

awaitable<void> for_ever() {
    asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
    co_await timer.async_wait(asio::use_awaitable);
}

// The suite bounds the time.
awaitable<void> until(std::function<bool()> condition) {
    asio::steady_timer turn(co_await asio::this_coro::executor);
    while (!condition()) {
        turn.expires_after(std::chrono::milliseconds(1));
        co_await turn.async_wait(asio::use_awaitable);
    }
}

// --- http::server, busy with a request whose handler never answers ------------------------------------------------------

struct server_surroundings {
    bool handler_entered = false;
    std::unique_ptr<tcp::socket> client;
};

awaitable<void> ask_for_ever(const http::server* server, std::shared_ptr<server_surroundings> with) {
    const auto ex = co_await asio::this_coro::executor;
    co_await until([server] { return server->port() != 0; });
    with->client = std::make_unique<tcp::socket>(ex);
    co_await with->client->async_connect({asio::ip::address_v4::loopback(), server->port()}, asio::use_awaitable);
    const std::string request = "GET /for-ever HTTP/1.1\r\nHost: x\r\n\r\n";
    co_await asio::async_write(*with->client, asio::buffer(request), asio::use_awaitable);
    co_await until([with] { return with->handler_entered; });
}

background_subject make_server(executor ex) {
    const auto with = std::make_shared<server_surroundings>();
    http::router routes;
    routes.get("/for-ever", [with]() -> awaitable<http::response> {
        with->handler_entered = true;
        co_await for_ever();
        co_return http::response();
    });
    const auto server = std::make_shared<http::server>(std::vector{ex}, routes, http::server_options{.port = 0});
    auto* const s = server.get();
    return {.object = server,
            .run = [s] { return s->run(); },
            .stop = [s](deadline limit) { return s->stop(limit); },
            .make_busy = [s, with] { return ask_for_ever(s, with); },
            .surroundings = with};
}

// --- queue::worker, busy with a job that never ends ---------------------------------------------------------------------

struct worker_surroundings {
    bool job_entered = false;
};

awaitable<void> hold_a_job(queue::queue jobs, std::shared_ptr<worker_surroundings> with) {
    co_await jobs.enqueue("for-ever", json::object{});
    co_await until([with] { return with->job_entered; });
}

background_subject make_worker(executor ex) {
    const auto with = std::make_shared<worker_surroundings>();
    const queue::queue jobs(std::make_shared<memory_backend>());
    jobs.define_job({.name = "for-ever", .handler = [with](json::value) -> awaitable<void> {
                         with->job_entered = true;
                         co_await for_ever();
                     }});
    const auto worker = std::make_shared<queue::worker>(jobs, queue::worker_options{.renewals = ex});
    auto* const w = worker.get();
    return {.object = worker,
            .run = [w] { return w->run(); },
            .stop = [w](deadline limit) { return w->stop(limit); },
            .make_busy = [jobs, with] { return hold_a_job(jobs, with); },
            .surroundings = with};
}

INSTANTIATE_TEST_SUITE_P(Every, BackgroundConformance,
                         ::testing::Values(background_case{.name = "HttpServer", .make = make_server},
                                           background_case{.name = "QueueWorker", .make = make_worker}),
                         background_name);

} // namespace
} // namespace infra::testing
