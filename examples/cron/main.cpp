/// Work at set times: once for all processes that share a queue, by the clocks of a place, and not lost when nobody ran.
///
///     GET /        what runs when
///     GET /runs    how often the heartbeat has run

#include <infra/app.hpp>

#include <atomic>

namespace {

using namespace std::chrono_literals;
using infra::awaitable;
namespace http = infra::http;
namespace queue = infra::queue;

std::atomic<std::int64_t> heartbeats{0};

void define_schedule() {
    queue::define_cron({.name = "heartbeat", .every = 1s, .handler = [] { ++heartbeats; }, .immediately = true});
    // At four in the morning in Berlin, summer and winter. When the service was down then, once when it is back.
    queue::define_cron({.name = "nightly-report",
                        .pattern = "0 4 * * *",
                        .tz = "Europe/Berlin",
                        .handler = [] { infra::logging::info("the report is written"); },
                        .attempts = 3,
                        .backoff = queue::exponential(1s)});
    // What is late by now is of no use any more.
    queue::define_cron({.name = "refresh-prices",
                        .pattern = "*/15 8-18 * * MON-FRI",
                        .tz = "America/New_York",
                        .handler = [] { infra::logging::info("the prices are fresh"); },
                        .missed = queue::missed_runs::skip});
}

awaitable<http::response> show_schedule(http::request) {
    infra::json::array all;
    for (const auto& each : co_await queue::get_cron_jobs()) {
        const auto next =
            each.next ? std::chrono::duration_cast<std::chrono::milliseconds>(each.next->time_since_epoch()).count()
                      : 0;
        all.push_back({{"name", each.name}, {"next", next}, {"runs", each.runs}});
    }
    co_return http::response::ok({{"jobs", all}});
}

} // namespace

int main() {
    auto app = infra::app::from_environment({.name = "cron"});
    define_schedule();
    app.http().get("/", show_schedule);
    app.http().get("/runs", [] { return http::response::ok({{"heartbeat", heartbeats.load()}}); });
    return app.run();
}
