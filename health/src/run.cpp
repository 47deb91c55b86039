#include "run.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace infra::health::detail {
namespace {

constexpr double seconds_buckets[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

const telemetry::instrument status_gauge{
    .kind = telemetry::instrument_kind::gauge,
    .name = "health_check_status",
    .help = "Status a check is shown with: 1 healthy, 0.5 degraded, 0 unhealthy, NaN while skipped and once removed."};
const telemetry::instrument duration_histogram{.kind = telemetry::instrument_kind::histogram,
                                               .name = "health_check_duration_seconds",
                                               .help = "Time a check took until it returned.",
                                               .buckets = seconds_buckets};

bool in_group(const entry& e, std::string_view group) {
    return group.empty() || std::ranges::find(e.options.groups, group) != e.options.groups.end();
}

/// Marks what the check depends on, directly or not.
void mark(const entry_list& entries, const entry& e, std::vector<bool>& marked) {
    for (const auto& name : e.options.depends_on) {
        const auto found = find(entries, name);
        if (found == entries.end() || marked[static_cast<std::size_t>(found - entries.begin())])
            continue;
        marked[static_cast<std::size_t>(found - entries.begin())] = true;
        mark(entries, **found, marked);
    }
}

} // namespace

entry::entry(std::string n, checker c, check_options o)
    : name(std::move(n)),
      check(std::move(c)),
      options(std::move(o)),
      status(status_gauge, {{"check", name}}),
      duration(duration_histogram, {{"check", name}}) {}

entry_list::const_iterator find(const entry_list& entries, std::string_view name) noexcept {
    return std::ranges::find(entries, name, [](const auto& e) -> std::string_view { return e->name; });
}

entry_list members(const entry_list& entries, std::string_view group) {
    std::vector<bool> marked(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (in_group(*entries[i], group)) {
            marked[i] = true;
            mark(entries, *entries[i], marked);
        }
    entry_list out;
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (marked[i])
            out.push_back(entries[i]);
    return out;
}

// Only what is new can close a circle, and then it is on it; what it replaces is not.
void check_dependencies(const entry_list& entries, const entry& added) {
    std::vector<bool> marked(entries.size());
    mark(entries, added, marked);
    bool circle = std::ranges::find(added.options.depends_on, added.name) != added.options.depends_on.end();
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (marked[i] && entries[i]->name != added.name)
            circle = circle || std::ranges::find(entries[i]->options.depends_on, added.name) !=
                                   entries[i]->options.depends_on.end();
    if (circle)
        throw std::invalid_argument("health::check_options::depends_on must not lead `" + added.name +
                                    "` back to itself");
}

void run::seat_checks(const entry_list& members) {
    for (const auto& each : members)
        slots.emplace_back().of = each;
    for (auto& each : slots)
        for (const auto& name : each.of->options.depends_on) {
            const auto found = find(members, name);
            if (found != members.end())
                each.after.push_back(static_cast<std::size_t>(found - members.begin()));
        }
}

bool run::may_begin(const slot& s) const noexcept {
    return !s.begun && std::ranges::all_of(s.after, [this](std::size_t i) {
        return slots[i].outcome || slots[i].of->standing->removed;
    });
}

const entry* run::obstacle(const slot& s) const noexcept {
    for (const auto i : s.after) {
        const auto& [of, after, begun, awaited, outcome] = slots[i];
        if (of->standing->removed || !outcome)
            continue;
        if (outcome->skipped || of->standing->shown == health_status::unhealthy)
            return of.get();
    }
    return nullptr;
}

steady_time run::due() const noexcept {
    auto last = began;
    for (const auto& each : slots)
        if (each.awaited)
            last = std::max(last, each.awaited->limit);
    return std::min(last, deadline);
}

steady_time run::next_look(steady_time now) const noexcept {
    auto next = deadline;
    for (const auto& each : slots)
        if (each.awaited && each.awaited->limit > now)
            next = std::min(next, each.awaited->limit);
    return next;
}

} // namespace infra::health::detail
