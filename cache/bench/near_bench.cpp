// What a hit in the near-cache of a store on Redis costs, beside the way to the server that it saves: a string of 100 bytes
// among 1000, on a server of its own over a Unix socket.
//
//     cache_redis_near_bench [--json FILE]

#include "report.hpp"

#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace infra;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t keys = 1000;

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < keys; ++i)
        all.push_back("session:user:" + std::to_string(1'000'000 + i * 7919 % keys));
    return all;
}

double ns_per(std::size_t n, clock_type::duration d) {
    return std::chrono::duration<double, std::nano>(d).count() / static_cast<double>(n);
}

/// The best of many: what else the machine does only adds.
template <class F>
double best(int times, F once) {
    double least = once();
    for (int i = 1; i < times; ++i)
        least = std::min(least, once());
    return least;
}

awaitable<void> fill(cache::cache c, std::vector<std::string> all) {
    for (const auto& each : all)
        co_await c.set(each, std::string(100, 'v'), 1h);
}

/// Reads until every value has a copy here.
awaitable<void> bring_near(cache::cache c, std::vector<std::string> all) {
    for (const auto& each : all)
        while (!c.try_get<std::string>(each))
            co_await c.get<std::string>(each);
}

double try_hits(const cache::cache& c, const std::vector<std::string>& all) {
    constexpr std::size_t rounds = 100;
    const auto begin = clock_type::now();
    for (std::size_t r = 0; r < rounds; ++r)
        for (const auto& each : all)
            if (c.try_get<std::string>(each)->size() != 100)
                std::abort();
    return ns_per(rounds * all.size(), clock_type::now() - begin);
}

awaitable<double> awaited_hits(cache::cache c, const std::vector<std::string>* all) {
    const auto begin = clock_type::now();
    for (const auto& each : *all) {
        const auto hit = co_await c.get<std::string>(each);
        if (hit->size() != 100)
            std::abort();
    }
    co_return ns_per(all->size(), clock_type::now() - begin);
}

} // namespace

int main(int argc, char** argv) {
    if (!testing::redis_server::installed()) {
        std::puts(testing::redis_server::how_to_install);
        return 0;
    }
    cache::bench::report to(argc, argv);
    const testing::redis_server server;
    event_loop loop("bench");
    loop.start();
    const auto all = names();
    const auto make = [&](std::size_t bytes) {
        cache::redis_store_options o{.server = {.socket_path = server.socket()}};
        o.near_cache = {.max_bytes = bytes, .prefix = "shop:"};
        return cache::cache(cache::make_redis_store(std::move(o), {loop.get_executor()}), {.prefix = "shop:"});
    };
    {
        const auto near = make(16 << 20), far = make(0);
        wait(fill(near, all), loop.get_executor());
        wait(bring_near(near, all), loop.get_executor());
        const auto ask = [&](const cache::cache& c) { return wait(awaited_hits(c, &all), loop.get_executor()); };
        const auto from_server = best(10, [&] { return ask(far); });
        const auto hit = best(50, [&] { return try_hits(near, all); });
        const auto awaited = best(50, [&] { return ask(near); });
        to.add("cache.near.try_get", hit, "ns", "the server", from_server, from_server / hit);
        to.add("cache.near.get", awaited, "ns", "the server", from_server, from_server / awaited);
        wait(near.stop(deadline::after(1s)), loop.get_executor());
        wait(far.stop(deadline::after(1s)), loop.get_executor());
    }
    loop.stop();
}
