// What the registry forgets: at a word, or because nothing was counted into it for long.

#include "registry.hpp"

#include <mutex>
#include <set>

namespace infra::monitoring::detail {

// A thread that recalls the series from before may still count into it, which is as if it had done so just before.
void registry::forget_if(const std::function<bool(const series&)>& which) {
    boost::unordered::erase_if(by_key_, [&](const auto& each) { return which(*each.second); });
    for (auto f = families_.begin(); f != families_.end();) {
        forget_in(f->second, which);
        f = f->second.all.empty() ? forget_family(f) : std::next(f);
    }
    era_.store(next_era(), std::memory_order_release);
}

void registry::forget_in(family& f, const std::function<bool(const series&)>& which) {
    if (std::erase_if(f.all, [&](const shared& each) { return which(*each); }) == 0)
        return;
    f.sorted.reset();
    f.full = false;
    if (f.overflow && which(*f.overflow))
        f.overflow.reset();
}

registry::family_map::iterator registry::forget_family(family_map::iterator f) {
    const auto& info = *f->second.info;
    for (const auto& each : occupied_names(info.exposed.name, info.type))
        occupied_.erase(each);
    return families_.erase(f);
}

void registry::clear() {
    const std::unique_lock no_reader(baselines_);
    const auto kept = keep_what_is_held();
    const cell_reader reader;
    for (const auto& each : kept) // not under mutex_: a histogram may have to wait for a thread that was stopped
        start_again(*each, reader);
}

series_list registry::keep_what_is_held() {
    const std::unique_lock lock(mutex_);
    forget_if([](const series& s) { return !s.held(); });
    series_list kept;
    for (const auto& [name, f] : families_)
        kept.insert(kept.end(), f.all.begin(), f.all.end());
    return kept;
}

// Other threads may be counting, so their cells cannot be set to zero; what is there is subtracted from now on.
void registry::start_again(series& s, const cell_reader& reader) {
    s.level.store(0, std::memory_order_relaxed);
    s.since = options_.time->wall();
    if (s.of->type == metric_type::counter)
        s.value_before += s.value(reader);
    if (s.of->type == metric_type::histogram)
        s.observed_before = s.observed(reader);
    if (auto* examples = s.examples.load(std::memory_order_acquire))
        examples->clear();
}

bool registry::remove(std::string_view name, const label_set& with) {
    const std::unique_lock lock(mutex_);
    const auto f = families_.find(name);
    if (f == families_.end())
        return false;
    const auto at = by_key_.find(series_key(f->second.info->type, name, with).view());
    if (at == by_key_.end() || at->second->held())
        return false;
    const auto gone = at->second;
    by_key_.erase(at);
    forget_in(f->second, [&](const series& each) { return &each == gone.get(); });
    if (f->second.all.empty())
        forget_family(f);
    era_.store(next_era(), std::memory_order_release);
    return true;
}

bool registry::is_idle(series& s, const cell_reader& reader, steady_time now) const {
    const double at = s.progress(reader);
    const bool touched = s.of->type == metric_type::gauge && s.touched.exchange(false, std::memory_order_relaxed);
    if (touched || at != s.idle_at) {
        s.idle_at = at;
        s.changed = now;
    }
    return !s.held() && now - s.changed >= options_.remove_idle_after;
}

void registry::remove_idle() {
    if (options_.remove_idle_after.count() == 0)
        return;
    const std::unique_lock no_reader(baselines_);
    const std::unique_lock lock(mutex_);
    const cell_reader reader;
    looked_for_idle_ = options_.time->steady();
    std::set<const series*> idle;
    for (auto& [name, f] : families_)
        for (const auto& each : f.all)
            if (is_idle(*each, reader, looked_for_idle_))
                idle.insert(each.get());
    if (!idle.empty())
        forget_if([&](const series& each) { return idle.contains(&each); });
}

} // namespace infra::monitoring::detail
