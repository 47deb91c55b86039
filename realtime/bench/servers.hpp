#pragma once

/// The servers that are measured, each a process of its own: ours, and the least that could be one, a loop of send(). Both print their port and their
/// process, and publish when they are told to by `GET /publish?turns=…&burst=…&every=…` (microseconds; 0: each turn of the loop).

#include "crowd.hpp"

#include <infra/http_server.hpp>
#include <infra/logging.hpp>
#include <infra/monitoring.hpp>
#include <infra/realtime/redis.hpp>
#include <infra/realtime/websocket.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/resource.h>

#include <iostream>
#include <memory>
#include <thread>

namespace infra::realtime::bench {

inline constexpr std::size_t message_bytes = 128;

/// So many sockets as may be.
inline void raise_open_files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

struct plan {
    long turns = 0;
    long burst = 1;
    std::chrono::microseconds every{0};
};

inline plan plan_of(std::string_view target) {
    const auto number = [&](std::string_view name) {
        const auto at = target.find(name);
        return at == std::string_view::npos ? 0 : std::atol(target.data() + at + name.size());
    };
    return {number("turns="), number("burst="), std::chrono::microseconds(number("every="))};
}

inline std::string padding() {
    const auto digits = std::to_string(now_ns()).size();
    return std::string(message_bytes - delivery_prefix.size() - digits - 11, 'x');
}

// --- Ours -------------------------------------------------------------------------------------------------------------

/// Two clients, others each turn, have much that waits: the clients cannot keep up. (One may have stalled.)
inline bool is_ahead(const hub& at, const std::vector<client_id>& subscribers, std::size_t turn) {
    const auto waits = [&](std::size_t index) {
        const auto one = at.find_client(subscribers[index % subscribers.size()]);
        return one && one->queued_bytes > 256 * 1024;
    };
    return !subscribers.empty() && waits(turn) && waits(turn + 1);
}

inline awaitable<void> publish_all(hub to, plan p) {
    using namespace std::chrono_literals;
    const auto loop = co_await asio::this_coro::executor;
    const auto pad = padding();
    const auto subscribers = to.get_subscribers("bench");
    asio::steady_timer timer(loop);
    const auto begin = std::chrono::steady_clock::now();
    for (long turn = 0; turn < p.turns; ++turn) {
        while (is_ahead(to, subscribers, static_cast<std::size_t>(turn))) {
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        if (p.every.count() > 0) {
            timer.expires_at(begin + turn * p.every);
            co_await timer.async_wait(asio::use_awaitable);
        } else {
            co_await asio::post(loop, asio::use_awaitable);
        }
        for (long i = 0; i < p.burst; ++i)
            to.publish("bench", {.type = "tick", .data = {{"t", now_ns()}, {"pad", pad}}});
    }
}

inline awaitable<http::response> fill(hub to, plan p) {
    for (long i = 0; i < p.turns; ++i) {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        to.publish("heavy", {.type = "tick", .data = {{"pad", std::string(message_bytes - 52, 'x')}}});
    }
    co_return http::response::ok({{"filled", true}});
}

inline awaitable<http::response> say(hub to, plan p) {
    for (long i = 0; i < p.turns; ++i)
        co_await to.publish_confirmed("kept", {.type = "said", .data = {{"number", i}}});
    co_return http::response::ok({{"said", true}});
}

/// With a URL it is a node over that Redis.
inline hub_options bench_hub(const executor& on, const std::string& redis) {
    return {.channels = {{"kept", {.history = {.size = 100}}}, {"*", {.on_overflow = overflow::drop_oldest}}},
            .limits = {.max_clients_per_address = 100'000},
            .authorize = [](access_request) { return true; },
            .broker = redis.empty() ? nullptr : make_redis_broker({.url = redis}),
            .on = on};
}

inline int serve_ours(const std::string& redis) {
    raise_open_files();
    logging::configure({.outputs = {{.to = logging::file_sink({.path = "/dev/null"})}}});
    logging::install();
    monitoring::default_metrics();
    event_loop loop;
    hub at(bench_hub(loop.get_executor(), redis));
    websocket_server sockets(at, {.handshakes_per_second = 1'000'000});
    http::router routes;
    sockets.mount(routes, "/ws");
    routes.get("/publish", [&](const http::request& asked) {
        asio::co_spawn(loop.get_executor(), publish_all(at, plan_of(asked.target())), asio::detached);
        return http::response::ok({{"publishing", true}});
    });
    routes.get("/fill", [&](const http::request& asked) { return fill(at, plan_of(asked.target())); });
    routes.get("/say", [&](const http::request& asked) { return say(at, plan_of(asked.target())); });
    http::server server({loop.get_executor()}, routes,
                        {.port = 0, .limits = {.max_connections = 100'000}, .access_log = false, .backlog = 4096});
    server.listen();
    asio::co_spawn(loop.get_executor(), server.run(), asio::detached);
    asio::co_spawn(loop.get_executor(), at.run(), asio::detached);
    while (at.options().broker && !at.options().broker->is_up())
        loop.io_context().run_one();
    std::cout << server.port() << ' ' << ::getpid() << std::endl;
    loop.run();
    return 0;
}

// --- A loop of send() -------------------------------------------------------------------------------------------------

class bare_server {
public:
    bare_server() {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
            ::listen(listener_, 4096) != 0)
            throw std::runtime_error("no port");
        socklen_t size = sizeof any;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&any), &size);
        std::cout << ntohs(any.sin_port) << ' ' << ::getpid() << std::endl;
    }

    [[noreturn]] void run() {
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            char asked[1024];
            const auto size = ::recv(fd, asked, sizeof asked - 1, 0);
            asked[size > 0 ? size : 0] = '\0';
            if (std::string_view(asked).starts_with("GET /publish")) {
                ::send(fd, "HTTP/1.1 200 OK\r\n\r\n", 19, MSG_NOSIGNAL);
                ::close(fd);
                publish(plan_of(asked));
                continue;
            }
            const int yes = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            ::send(fd, "HTTP/1.1 101 Switching\r\n\r\n", 26, MSG_NOSIGNAL);
            clients_.push_back(fd);
        }
    }

private:
    void publish(plan p) const {
        const auto pad = padding();
        const auto begin = std::chrono::steady_clock::now();
        for (long turn = 0; turn < p.turns; ++turn) {
            std::this_thread::sleep_until(begin + turn * p.every);
            const auto text = std::string(delivery_prefix) + std::to_string(now_ns()) + R"(,"pad":")" + pad + R"("}})";
            const auto frame = std::string{'\x81', '\x7E', 0, static_cast<char>(text.size())} + text;
            for (const int fd : clients_)
                ::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL);
        }
    }

    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::vector<int> clients_;
};

inline int serve_bare() {
    raise_open_files();
    bare_server().run();
}

} // namespace infra::realtime::bench
