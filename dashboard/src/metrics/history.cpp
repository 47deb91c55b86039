#include "history.hpp"

#include <algorithm>
#include <cmath>

namespace infra::dashboard {
namespace {

using monitoring::label_map;
using monitoring::metric_point;
using monitoring::metric_type;

constexpr std::size_t most_exemplars = 16;     // of a series
constexpr tick ticks_between_clearings = 30;   // what is too old goes then
constexpr std::size_t overhead_of_a_node = 64; // of a map, about

std::string key_of_labels(const label_map& labels) {
    std::string key;
    for (const auto& [name, value] : labels)
        key.append(name).append(1, '\0').append(value).append(1, '\0');
    return key;
}

std::size_t bytes_of_labels(const label_map& labels) noexcept {
    std::size_t sum = 0;
    for (const auto& [name, value] : labels)
        sum += 2 * (name.size() + value.size()) + 2 * sizeof(std::string) + overhead_of_a_node; // and again in the key
    return sum;
}

void keep_exemplars(std::deque<seen_exemplar>& kept, const metric_point& from) {
    const auto newest = kept.empty() ? wall_time::min() : kept.back().at;
    std::vector<seen_exemplar> fresh;
    for (const auto& each : from.exemplars)
        if (each.time > newest && each.trace)
            fresh.push_back({.at = each.time, .value = each.value, .trace = each.trace});
    std::ranges::sort(fresh, {}, &seen_exemplar::at);
    kept.insert(kept.end(), fresh.begin(), fresh.end());
    while (kept.size() > most_exemplars)
        kept.pop_front();
}

} // namespace

std::size_t metric_history::series::bytes() const noexcept {
    const auto of_tracks = fine.points.bytes() + rough.points.bytes() +
                           (fine.observed.capacity() + rough.observed.capacity()) * sizeof(std::uint64_t);
    return sizeof(series) + overhead_of_a_node + bytes_of_labels(labels) + of_tracks +
           exemplars.size() * sizeof(seen_exemplar);
}

void metric_history::sample(const std::vector<monitoring::metric_family>& all, wall_time now, steady_time at) {
    const std::scoped_lock lock(mutex_);
    if (now_ < 0)
        began_ = at;
    const auto passed = std::llround(std::chrono::duration<double>(at - began_) / interval);
    if (passed < now_)
        return;
    const bool again = passed == std::exchange(now_, passed);
    const auto before = again ? latest_ : std::exchange(latest_, now);
    if (!first_sample_)
        first_sample_ = now;
    for (const auto& each : all) {
        auto& f = families_[each.name];
        f.type = each.type;
        f.help = each.help;
        for (const auto& point : each.points)
            take(f, point, before, again);
    }
    if (again)
        return;
    if (now_ % ticks_between_clearings == 0)
        forget_old();
    make_room();
}

namespace {

// By how much it grew since it stood at `before`; what fell began anew.
double growth(double before, double now) noexcept { return now >= before ? now - before : now; }

} // namespace

void metric_history::take(family& f, const metric_point& p, wall_time before, bool only_new) {
    const auto key = key_of_labels(p.labels);
    auto found = f.all.find(key);
    const bool fresh = found == f.all.end();
    const bool born_meanwhile = (now_ > 0 || only_new) && p.since > before;
    if (fresh ? full_ && !born_meanwhile : only_new)
        return;
    if (fresh) {
        found = f.all.emplace(key, series(f.type == metric_type::gauge)).first;
        found->second.labels = p.labels;
        found->second.first = now_;
        f.bounds = p.distribution.bounds;
    }
    auto& s = found->second;
    s.last = now_;
    const auto put = [&](track& to) {
        if (f.type == metric_type::gauge) {
            const bool changed = fresh || to.value != p.value;
            to.value = p.value;
            if (changed)
                to.points.add({.at = now_, .value = p.value});
            return changed;
        }
        const bool baseline = fresh && !born_meanwhile;
        if (f.type == metric_type::counter) {
            const auto grown = growth(std::exchange(to.value, p.value), p.value);
            if (grown > 0 && !baseline)
                to.points.add({.at = now_, .value = grown});
            return grown > 0;
        }
        auto grown = p.distribution.buckets;
        const auto& known = to.observed;
        const bool again = known.size() != grown.size() ||
                           !std::ranges::equal(grown, known, [](auto now, auto then) { return now >= then; });
        const auto sum = p.distribution.sum - (again ? 0 : to.value);
        if (!again)
            std::ranges::transform(grown, known, grown.begin(), std::minus());
        const bool changed = std::ranges::any_of(grown, [](auto n) { return n > 0; });
        to.observed = p.distribution.buckets;
        to.value = p.distribution.sum;
        if (changed && !baseline)
            to.points.add({.at = now_, .value = sum, .observed = grown});
        return changed;
    };
    if (put(s.fine))
        s.changed = now_;
    if (fresh || now_ % coarse == 0)
        put(s.rough);
    keep_exemplars(s.exemplars, p);
}

void metric_history::forget_old() {
    for (auto& [name, f] : families_) {
        std::erase_if(f.all, [this](const auto& each) { return each.second.last < now_ - ticks_of_coarse; });
        for (auto& [key, s] : f.all) {
            s.fine.points.forget_before(now_ - ticks_of_fine);
            s.rough.points.forget_before(now_ - ticks_of_coarse);
        }
    }
    std::erase_if(families_, [](const auto& each) { return each.second.all.empty(); });
}

// Those that were quiet for longest go; a twentieth at once, so that it is not done anew with each look.
void metric_history::make_room() {
    std::size_t bytes = 0;
    struct candidate {
        tick changed;
        family* of;
        std::string_view key;
        std::size_t bytes;
    };
    std::vector<candidate> all;
    for (auto& [name, f] : families_)
        for (auto& [key, s] : f.all) {
            all.push_back({s.changed, &f, key, s.bytes()});
            bytes += all.back().bytes;
        }
    full_ = full_ ? bytes > max_bytes_ * 3 / 4 : bytes > max_bytes_;
    if (bytes <= max_bytes_)
        return;
    std::ranges::sort(all, {}, &candidate::changed);
    for (const auto& each : all) {
        if (bytes <= max_bytes_ - max_bytes_ / 20)
            break;
        bytes -= each.bytes;
        ++dropped_;
        each.of->all.erase(each.of->all.find(each.key));
    }
}

wall_time metric_history::time_of(tick t) const noexcept { return latest_ - (now_ - t) * interval; }

std::vector<listed_metric> metric_history::list() const {
    constexpr std::size_t most_values = 50;
    std::vector<listed_metric> out;
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, f] : families_) {
        auto& made =
            out.emplace_back(listed_metric{.name = name, .type = f.type, .help = f.help, .series = f.all.size()});
        for (const auto& [key, s] : f.all) {
            for (const auto& [label, value] : s.labels)
                if (auto& values = made.labels[label];
                    values.size() < most_values && std::ranges::find(values, value) == values.end())
                    values.push_back(value);
            if (f.type == metric_type::histogram)
                for (const auto n : s.fine.observed)
                    made.last += static_cast<double>(n);
            else
                made.last += s.fine.value;
        }
    }
    return out;
}

std::optional<double> metric_history::rate(const std::string& name, const label_map& where,
                                           std::chrono::seconds over) const {
    const std::scoped_lock lock(mutex_);
    const auto found = families_.find(name);
    if (found == families_.end() || found->second.type == metric_type::gauge || now_ < 1)
        return std::nullopt;
    const auto ticks = std::clamp<tick>(over / interval, 1, now_);
    double grown = 0;
    for (const auto& [key, s] : found->second.all)
        if (has_labels(s.labels, where))
            s.fine.points.each([&](const series_point& p) {
                if (p.at <= now_ - ticks)
                    return;
                if (p.observed.empty())
                    grown += p.value;
                for (const auto n : p.observed)
                    grown += static_cast<double>(n);
            });
    return grown / std::chrono::duration<double>(ticks * interval).count();
}

std::vector<seen_exemplar> metric_history::exemplars(const std::string& name, const label_map& where,
                                                     std::size_t at_most) const {
    std::vector<seen_exemplar> out;
    const std::scoped_lock lock(mutex_);
    if (const auto found = families_.find(name); found != families_.end())
        for (const auto& [key, s] : found->second.all)
            if (has_labels(s.labels, where))
                for (auto each : s.exemplars) {
                    each.labels = s.labels;
                    out.push_back(std::move(each));
                }
    std::ranges::sort(out, std::ranges::greater(), &seen_exemplar::at);
    out.resize(std::min(out.size(), at_most));
    return out;
}

metric_history::account metric_history::counts() const {
    account out{.max_bytes = max_bytes_};
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, f] : families_)
        for (const auto& [key, s] : f.all) {
            ++out.series;
            out.bytes += s.bytes();
        }
    out.dropped = dropped_;
    if (first_sample_)
        out.since = std::max(*first_sample_, time_of(now_ - ticks_of_coarse));
    return out;
}

} // namespace infra::dashboard
