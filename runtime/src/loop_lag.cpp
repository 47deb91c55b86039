#include "loop_lag.hpp"

#include "buckets.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <chrono>
#include <utility>

namespace infra::detail {
namespace {

constexpr telemetry::instrument lag_seconds{.kind = telemetry::instrument_kind::histogram,
                                            .name = "event_loop_lag_seconds",
                                            .help = "How late a timer of the loop fired; one timer a second.",
                                            .buckets = wait_buckets};

constexpr std::chrono::seconds period{1};

} // namespace

lag_watch::lag_watch(std::string_view loop_name, executor loop, clock& time)
    : loop_(std::move(loop)), time_(time), lag_(lag_seconds, {{"loop", loop_name}}) {}

// A shift that is just about to end, extended too late, leaves nobody: the next to ask finds that out.
void lag_watch::observe_until(steady_time end) {
    if (const auto present = on_duty_.lock()) {
        present->end = end;
        return;
    }
    const auto fresh = std::make_shared<shift>(lag_, end);
    on_duty_ = fresh;
    asio::co_spawn(loop_, observe(fresh, time_), asio::detached);
}

awaitable<void> lag_watch::observe(std::shared_ptr<shift> mine, clock& time) {
    while (time.steady() < mine->end.load()) {
        const auto due = time.steady() + period;
        co_await time.sleep_until(due);
        mine->lag.record(std::chrono::duration<double>(time.steady() - due).count());
    }
}

} // namespace infra::detail
