#pragma once

/// A collector on the test's own loop.

#include <infra/base/context_executor.hpp>
#include <infra/http_server.hpp>
#include <infra/monitoring.hpp>
#include <infra/otlp.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace infra::otlp {

/// Answers as told, and with 200 once it has been told no more.
struct collector {
    explicit collector(const executor& ex)
        : server({ex}, routes(), {.port = 0, .limits = {.max_body_bytes = 20 << 20}}) {
        server.listen();
        asio::co_spawn(ex, server.run(), asio::detached);
    }

    http::router routes() {
        http::router made;
        const auto answer = [this](http::request req) -> awaitable<http::response> {
            received.push_back(std::move(req));
            if (silent) {
                asio::steady_timer for_ever(co_await asio::this_coro::executor, std::chrono::hours(1));
                co_await for_ever.async_wait(asio::use_awaitable);
            }
            if (answers.empty())
                co_return http::response::of(200, "application/json", "{}");
            auto next = std::move(answers.front());
            answers.pop_front();
            co_return next;
        };
        made.post("/v1/traces", answer);
        made.post("/v1/metrics", answer);
        made.post("/v1/logs", answer);
        return made;
    }

    std::string url(const std::string& signal) const {
        return "http://127.0.0.1:" + std::to_string(server.port()) + "/v1/" + signal;
    }

    std::vector<http::request> received;
    std::deque<http::response> answers;
    bool silent = false;
    http::server server;
};

/// An exporter and its collector on one loop.
template <class Exporter>
struct with_collector : ::testing::Test {
    asio::io_context io{1};
    executor ex = with_context(io.get_executor());
    collector at{ex};
    monitoring::metrics metrics;
    std::optional<Exporter> out;
    bool ended = false;

    with_collector() { metrics.install(); }

    template <class... Args>
    void start_with(Args&&... args) {
        ended = false;
        out.emplace(ex, std::forward<Args>(args)...);
        asio::co_spawn(ex, out->run(), [this](std::exception_ptr e) {
            EXPECT_EQ(e ? describe(e) : "", "");
            ended = true;
        });
    }

    template <class Done>
    void until(Done done) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!done()) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(20));
            ASSERT_LT(std::chrono::steady_clock::now(), give_up);
        }
    }

    void stop(std::chrono::milliseconds within = std::chrono::seconds(10)) {
        bool stopped = false;
        asio::co_spawn(ex, out->stop(deadline::after(within)), [&](std::exception_ptr) { stopped = true; });
        until([&] { return stopped && ended; });
    }
};

} // namespace infra::otlp
