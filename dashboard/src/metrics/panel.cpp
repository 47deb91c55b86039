#include "panel.hpp"

#include "metric_answers.hpp"

#include <infra/runtime/default_runtime.hpp>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;
using history_ptr = std::shared_ptr<metric_history>;

constexpr std::size_t shown_exemplars = 50;

http::response unknown(const metric_query& q) {
    return http::response::error(404, "unknown_metric",
                                 "there is no such series of " + q.name +
                                     ", or nothing was heard of it yet (metrics are looked at every 10 s)");
}

// Also between two looks: what has just been counted for the first time is not to be waited for.
void look(metric_history& kept, const monitoring::metrics& of, const clock& time) {
    kept.sample(of.collect(), time.wall(), time.steady());
}

awaitable<http::response> list_metrics(history_ptr kept, const monitoring::metrics* of, const clock* time) {
    auto made = [kept, of, time] {
        look(*kept, *of, *time);
        return metrics_answer(kept->list(), kept->counts());
    };
    co_return http::response::ok(co_await default_blocking_pool().run(std::move(made)));
}

awaitable<http::response> drawn(history_ptr kept, const monitoring::metrics* of, const clock* time, metric_query q) {
    auto made = [kept, of, time, q]() -> std::optional<json::object> {
        auto found = kept->range(q);
        if (!found) {
            look(*kept, *of, *time);
            found = kept->range(q);
        }
        if (!found)
            return std::nullopt;
        return range_answer(q, *found, kept->exemplars(q.name, q.where, shown_exemplars));
    };
    const auto answer = co_await default_blocking_pool().run(std::move(made));
    co_return answer ? http::response::ok(*answer) : unknown(q);
}

awaitable<http::response> downloaded(history_ptr kept, metric_query q) {
    q.max_lines = max_csv_lines;
    auto made = [kept, q] { return kept->range(q); };
    const auto found = co_await default_blocking_pool().run(std::move(made));
    if (!found)
        co_return unknown(q);
    auto answer = http::response::of(200, "text/csv; charset=utf-8", csv_of(q, *found));
    answer.headers.set("Content-Disposition", "attachment; filename=\"metric.csv\"");
    if (found->more > 0)
        answer.headers.set("X-Infra-Left-Out", std::to_string(found->more));
    co_return answer;
}

// Never more than a fiftieth of a core, however many series there are.
awaitable<void> sample(history_ptr kept, monitoring::metrics* of, clock* time) {
    while (true) {
        auto measured = [kept, of, time] {
            const auto began = time->steady();
            look(*kept, *of, *time);
            return time->steady() - began;
        };
        const auto took = co_await default_blocking_pool().run(std::move(measured));
        co_await time->sleep_for(std::max<std::chrono::nanoseconds>(metric_history::interval - took, 50 * took));
    }
}

// --- the overview ---

std::vector<figure> process_figures(const metric_history& kept) {
    const auto requests = kept.rate("http_server_requests_total", {}, 1min);
    return {{.name = "requests",
             .label = "Requests/min",
             .value = requests ? std::optional(*requests * 60) : std::nullopt,
             .unit = "per_minute",
             .limit = {},
             .link = "#/metrics/http_server_requests_total?by=route"}};
}

} // namespace

std::shared_ptr<const metric_history> add_metrics_panel(board on, monitoring::metrics& of) {
    const auto kept = std::make_shared<metric_history>(on.options().kept.metric_bytes);
    on.page("metrics");
    on.show("/metrics", [kept, of = &of, time = &on.time()](http::request) { return list_metrics(kept, of, time); });
    on.show("/metrics/data",
            [kept, of = &of, time = &on.time()](http::request r) { return drawn(kept, of, time, metric_query_of(r)); });
    on.show("/metrics/csv", [kept](http::request r) { return downloaded(kept, metric_query_of(r)); });
    on.figures([kept]() -> awaitable<std::vector<figure>> { co_return process_figures(*kept); });
    on.keeps("metrics", [kept] {
        const auto now = kept->counts();
        return reach{.since = now.since, .entries = now.series, .bytes = now.bytes, .max_bytes = now.max_bytes};
    });
    on.background("metrics", [kept, of = &of, time = &on.time()] { return sample(kept, of, time); });
    return kept;
}

} // namespace infra::dashboard
