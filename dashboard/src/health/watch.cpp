#include "watch.hpp"

#include <algorithm>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr auto between_runs = 5s;

double in_milliseconds(std::chrono::nanoseconds d) { return std::chrono::duration<double, std::milli>(d).count(); }

json::value when(const std::optional<wall_time>& t) { return t ? json::value(to_unix_ms(*t)) : json::value(); }

} // namespace

// --- What was -----------------------------------------------------------------------------------------------------------

void health_history::add(const health::health_report& report) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, line] : report.checks) {
        if (checks_.size() >= most_checks && !checks_.contains(name))
            continue;
        auto& runs = checks_[name].runs;
        if (runs.size() >= most_runs)
            runs.pop_front();
        runs.push_back({report.timestamp, line.status, line.latency});
    }
}

void health_history::add(const health::status_change& change, wall_time now) {
    const std::scoped_lock lock(mutex_);
    if (checks_.size() < most_checks || checks_.contains(change.check))
        checks_[change.check].changed = now;
}

health_history::known health_history::of(const std::string& check) const {
    const std::scoped_lock lock(mutex_);
    const auto found = checks_.find(check);
    return found == checks_.end() ? known{} : found->second;
}

wall_time health_history::since() const { return of("").changed.value_or(began_); }

// --- What is ------------------------------------------------------------------------------------------------------------

struct health_watch::state {
    health::registry& of;
    clock& time;
    health_history history{time.wall()};
    std::mutex mutex{};
    std::optional<health_seen> last{};                                          // guarded by mutex
    steady_time looked{};                                                       // likewise
    std::vector<std::function<void(const health::status_change&)>> listeners{}; // before the service runs
};

health_watch::health_watch(health::registry& of, clock& time) : state_(new state{of, time}) {
    of.on_change([weak = std::weak_ptr(state_)](const health::status_change& change) {
        const auto self = weak.lock();
        if (!self)
            return;
        self->history.add(change, self->time.wall());
        for (const auto& each : self->listeners)
            each(change);
    });
}

void health_watch::on_change(std::function<void(const health::status_change&)> told) {
    state_->listeners.push_back(std::move(told));
}

awaitable<health_seen> health_watch::look() {
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->last && state_->time.steady() - state_->looked < between_runs)
            co_return *state_->last;
    }
    co_return co_await run_now();
}

awaitable<health_seen> health_watch::run_now() {
    const auto held = state_;
    health_seen seen{.report = co_await held->of.run()};
    seen.live = (co_await held->of.run("live")).status != health::health_status::unhealthy;
    seen.ready = (co_await held->of.run("ready")).status != health::health_status::unhealthy;
    held->history.add(seen.report);
    const std::scoped_lock lock(held->mutex);
    held->looked = held->time.steady();
    held->last = seen;
    co_return seen;
}

wall_time health_watch::since() const { return state_->history.since(); }

// --- As documents -------------------------------------------------------------------------------------------------------

namespace {

json::array documents_of_runs(const std::deque<health_history::run>& runs) {
    json::array all;
    for (const auto& each : runs)
        all.push_back(json::object{
            {"at", to_unix_ms(each.at)}, {"status", to_string(each.status)}, {"ms", in_milliseconds(each.took)}});
    return all;
}

json::object document_of_check(const std::string& name, const health::check_report& line, wall_time reported,
                               const health_history::known& before) {
    return {{"name", name},
            {"status", to_string(line.status)},
            {"critical", line.critical},
            {"skipped", line.skipped},
            {"message", line.message},
            {"details", line.details},
            {"ms", in_milliseconds(line.latency)},
            {"checked", to_unix_ms(reported - line.age)},
            {"changed", when(before.changed)},
            {"failures", line.failures},
            {"last_success", when(line.last_success)},
            {"last_failure", when(line.last_failure)},
            {"history", documents_of_runs(before.runs)}};
}

} // namespace

json::object health_watch::document_of(const health_seen& seen) const {
    json::array checks;
    for (const auto& [name, line] : seen.report.checks)
        checks.push_back(document_of_check(name, line, seen.report.timestamp, state_->history.of(name)));
    return {{"status", to_string(seen.report.status)},
            {"since", to_unix_ms(since())},
            {"live", seen.live},
            {"ready", seen.ready},
            {"partial", seen.report.partial},
            {"checks", std::move(checks)}};
}

json::array health_watch::causes_of(const health_seen& seen) const {
    std::vector<const health::check_list::value_type*> bad;
    for (const auto& each : seen.report.checks)
        if (each.second.status != health::health_status::healthy && !each.second.skipped)
            bad.push_back(&each);
    std::ranges::sort(bad, [](const auto* a, const auto* b) {
        return a->second.status != b->second.status ? a->second.status > b->second.status : a->first < b->first;
    });
    json::array causes;
    for (const auto* const each : bad)
        causes.push_back(json::object{
            {"check", each->first},
            {"status", to_string(each->second.status)},
            {"text", each->second.message.empty() ? std::string(to_string(each->second.status)) : each->second.message},
            {"link", "#/health"}});
    return causes;
}

} // namespace infra::dashboard
