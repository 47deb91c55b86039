// What it costs to count and to trace, ours beside prometheus-cpp, Debian's client library for C++.
//
//     monitoring_monitoring_bench [--json FILE] [--rounds N]
//
// Ours and the peer's rounds alternate; the best round of each counts, since whatever else the machine does can only
// make a round slower. Times are those of the calling thread's processor: nanoseconds a call, milliseconds a scrape. Spans
// have no peer here: what stands beside them is the limit we set ourselves.

#include "comparison.hpp"

#include <infra/base/context.hpp>
#include <infra/monitoring.hpp>

#ifdef INFRA_BENCH_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#endif

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <latch>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <time.h>

namespace {

namespace monitoring = infra::monitoring;

constexpr int families = 100;
constexpr int series_each = 1000;

double thread_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Nanoseconds a call of `f(i)`, on each of `threads` threads at once.
template <class F>
double cost(int calls, F f, int threads = 1) {
    std::latch start(threads);
    std::vector<double> took(static_cast<std::size_t>(threads));
    const auto run = [&](std::size_t which) {
        auto each = f; // of its own, and so in registers: what the loop reads from elsewhere would be measured along
        const int count = calls;
        start.arrive_and_wait();
        const auto begin = thread_time();
        for (int i = 0; i < count; ++i)
            each(i);
        took[which] = (thread_time() - begin) / calls;
    };
    std::vector<std::jthread> others;
    for (int t = 1; t < threads; ++t)
        others.emplace_back([&run, t] { run(static_cast<std::size_t>(t)); });
    run(0);
    others.clear();
    return *std::max_element(took.begin(), took.end());
}

/// Values that fall into every bucket, in no order that a branch predictor could learn.
std::vector<double> durations() {
    std::vector<double> out;
    std::uint32_t state = 1;
    for (int i = 0; i < 4096; ++i) {
        state = state * 1664525 + 1013904223;
        out.push_back(0.002 * static_cast<double>(state >> 16) / 65536 * (1 << (state >> 8) % 13));
    }
    return out;
}

const std::vector<double> bounds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};
const std::vector<double> observed = durations();
const char* const methods[] = {"GET", "POST", "PUT", "DELETE"};
const char* const routes[] = {"/users/{id}", "/orders", "/orders/{id}/lines", "/health"};

double at(int i) { return observed[static_cast<std::size_t>(i) % observed.size()]; }

// --- Ours ---------------------------------------------------------------------------------------------------------

struct our_side {
    monitoring::metrics metrics;
    monitoring::metrics large;
    monitoring::counter_series counter = metrics.bind_counter("bound_total");
    monitoring::histogram_series seconds = metrics.bind_histogram("took_seconds", {}, {.buckets = bounds});
    std::vector<monitoring::counter_series> held;

    our_side() {
        for (int f = 0; f < families; ++f)
            for (int s = 0; s < series_each; ++s) {
                const auto name = "metric_" + std::to_string(f) + "_total";
                held.push_back(large.bind_counter(name, {{"instance", s}, {"route", "/users/{id}"}}));
                held.back().increment(s * f);
            }
    }
    double bound(int threads) {
        return cost(5'000'000, [&](int) { counter.increment(); }, threads);
    }
    double bound_in_sampled_span() {
        monitoring::tracer tracer;
        tracer.install();
        const infra::telemetry::span parent("parent");
        return bound(1);
    }
    double dynamic(int threads) {
        return cost(
            2'000'000,
            [&](int i) {
                metrics.increment("requests_total", {{"method", methods[i & 3]}, {"route", routes[i >> 2 & 3]}});
            },
            threads);
    }
    double histogram(int threads) {
        return cost(2'000'000, [&](int i) { seconds.observe(at(i)); }, threads);
    }
    double scrape() {
        return cost(1, [&](int) { keep(large.expose().body); }) / 1e6;
    }
    static void keep(const std::string& text) {
        if (text.size() < 1'000'000)
            std::abort();
    }
};

#ifdef INFRA_BENCH_PROMETHEUS_CPP
struct their_side {
    prometheus::Registry registry;
    prometheus::Registry large;
    prometheus::Counter& counter = prometheus::BuildCounter().Name("bound_total").Register(registry).Add({});
    prometheus::Family<prometheus::Counter>& requests =
        prometheus::BuildCounter().Name("requests_total").Register(registry);
    prometheus::Histogram& seconds =
        prometheus::BuildHistogram().Name("took_seconds").Register(registry).Add({}, bounds);

    their_side() {
        for (int f = 0; f < families; ++f) {
            auto& family = prometheus::BuildCounter().Name("metric_" + std::to_string(f) + "_total").Register(large);
            for (int s = 0; s < series_each; ++s)
                family.Add({{"instance", std::to_string(s)}, {"route", "/users/{id}"}}).Increment(s * f);
        }
    }
    double bound(int threads) {
        return cost(5'000'000, [&](int) { counter.Increment(); }, threads);
    }
    double dynamic(int threads) {
        return cost(
            500'000,
            [&](int i) { requests.Add({{"method", methods[i & 3]}, {"route", routes[i >> 2 & 3]}}).Increment(); },
            threads);
    }
    double histogram(int threads) {
        return cost(2'000'000, [&](int i) { seconds.Observe(at(i)); }, threads);
    }
    double scrape() {
        return cost(1, [&](int) { our_side::keep(prometheus::TextSerializer().Serialize(large.Collect())); }) / 1e6;
    }
};
#else
struct their_side {
    double bound(int) { return 0; }
    double dynamic(int) { return 0; }
    double histogram(int) { return 0; }
    double scrape() { return 0; }
};
#endif

// --- Spans --------------------------------------------------------------------------------------------------------

double span_cost(double ratio, bool below_another, bool in_request) {
    monitoring::tracer tracer({.sampler = {.ratio = ratio}});
    tracer.install();
    const infra::context_scope request(in_request ? infra::context().with_request_id("req") : infra::context());
    const auto run = [] { return cost(500'000, [](int) { const infra::telemetry::span each("work"); }); };
    if (!below_another)
        return run();
    const infra::telemetry::span parent("parent");
    return run();
}

double span_with_attributes() {
    monitoring::tracer tracer;
    tracer.install();
    return cost(300'000, [](int i) {
        infra::telemetry::span each("work");
        each.set({{"http.request.method", "GET"}, {"http.response.status_code", i}});
    });
}

// --- Measuring ----------------------------------------------------------------------------------------------------

struct race {
    std::string name;
    std::string unit;
    std::string peer;
    std::function<double()> ours;
    std::function<double()> theirs; // or the limit
};

void run(const race& r, int rounds, infra::bench::report& to) {
    double ours = std::numeric_limits<double>::infinity(), theirs = ours;
    for (int i = 0; i < rounds; ++i) {
        ours = std::min(ours, r.ours());
        theirs = std::min(theirs, r.theirs());
    }
    to.add({r.name, ours, r.unit, r.peer, theirs});
}

int compare(const infra::bench::arguments& a) {
    our_side us;
    their_side them;
    const std::string peer = "prometheus-cpp", ns = "ns", limit = "our limit";
    const auto within = [](double value) { return [value] { return value; }; };
    const std::vector<race> races{
        {"monitoring.counter.bound", ns, peer, [&] { return us.bound(1); }, [&] { return them.bound(1); }},
        {"monitoring.counter.bound.2_threads", ns, peer, [&] { return us.bound(2); }, [&] { return them.bound(2); }},
        {"monitoring.counter.bound.in_sampled_span", ns, limit, [&] { return us.bound_in_sampled_span(); }, within(0)},
        {"monitoring.counter.dynamic", ns, peer, [&] { return us.dynamic(1); }, [&] { return them.dynamic(1); }},
        {"monitoring.counter.dynamic.2_threads", ns, peer, [&] { return us.dynamic(2); },
         [&] { return them.dynamic(2); }},
        {"monitoring.histogram", ns, peer, [&] { return us.histogram(1); }, [&] { return them.histogram(1); }},
        {"monitoring.histogram.2_threads", ns, peer, [&] { return us.histogram(2); },
         [&] { return them.histogram(2); }},
        {"monitoring.scrape.100000_series", "ms", peer, [&] { return us.scrape(); }, [&] { return them.scrape(); }},
        {"monitoring.span.sampled_out", ns, limit, [] { return span_cost(0, true, false); }, within(10)},
        {"monitoring.span.sampled_out.root", ns, limit, [] { return span_cost(0, false, false); }, within(10)},
        {"monitoring.span.sampled_out.in_request", ns, limit, [] { return span_cost(0, true, true); }, within(10)},
        {"monitoring.span.recorded", ns, limit, [] { return span_cost(1, true, false); }, within(200)},
        {"monitoring.span.recorded.2_attributes", ns, limit, [] { return span_with_attributes(); }, within(0)},
    };
    infra::bench::report to(a);
    for (const auto& each : races)
        run(each, a["rounds"], to);
    return 0;
}

} // namespace

int main(int count, char** values) { return infra::bench::run(count, values, {{"rounds", 9}}, compare); }
