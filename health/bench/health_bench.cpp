// What probes cost.
//
//     health_health_bench [--json FILE] [--rounds N]
//
// A thousand probes that arrive during a blocking check of 500 ms, beside a service in which each probe asks for itself, on
// as many threads. Then a probe alone: ten coroutine checks that have nothing to do, asked each time and given again.

#include "comparison.hpp"

#include <infra/health.hpp>
#include <infra/runtime.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace health = infra::health;
using stopwatch = std::chrono::steady_clock;

constexpr int probes = 1000;
constexpr std::size_t threads = 64;

struct storm {
    double executions = 0;
    double milliseconds = 0; // until the last probe had its answer
};

/// The probes go to all loops in turn, as connections would.
storm thousand_at_once(const std::function<infra::awaitable<void>()>& probe, const std::atomic<int>& executions) {
    const auto begin = stopwatch::now();
    std::vector<std::future<void>> all;
    for (int i = 0; i < probes; ++i)
        all.push_back(boost::asio::co_spawn(infra::default_executor(), probe(), boost::asio::use_future));
    for (auto& each : all)
        each.get();
    return {static_cast<double>(executions.load()),
            std::chrono::duration<double, std::milli>(stopwatch::now() - begin).count()};
}

infra::awaitable<void> ask_registry(const health::registry& checks) { co_await checks.run(); }

storm ours() {
    std::atomic<int> executions{0};
    health::registry checks({.max_threads = threads});
    checks.add("half a second", [&executions] {
        ++executions;
        std::this_thread::sleep_for(500ms);
    });
    return thousand_at_once([&checks] { return ask_registry(checks); }, executions);
}

infra::awaitable<void> ask_by_itself(infra::blocking_pool& pool, std::atomic<int>& executions) {
    co_await pool.run([&executions] {
        ++executions;
        std::this_thread::sleep_for(500ms);
    });
}

storm each_for_itself() {
    std::atomic<int> executions{0};
    infra::blocking_pool pool({.threads = threads});
    return thousand_at_once([&] { return ask_by_itself(pool, executions); }, executions);
}

infra::awaitable<void> ask_often(const health::registry& checks, int times) {
    for (int i = 0; i < times; ++i)
        co_await checks.run();
}

/// Microseconds of one probe after the other.
double probe_alone(std::chrono::milliseconds cache_for) {
    constexpr int times = 2000;
    infra::event_loop loop;
    loop.start();
    health::registry checks({.executor = loop.get_executor()});
    for (int i = 0; i < 10; ++i)
        checks.add("check " + std::to_string(i), []() -> infra::awaitable<void> { co_return; },
                   {.cache_for = cache_for});
    infra::wait(ask_often(checks, times / 10), loop.get_executor());
    const auto begin = stopwatch::now();
    infra::wait(ask_often(checks, times), loop.get_executor());
    return std::chrono::duration<double, std::micro>(stopwatch::now() - begin).count() / times;
}

int compare(const infra::bench::arguments& a) {
    std::vector<double> our_runs, our_times, asked, cached;
    for (int round = 0; round < a["rounds"]; ++round) {
        const auto one = ours();
        our_runs.push_back(one.executions);
        our_times.push_back(one.milliseconds);
        asked.push_back(probe_alone(0ms));
        cached.push_back(probe_alone(1h));
    }
    using infra::bench::median;
    const auto peer = each_for_itself(); // seconds long: once
    const std::string alone = "each probe for itself", limit = "our limit";
    infra::bench::report to(a);
    to.add({"health.storm.runs", median(our_runs), "runs", alone, peer.executions});
    to.add({"health.storm.last_answer", median(our_times), "ms", alone, peer.milliseconds});
    to.add({"health.probe.10_checks", median(asked), "us", limit, 200});
    to.add({"health.probe.10_checks.cached", median(cached), "us", limit, 20});
    return 0;
}

} // namespace

int main(int count, char** values) { return infra::bench::run(count, values, {{"rounds", 3}}, compare); }
