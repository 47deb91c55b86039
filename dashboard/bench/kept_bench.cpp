// What it costs that the dashboard keeps lines, spans and numbers: the threads that write, end spans or look at metrics, and whoever searches.
//
//     dashboard_kept_bench [--json FILE] [--rounds N]
//
// Processor time of the calling thread, the best round of each. There is no peer: what stands beside are limits that we set ourselves.

#include "comparison.hpp"

#include "../src/logs/log_search.hpp"
#include "../src/logs/log_store.hpp"
#include "../src/metrics/history.hpp"
#include "../src/traces/trace_store.hpp"

#include <functional>
#include <limits>

#include <time.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

double thread_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Nanoseconds a call of `f(i)`.
double cost(int calls, const std::function<void(int)>& f) {
    const auto begin = thread_time();
    for (int i = 0; i < calls; ++i)
        f(i);
    return (thread_time() - begin) / calls;
}

// A request's line: six fields.
const std::vector<logging::record_field> fields{{"method", "GET"},
                                                {"route", "/orders/{id}"},
                                                {"status", 200},
                                                {"took", 412us},
                                                {"request_id", "01J9ZK4Q8Y3T5V7W9X0A1B2C3D"},
                                                {"bytes", 1834}};

// As the pipeline hands them over.
std::vector<logging::record_view> batch() {
    return std::vector<logging::record_view>(512, {.time = from_unix_ms(1'767'225'600'000),
                                                   .module = "http",
                                                   .message = "request answered",
                                                   .span = {{1, 2}, {3}, 1},
                                                   .fields = fields});
}

double line() {
    static log_store kept(16 << 20, "/infra/");
    static const auto some = batch();
    return cost(2000, [](int) { kept.write(some); }) / static_cast<double>(some.size());
}

double whole_search() {
    static log_store kept(16 << 20, "");
    static const auto some = batch();
    for (int i = 0; i < 300; ++i)
        kept.write(some);
    const log_filter nothing{.text = "no such words"};
    return cost(1, [&](int) { search(kept.lines.look(), nothing, std::uint64_t(-1), 100, std::size_t(-1)); }) / 1e6;
}

double span() {
    static trace_store kept(16 << 20, "/infra");
    std::vector<span_ptr> spans;
    constexpr int count = 50'000, spans_of_a_trace = 5;
    for (int i = 0; i < count; ++i) {
        auto one = std::make_shared<monitoring::span_record>();
        one->context = {
            {1, static_cast<std::uint64_t>(i / spans_of_a_trace + 1)}, {static_cast<std::uint64_t>(i + 1)}, 1};
        one->parent = {static_cast<std::uint64_t>(i % spans_of_a_trace == 4 ? 0 : 1)};
        one->name = "GET /orders/{id}";
        one->attributes = {
            {"http.request.method", "GET"}, {"http.route", "/orders/{id}"}, {"http.response.status_code", 200}};
        spans.push_back(std::move(one));
    }
    return cost(count, [&](int i) { kept.ended(std::move(spans[static_cast<std::size_t>(i)])); });
}

/// Milliseconds a look at a thousand series, of which a fifth are histograms and all change.
struct look {
    monitoring::metrics numbers;
    metric_history kept{16 << 20};
    steady_time at{1h};
    std::vector<std::function<void()>> change;

    look() {
        for (int i = 0; i < 1000; ++i) {
            const auto route = "/some/route/" + std::to_string(i);
            if (i % 5 == 0)
                change.emplace_back([h = numbers.bind_histogram(
                                         "took_seconds", {{"method", "GET"}, {"route", route}})] { h.observe(0.02); });
            else
                change.emplace_back(
                    [c = numbers.bind_counter("requests_total", {{"method", "GET"}, {"route", route}})] {
                        c.increment(17);
                    });
        }
    }
    double milliseconds() {
        for (const auto& each : change)
            each();
        return cost(1, [this](int) { kept.sample(numbers.collect(), wall_time(at.time_since_epoch()), at += 10s); }) /
               1e6;
    }
};

int compare(const bench::arguments& a) {
    look numbers;
    const auto best = [&a](const std::function<double()>& once) {
        auto least = std::numeric_limits<double>::max();
        for (int i = 0; i < a["rounds"]; ++i)
            least = std::min(least, once());
        return least;
    };
    bench::report to(a);
    const std::string limit = "our limit";
    to.add({"dashboard.kept.log_line.6_fields", best(line), "ns", limit, 300});
    to.add({"dashboard.kept.span.3_attributes", best(span), "ns", limit, 1000});
    to.add({"dashboard.kept.look_at_1000_series", best([&] { return numbers.milliseconds(); }), "ms", limit, 50});
    to.add({"dashboard.kept.search.16_mib", best(whole_search), "ms", limit, 500});
    return 0;
}

} // namespace
} // namespace infra::dashboard

int main(int count, char** values) {
    return infra::bench::run(count, values, {{"rounds", 9}}, infra::dashboard::compare);
}
