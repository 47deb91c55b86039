#pragma once

// The clients that are measured in processes of their own: ours, and hiredis where its headers are installed.

#include <infra/redis.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#ifdef INFRA_BENCH_HIREDIS
#include <hiredis/hiredis.h>
#endif

#include <sys/resource.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

namespace infra::redis_bench {

using std::chrono::steady_clock;

inline constexpr int callers = 256;
inline constexpr int rate = 20'000;
inline constexpr const char* key = "bench:key";
inline constexpr std::size_t value_size = 100;

inline double seconds_since(steady_clock::time_point began) {
    return std::chrono::duration<double>(steady_clock::now() - began).count();
}

inline double cpu_microseconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto us = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
    };
    return us(used.ru_utime) + us(used.ru_stime);
}

struct our_client {
    infra::event_loop loop;
    redis::client client;
    long done = 0;
    int running = 0;

    explicit our_client(std::uint16_t port) : client({loop.get_executor()}, {.port = port}) {}

    infra::awaitable<void> get_once() {
        const auto value = co_await client.execute<std::string>({"GET", key});
        check(value);
    }

    void check(const std::string& value) {
        if (value.size() != value_size)
            throw std::runtime_error("a wrong value");
        ++done;
    }

    infra::awaitable<void> get_until(steady_clock::time_point end) {
        // A look at the clock now and then, as nobody who serves requests would look at it for each.
        while (done % 64 != 0 || steady_clock::now() < end) {
            const auto value = co_await client.execute<std::string>({"GET", key});
            check(value);
        }
    }

    void start(infra::awaitable<void> operation) {
        ++running;
        infra::asio::co_spawn(loop.get_executor(), std::move(operation), [this](std::exception_ptr e) {
            if (e)
                std::rethrow_exception(e);
            if (--running == 0)
                loop.stop();
        });
    }

    double get(int together, int seconds) {
        const auto began = steady_clock::now();
        for (int i = 0; i < together; ++i)
            start(get_until(began + std::chrono::seconds(seconds)));
        loop.run();
        return static_cast<double>(done) / seconds_since(began);
    }

    infra::awaitable<void> pace(int seconds) {
        infra::asio::steady_timer tick(co_await infra::asio::this_coro::executor);
        const auto began = steady_clock::now();
        for (long sent = 0; seconds_since(began) < seconds;) {
            for (const auto due = static_cast<long>(seconds_since(began) * rate); sent < due; ++sent)
                start(get_once());
            tick.expires_after(std::chrono::milliseconds(1));
            co_await tick.async_wait(infra::asio::use_awaitable);
        }
    }

    double paced(int seconds) {
        const auto used = cpu_microseconds();
        start(pace(seconds));
        loop.run();
        return (cpu_microseconds() - used) / static_cast<double>(done);
    }
};

inline double hiredis_get(std::uint16_t port, int seconds) {
#ifdef INFRA_BENCH_HIREDIS
    const std::unique_ptr<redisContext, decltype(&redisFree)> to(redisConnect("127.0.0.1", port), &redisFree);
    const auto began = steady_clock::now();
    const auto end = began + std::chrono::seconds(seconds);
    long done = 0;
    while (done % 64 != 0 || steady_clock::now() < end) {
        const std::unique_ptr<void, decltype(&freeReplyObject)> r(redisCommand(to.get(), "GET %s", key),
                                                                  &freeReplyObject);
        if (!r || static_cast<redisReply*>(r.get())->len != value_size)
            throw std::runtime_error("hiredis: a wrong value");
        ++done;
    }
    return static_cast<double>(done) / seconds_since(began);
#else
    static_cast<void>(port), static_cast<void>(seconds);
    return 0;
#endif
}

inline int run_alone(const std::string& mode, std::uint16_t port, int seconds) {
    double result = 0;
    if (mode == "--get")
        result = our_client(port).get(callers, seconds);
    else if (mode == "--sequential")
        result = our_client(port).get(1, seconds);
    else if (mode == "--paced")
        result = our_client(port).paced(seconds);
    else
        result = hiredis_get(port, seconds);
    std::cout << result << std::endl;
    return 0;
}

} // namespace infra::redis_bench
