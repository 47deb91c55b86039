#include "pipeline_state.hpp"

#include <algorithm>

namespace infra::logging::detail {
namespace {

constinit std::atomic<pipeline_state*> reached{nullptr};

bool is_enabled(level l, std::string_view module) noexcept {
    const auto* state = reached.load(std::memory_order_acquire);
    return state && state->enabled(l, module);
}

void write_line(const log_record& r) noexcept {
    if (auto* state = reached.load(std::memory_order_acquire))
        state->write({.severity = r.severity, .module = r.module, .message = r.message, .where = r.where}, r.fields);
}

constexpr telemetry::log_functions functions{.enabled = &is_enabled, .write = &write_line};

// Metrics may themselves have something to log, which would be counted again by the thread that counts.
constinit thread_local bool counting = false;
[[gnu::noinline]] bool exchange_counting(bool now) noexcept { return std::exchange(counting, now); }

struct line_counters {
    telemetry::instrument lines{
        .kind = telemetry::instrument_kind::counter, .name = "log_lines_total", .help = "Log lines written, by level."};
    telemetry::instrument dropped{.kind = telemetry::instrument_kind::counter,
                                  .name = "log_lines_dropped_total",
                                  .help = "Log lines left out because the buffer was full."};
    telemetry::instrument lost{.kind = telemetry::instrument_kind::counter,
                               .name = "log_lines_lost_total",
                               .help = "Log lines that a sink refused."};
    std::array<telemetry::series, 4> of_level{
        telemetry::series(lines, {{"level", "debug"}}), telemetry::series(lines, {{"level", "info"}}),
        telemetry::series(lines, {{"level", "warn"}}), telemetry::series(lines, {{"level", "error"}})};
    telemetry::series of_dropped{dropped};
    telemetry::series of_lost{lost};
};

void add(const telemetry::series& to, std::uint64_t count) noexcept {
    if (count > 0)
        to.add(static_cast<double>(count));
}

} // namespace

pipeline_state* installed() noexcept { return reached.load(std::memory_order_acquire); }

void install(std::shared_ptr<pipeline_state> state) {
    // Whoever is inside the table when another pipeline is installed still uses this one, so it is kept for good.
    static std::mutex mutex;
    static auto& kept = *new std::vector<std::shared_ptr<pipeline_state>>;
    const std::scoped_lock lock(mutex);
    reached.store(state.get(), std::memory_order_release);
    if (std::ranges::find(kept, state) == kept.end())
        kept.push_back(std::move(state));
    telemetry::install(&functions);
}

void uninstall(const pipeline_state* state) noexcept {
    auto* expected = const_cast<pipeline_state*>(state);
    reached.compare_exchange_strong(expected, nullptr);
}

void count_lines(const line_counts& counts) noexcept {
    if (exchange_counting(true))
        return;
    try {
        static const auto& counters = *new line_counters;
        for (std::size_t l = 0; l < level_count; ++l)
            add(counters.of_level[l], counts.by_level[l]);
        add(counters.of_dropped, counts.dropped);
        add(counters.of_lost, counts.lost);
    } catch (...) { // no memory for the counters: the lines are written all the same, and the next batch tries again
    }
    exchange_counting(false);
}

} // namespace infra::logging::detail
