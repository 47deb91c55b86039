#include "instruments.hpp"

#include <map>
#include <mutex>
#include <string>

namespace infra::cache {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;

const instrument requests_total{.kind = instrument_kind::counter,
                                .name = "cache_requests_total",
                                .help = "Values asked for: hit, miss, or stale when served past its ttl."};
const instrument loads_total{
    .kind = instrument_kind::counter, .name = "cache_loads_total", .help = "Loaders that get_or_set ran, by outcome."};
const instrument load_seconds{.kind = instrument_kind::histogram,
                              .name = "cache_load_duration_seconds",
                              .help = "How long loaders ran, whatever came of it."};
const instrument dropped_total{.kind = instrument_kind::counter,
                               .name = "cache_refreshes_dropped_total",
                               .help = "Background refreshes not begun, because too many ran."};
const instrument unreadable_total{.kind = instrument_kind::counter,
                                  .name = "cache_unreadable_values_total",
                                  .help =
                                      "Values that were damaged or written by a later release; they count as misses."};

const instrument stored_bytes_now{
    .kind = instrument_kind::gauge, .name = "cache_stored_bytes", .help = "What the values in this process cost."};
const instrument stored_entries_now{
    .kind = instrument_kind::gauge, .name = "cache_stored_entries", .help = "Values in this process."};
const instrument evictions_total{
    .kind = instrument_kind::counter, .name = "cache_evictions_total", .help = "Values that went to make room."};

struct all_names {
    std::mutex mutex;
    std::map<std::string, std::unique_ptr<const instruments>, std::less<>> by_name; // guarded by mutex
};

std::string_view name_of(std::string_view prefix) {
    while (prefix.ends_with(':'))
        prefix.remove_suffix(1);
    return prefix.empty() ? "(none)" : prefix;
}

} // namespace

instruments::instruments(std::string_view name)
    : hits(requests_total, {{"namespace", name}, {"result", "hit"}}),
      misses(requests_total, {{"namespace", name}, {"result", "miss"}}),
      stale(requests_total, {{"namespace", name}, {"result", "stale"}}),
      loads_ok(loads_total, {{"namespace", name}, {"outcome", "ok"}}),
      loads_failed(loads_total, {{"namespace", name}, {"outcome", "failed"}}),
      load_duration(load_seconds, {{"namespace", name}}),
      refreshes_dropped(dropped_total, {{"namespace", name}}),
      unreadable(unreadable_total, {{"namespace", name}}),
      stored_bytes(stored_bytes_now, {{"namespace", name}}),
      stored_entries(stored_entries_now, {{"namespace", name}}),
      evictions(evictions_total, {{"namespace", name}}) {}

const instruments& instruments_of(std::string_view prefix) {
    constexpr std::size_t max_names = 100;
    static all_names& all = *new all_names; // never destroyed: reported to until the process ends
    const std::scoped_lock lock(all.mutex);
    auto name = name_of(prefix);
    auto found = all.by_name.find(name);
    if (found == all.by_name.end() && all.by_name.size() >= max_names) {
        name = "(other)";
        found = all.by_name.find(name);
    }
    if (found == all.by_name.end())
        found = all.by_name.emplace(name, std::make_unique<const instruments>(name)).first;
    return *found->second;
}

} // namespace infra::cache
