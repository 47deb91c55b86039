#include <infra/testing/background_conformance.hpp>

#include <infra/http_server.hpp>
#include <infra/queue.hpp>
#include <infra/runtime/blocking_pool.hpp>
#include <infra/testing/memory_backend.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <future>
#include <memory>
#include <optional>
#include <utility>

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

// --- blocking_pool, busy with a function that waits for its end ---------------------------------------------------------

// Opened when the pool is asked to end: it waits for functions that run.
struct held_thread {
    std::promise<void> entered, ended;

    void hold() {
        entered.set_value();
        ended.get_future().wait();
    }
    void let_go() {
        if (!std::exchange(gone, true))
            ended.set_value();
    }

private:
    bool gone = false;
};

// Does not keep the pool alive while the call is under way.
std::optional<awaitable<void>> begin_to_call(const std::weak_ptr<blocking_pool>& pool) {
    const auto alive = pool.lock();
    return alive ? std::optional(alive->run([] {})) : std::nullopt;
}

awaitable<void> call_until_closed(std::weak_ptr<blocking_pool> pool) {
    try {
        while (auto calling = begin_to_call(pool))
            co_await std::move(*calling);
    } catch (const error& e) {
        if (e.code() != errc::closed)
            throw;
    }
}

awaitable<void> hold_its_thread(blocking_pool* pool, std::shared_ptr<held_thread> thread, executor ex) {
    asio::co_spawn(ex, pool->run([thread] { thread->hold(); }), [](std::exception_ptr) {});
    auto entered = thread->entered.get_future();
    while (entered.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        co_await asio::post(ex, asio::use_awaitable);
}

awaitable<void> stop_pool(blocking_pool* pool, std::shared_ptr<held_thread> thread) {
    thread->let_go();
    pool->stop();
    co_return;
}

background_subject make_pool(executor ex) {
    const auto thread = std::make_shared<held_thread>();
    const std::shared_ptr<blocking_pool> pool(new blocking_pool({.threads = 1}), [thread](blocking_pool* p) {
        thread->let_go();
        delete p;
    });
    auto* const p = pool.get();
    return {.object = pool,
            .run = [weak = std::weak_ptr(pool)] { return call_until_closed(weak); },
            .stop = [p, thread](deadline) { return stop_pool(p, thread); },
            .make_busy = [p, thread, ex] { return hold_its_thread(p, thread, ex); }};
}

INSTANTIATE_TEST_SUITE_P(Every, BackgroundConformance,
                         ::testing::Values(background_case{.name = "HttpServer", .make = make_server},
                                           background_case{.name = "QueueWorker", .make = make_worker},
                                           background_case{.name = "BlockingPool", .make = make_pool}),
                         background_name);

} // namespace
} // namespace infra::testing
