#include "top_model.hpp"

#include <infra/base/quantile.hpp>

#include <algorithm>
#include <cmath>
#include <ranges>
#include <tuple>
#include <utility>

namespace infra::cli::top {
namespace {

constexpr std::chrono::seconds change_is_told{60};
constexpr double same_start_seconds = 0.5;

double seconds_between(steady_time from, steady_time to) { return std::chrono::duration<double>(to - from).count(); }

std::optional<double> rate(double before, double now, double seconds) {
    return now < before || seconds <= 0 ? std::nullopt : std::optional((now - before) / seconds);
}

// Values of each bucket alone; empty where one fell.
std::vector<std::uint64_t> observed_between(const buckets& before, const buckets& now) {
    std::vector<std::uint64_t> observed;
    double below = 0;
    for (const auto& [bound, sum] : now) {
        const auto found = before.find(bound);
        const double grown = sum - (found == before.end() ? 0 : found->second);
        if (grown < below)
            return {};
        observed.push_back(static_cast<std::uint64_t>(std::llround(grown - below)));
        below = grown;
    }
    return observed;
}

template <class T>
const T& of(const std::map<std::string, T>& all, const std::string& name) {
    static const T none{};
    const auto found = all.find(name);
    return found == all.end() ? none : found->second;
}

std::vector<route_figures> routes_between(const reading& before, const reading& now, double seconds) {
    std::vector<route_figures> all;
    for (const auto& [name, each] : now.routes) {
        const auto& earlier = of(before.routes, name);
        all.push_back({.name = name,
                       .requests = rate(earlier.requests, each.requests, seconds),
                       .errors = rate(earlier.errors, each.errors, seconds),
                       .durations = quantiles_between(earlier.durations, each.durations)});
    }
    return all;
}

std::vector<queue_figures> queues_between(const reading& before, const reading& now, double seconds) {
    std::vector<queue_figures> all;
    for (const auto& [name, each] : now.queues) {
        const auto& earlier = of(before.queues, name);
        all.push_back({.name = name,
                       .now = each,
                       .finished = rate(earlier.finished, each.finished, seconds),
                       .failing = rate(earlier.failing, each.failing, seconds)});
    }
    return all;
}

// Names without rates: a single look, or one over a restart.
figures alone(const reading& now) {
    figures made;
    for (const auto& [name, each] : now.routes)
        made.routes.push_back({.name = name});
    for (const auto& [name, each] : now.queues)
        made.queues.push_back({.name = name, .now = each});
    return made;
}

history::point point_of(const picture& p) {
    const auto& f = p.figures;
    history::point made{};
    const auto set = [&](trend which, std::optional<double> value) { made[static_cast<std::size_t>(which)] = value; };
    set(trend::requests, f.rate(counted::requests));
    set(trend::errors, f.rate(counted::server_errors));
    set(trend::p95, f.durations.p95);
    set(trend::waiting, p.waiting());
    set(trend::finished, f.rate(counted::jobs_finished));
    set(trend::deliveries, f.rate(counted::deliveries));
    set(trend::memory, p.last->gauge(measured::resident_bytes));
    set(trend::cpu, f.rate(counted::cpu_seconds));
    set(trend::lag, f.lag.p99);
    set(trend::mails, f.rate(counted::mails_sent));
    set(trend::storage, f.rate(counted::storage_calls));
    return made;
}

} // namespace

quantiles quantiles_between(const buckets& before, const buckets& now) {
    const auto observed = observed_between(before, now);
    std::vector<double> bounds;
    for (const auto& [bound, sum] : now)
        if (std::isfinite(bound))
            bounds.push_back(bound);
    if (bounds.empty() || observed.size() != bounds.size() + 1)
        return {};
    return {quantile(bounds, observed, 0.5), quantile(bounds, observed, 0.95), quantile(bounds, observed, 0.99)};
}

change change_between(const reading& before, const reading& now) {
    const auto earlier = before.gauge(measured::started), later = now.gauge(measured::started);
    if (earlier && later && std::abs(*later - *earlier) > same_start_seconds)
        return *later > *earlier ? change::restarted : change::other_process;
    const bool known = earlier && later;
    const bool fell = std::ranges::any_of(std::views::iota(std::size_t{0}, counted_kinds),
                                          [&](std::size_t i) { return now.counters[i] < before.counters[i]; });
    return !known && fell ? change::restarted : change::none;
}

figures compare(const reading& before, const reading& now) {
    if (change_between(before, now) != change::none)
        return alone(now);
    const auto seconds = seconds_between(before.at, now.at);
    figures made;
    for (std::size_t i = 0; i < counted_kinds; ++i)
        made.per_second[i] = rate(before.counters[i], now.counters[i], seconds);
    made.durations = quantiles_between(before.durations, now.durations);
    made.lag = quantiles_between(before.lag, now.lag);
    const auto hits = made.rate(counted::cache_hits), misses = made.rate(counted::cache_misses);
    if (hits && misses && *hits + *misses > 0)
        made.hit_rate = *hits / (*hits + *misses);
    made.routes = routes_between(before, now, seconds);
    made.queues = queues_between(before, now, seconds);
    return made;
}

void history::add(point p) {
    points.push_back(p);
    if (points.size() > most_points)
        points.pop_front();
    ++taken;
}

std::vector<std::optional<double>> history::cells(trend of, std::size_t width) const {
    std::vector<std::optional<double>> made;
    if (width == 0)
        return made;
    const std::size_t each = (most_points + width - 1) / width;
    const std::size_t first = taken - points.size();
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (i == 0 || (first + i) % each == 0)
            made.emplace_back();
        const auto& value = points[i][static_cast<std::size_t>(of)];
        if (value)
            made.back() = std::max(made.back().value_or(*value), *value);
    }
    if (made.size() > width)
        made.erase(made.begin(), made.end() - static_cast<std::ptrdiff_t>(width));
    return made;
}

double picture::waiting() const {
    double all = 0;
    for (const auto& each : figures.queues)
        all += each.now.waiting;
    return all;
}

std::optional<double> picture::sum(std::optional<double> queue_reading::* member) const {
    std::optional<double> all;
    for (const auto& each : figures.queues)
        if (const auto& one = each.now.*member)
            all = all.value_or(0) + *one;
    return all;
}

double picture::oldest_seconds() const {
    double oldest = 0;
    for (const auto& each : figures.queues)
        if (!each.now.paused)
            oldest = std::max(oldest, each.now.oldest_seconds);
    return oldest;
}

std::optional<double> picture::uptime_seconds() const { return last ? last->uptime_seconds : std::nullopt; }

void model::take(reading now) {
    shown_.figures = shown_.last ? compare(*shown_.last, now) : alone(now);
    if (shown_.last)
        if (const auto what = change_between(*shown_.last, now); what != change::none)
            std::tie(shown_.changed, shown_.changed_at) = std::pair(what, now.at);
    if (now.at - shown_.changed_at > change_is_told)
        shown_.changed = change::none;
    shown_.at = now.at;
    shown_.down.reset();
    shown_.last = std::move(now);
    shown_.past.add(point_of(shown_));
}

void model::fail(std::string reason, steady_time at) {
    const auto since = shown_.down ? shown_.down->since : at;
    shown_.down = outage{std::move(reason), since};
    shown_.at = at;
    shown_.past.add({});
}

} // namespace infra::cli::top
