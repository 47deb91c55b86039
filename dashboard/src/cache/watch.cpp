#include "watch.hpp"

#include <algorithm>
#include <utility>

namespace infra::dashboard {
namespace {

double* counter_for(cache_counts& in, const std::string& metric, const monitoring::label_map& labels) {
    const auto value_of = [&labels](const char* name) {
        const auto found = labels.find(name);
        return found == labels.end() ? std::string() : std::string(found->second);
    };
    if (metric == "cache_requests_total") {
        const auto result = value_of("result");
        return result == "hit" ? &in.hits : result == "miss" ? &in.misses : result == "stale" ? &in.stale : nullptr;
    }
    return value_of("outcome") == "failed" ? &in.failed_loads : &in.loads;
}

} // namespace

cache_counts operator-(const cache_counts& now, const cache_counts& then) noexcept {
    // What was counted anew from zero counts whole.
    const auto grown = [](double a, double b) { return a >= b ? a - b : a; };
    return {.hits = grown(now.hits, then.hits),
            .misses = grown(now.misses, then.misses),
            .stale = grown(now.stale, then.stale),
            .loads = grown(now.loads, then.loads),
            .failed_loads = grown(now.failed_loads, then.failed_loads)};
}

cache_counts& operator+=(cache_counts& to, const cache_counts& more) noexcept {
    to.hits += more.hits;
    to.misses += more.misses;
    to.stale += more.stale;
    to.loads += more.loads;
    to.failed_loads += more.failed_loads;
    return to;
}

counts_by_name counts_in(const std::vector<monitoring::metric_family>& all) {
    counts_by_name made;
    for (const auto& family : all) {
        if (family.name != "cache_requests_total" && family.name != "cache_loads_total")
            continue;
        for (const auto& point : family.points)
            if (const auto name = point.labels.find("namespace"); name != point.labels.end())
                if (auto* const to = counter_for(made[std::string(name->second)], family.name, point.labels))
                    *to += point.value;
    }
    return made;
}

cache_seen cache_watch::look(const std::function<std::vector<monitoring::metric_family>()>& metrics, steady_time now) {
    const std::scoped_lock lock(mutex_);
    if (!now_ || now - now_->at >= std::chrono::seconds(1))
        now_ = sample{now, counts_in(metrics())};
    if (samples_.empty() || now - samples_.back().at >= interval)
        samples_.push_back(*now_);
    while (samples_.size() > 1 && now - samples_[1].at >= window)
        samples_.pop_front();
    const auto& then = samples_.front();
    cache_seen made{.over = now_->at - then.at};
    for (const auto& [name, counts] : now_->counts) {
        const auto before = then.counts.find(name);
        const auto grown = before == then.counts.end() ? counts : counts - before->second;
        made.total += grown;
        made.by_name.emplace(name, grown);
    }
    return made;
}

} // namespace infra::dashboard
