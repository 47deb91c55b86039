#include "runtime_metrics.hpp"

#include "buckets.hpp"
#include "loop_lag.hpp"

#include <infra/runtime/metrics.hpp>

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace infra {
namespace detail {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;

constexpr instrument pool_threads{
    .kind = instrument_kind::gauge, .name = "blocking_pool_threads", .help = "Threads the blocking pool may have."};
constexpr instrument pool_busy{.kind = instrument_kind::gauge,
                               .name = "blocking_pool_busy_threads",
                               .help = "Threads of the blocking pool that run a function."};
constexpr instrument pool_queued{.kind = instrument_kind::gauge,
                                 .name = "blocking_pool_queued_calls",
                                 .help = "Calls that wait for a thread of the blocking pool."};
constexpr instrument pool_calls{.kind = instrument_kind::counter,
                                .name = "blocking_pool_calls_total",
                                .help = "Calls of the blocking pool, by what came of them: run, cancelled while they "
                                        "waited for a thread, or refused because too many did."};
constexpr instrument pool_wait{.kind = instrument_kind::histogram,
                               .name = "blocking_pool_wait_seconds",
                               .help = "How long a call waited for a thread of the blocking pool.",
                               .buckets = wait_buckets};
constexpr instrument loops_running{
    .kind = instrument_kind::gauge, .name = "event_loops", .help = "Event loops that run."};

constexpr std::chrono::minutes watched_for{5};

struct registry {
    std::mutex mutex;
    std::vector<listed_pool*> pools; // guarded by mutex
    std::vector<listed_loop*> loops; // guarded by mutex
    const telemetry::series running{loops_running};

    pool_load load_of(std::string_view name) const {
        pool_load all;
        for (const auto* each : pools)
            if (each->name() == name)
                all += each->load();
        return all;
    }

    void report() {
        for (auto* each : pools)
            each->report(load_of(each->name()));
        running.record(static_cast<double>(loops.size()));
        for (auto* each : loops)
            each->report();
    }
};

// Never destroyed: pools and loops that are static come and go with the process.
registry& everybody() {
    static registry& all = *new registry;
    return all;
}

} // namespace

pool_load& pool_load::operator+=(const pool_load& other) noexcept {
    threads += other.threads;
    busy += other.busy;
    queued += other.queued;
    return *this;
}

listed_pool::listed_pool(std::string name, std::function<pool_load()> ask)
    : name_(std::move(name)),
      ask_(std::move(ask)),
      threads_(pool_threads, {{"pool", name_}}),
      busy_(pool_busy, {{"pool", name_}}),
      queued_(pool_queued, {{"pool", name_}}),
      ran_(pool_calls, {{"pool", name_}, {"outcome", "run"}}),
      cancelled_(pool_calls, {{"pool", name_}, {"outcome", "cancelled"}}),
      refused_(pool_calls, {{"pool", name_}, {"outcome", "refused"}}),
      wait_(pool_wait, {{"pool", name_}}) {
    auto& all = everybody();
    const std::scoped_lock lock(all.mutex);
    all.pools.push_back(this);
}

// The gauges must not stay at what they were last.
listed_pool::~listed_pool() {
    auto& all = everybody();
    const std::scoped_lock lock(all.mutex);
    std::erase(all.pools, this);
    if (!reported_)
        return;
    const context_scope nobodys{context()};
    report(all.load_of(name_));
}

void listed_pool::ran(std::chrono::nanoseconds waited) const noexcept {
    ran_.add();
    wait_.record(std::chrono::duration<double>(waited).count());
}

void listed_pool::report(const pool_load& all) noexcept {
    reported_ = true;
    threads_.record(static_cast<double>(all.threads));
    busy_.record(static_cast<double>(all.busy));
    queued_.record(static_cast<double>(all.queued));
    for (const auto& each : {ran_, cancelled_, refused_})
        each.add(0);
}

listed_loop::listed_loop(const std::string& name, executor ex) : lag_(name, std::move(ex), real_clock()) {
    auto& all = everybody();
    const std::scoped_lock lock(all.mutex);
    all.loops.push_back(this);
}

listed_loop::~listed_loop() {
    auto& all = everybody();
    const std::scoped_lock lock(all.mutex);
    std::erase(all.loops, this);
}

void listed_loop::report() { lag_.observe_until(saturating_add(real_clock().steady(), watched_for)); }

} // namespace detail

// An exporter looks under suppressed telemetry, a scrape under its request's span; what is begun here is neither's.
void report_runtime() {
    const context_scope nobodys{context()};
    auto& all = detail::everybody();
    const std::scoped_lock lock(all.mutex);
    all.report();
}

} // namespace infra
