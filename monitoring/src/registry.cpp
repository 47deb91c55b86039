#include "registry.hpp"

#include "process.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/describe/enum_to_string.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <mutex>
#include <stdexcept>

namespace infra::monitoring::detail {
namespace {

std::string_view name_of(metric_type t) noexcept { return boost::describe::enum_to_string(t, "metric"); }

const label_set& overflow_labels() {
    static constexpr infra::label overflow[] = {{"overflow", "true"}};
    static const label_set one{std::span(overflow)};
    return one;
}

bool are_buckets(std::span<const double> bounds) noexcept {
    return bounds.size() <= 200 && std::ranges::all_of(bounds, [](double b) { return std::isfinite(b); }) &&
           std::ranges::adjacent_find(bounds, std::greater_equal<>()) == bounds.end();
}

} // namespace

// What is looked up may be no name at all and hold any byte, so each part's length tells where it ends.
series_key::series_key(metric_type type, std::string_view name, const label_set& with) {
    const auto put = [this](std::string_view text) {
        const auto size = text.size();
        const auto* const bytes = reinterpret_cast<const char*>(&size);
        bytes_.insert(bytes_.end(), bytes, bytes + sizeof size);
        bytes_.insert(bytes_.end(), text.begin(), text.end());
    };
    bytes_.push_back(static_cast<char>('0' + static_cast<int>(type)));
    put(name);
    for (const auto& [label_name, value] : with.items()) {
        put(label_name);
        put(value);
    }
    text_ = {bytes_.data(), bytes_.size()};
}

std::size_t registry::key_hash::operator()(std::string_view s) const noexcept {
    return std::hash<std::string_view>()(s);
}

std::uint64_t registry::next_era() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

registry::registry(metrics_options options) : options_(options), era_(next_era()) {
    const auto require = [](bool holds, const char* sentence) {
        if (!holds)
            throw std::invalid_argument(std::string("monitoring::metrics_options::") + sentence);
    };
    require(options_.max_series_per_metric > 0, "max_series_per_metric must be at least 1");
    require(options_.max_metrics > 0, "max_metrics must be at least 1");
    require(options_.remove_idle_after.count() >= 0, "remove_idle_after must not be negative");
    require(options_.time, "time must not be null");
    if (options_.process_metrics)
        for (const auto& each : process_families())
            for (const auto& name : occupied_names(each.exposed.name, each.type))
                occupied_.emplace(name, "of the process");
    know(*this);
}

registry::~registry() { forget(*this); }

// --- finding ---

registry::shared registry::lookup(metric_type type, std::string_view name, const label_set& with) const {
    const series_key key(type, name, with);
    const std::shared_lock lock(mutex_);
    const auto at = by_key_.find(key.view());
    return at == by_key_.end() ? nullptr : at->second;
}

found registry::find(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets) {
    if (auto known = lookup(type, name, with))
        return {.it = std::move(known)};
    {
        // A label bomb: every call asks for a series that is not to be. It need not wait for the exclusive lock.
        const std::shared_lock lock(mutex_);
        if (const auto at = families_.find(name);
            at != families_.end() && at->second.full && at->second.info->type == type)
            return {.it = at->second.overflow, .overflow = true};
    }
    const std::unique_lock lock(mutex_);
    return make(type, name, with, buckets);
}

found registry::hold(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets) {
    const std::unique_lock lock(mutex_);
    auto result = make(type, name, with, buckets);
    if (!result.it)
        return result;
    auto handle = result.it->handles.lock();
    if (!handle) {
        handle = std::make_shared<shared>(result.it);
        result.it->handles = handle;
    }
    result.it = shared(std::move(handle), result.it.get()); // refers to the handle, which refers to the series
    return result;
}

found registry::keep(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets) {
    const std::unique_lock lock(mutex_);
    auto result = make(type, name, with, buckets);
    if (result.it)
        result.it->kept = true;
    return result;
}

found registry::make(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets) {
    const series_key key(type, name, with);
    if (const auto at = by_key_.find(key.view()); at != by_key_.end())
        return {.it = at->second};
    const auto refuse = [name](std::string sentence) {
        return found{.problem = complaint{std::string(name), std::move(sentence)}};
    };
    if (!is_metric_name(name))
        return refuse("is not a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*, at most 200 bytes");
    if (const auto problem = with.problem(); !problem.empty())
        return refuse(std::string(problem));
    std::string problem;
    auto* const f = family_for(type, name, buckets, problem);
    if (!f)
        return refuse(std::move(problem));
    if (f->all.size() < options_.max_series_per_metric)
        return {.it = add_series(*f, with, std::string(key.view()))};
    const bool first = !std::exchange(f->full, true);
    found result{.it = overflow_of(*f), .overflow = true};
    if (first)
        result.problem = complaint{std::string(name), "has " + std::to_string(options_.max_series_per_metric) +
                                                          " series (metrics_options::max_series_per_metric); further "
                                                          "label sets are counted together under overflow=\"true\""};
    return result;
}

family* registry::family_for(metric_type type, std::string_view name, std::span<const double> buckets,
                             std::string& problem) {
    if (const auto at = families_.find(name); at != families_.end()) {
        if (at->second.info->type == type)
            return &at->second;
        problem = "is a " + std::string(name_of(at->second.info->type)) + " and cannot be used as a " +
                  std::string(name_of(type));
        return nullptr;
    }
    if (families_.size() >= options_.max_metrics) {
        problem = "would be one of more than " + std::to_string(options_.max_metrics) +
                  " metrics (metrics_options::max_metrics); are names made of data that belongs into labels?";
        return nullptr;
    }
    auto info = std::make_shared<family_info>(
        family_info{std::string(name), type, exposed_as(name, type), {}, options_.exemplars});
    const auto names = occupied_names(info->exposed.name, type);
    for (const auto& each : names)
        if (const auto at = occupied_.find(each); at != occupied_.end()) {
            problem = "would be exposed as " + info->exposed.name + ", which clashes with the metric " + at->second;
            return nullptr;
        }
    if (type == metric_type::histogram) {
        const auto bounds = buckets.empty() ? default_buckets(name) : buckets;
        if (!are_buckets(bounds)) {
            problem = "has buckets that are not finite, rising and at most 200";
            return nullptr;
        }
        info->bounds.assign(bounds.begin(), bounds.end());
    }
    for (const auto& each : names)
        occupied_.emplace(each, name);
    return &families_.emplace(name, family(std::move(info))).first->second;
}

registry::shared registry::add_series(family& f, const label_set& with, std::string key) {
    auto made = std::make_shared<series>(f.info, with);
    made->changed = looked_for_idle_;
    made->since = options_.time->wall();
    f.all.push_back(made);
    f.sorted.reset();
    by_key_.emplace(std::move(key), made);
    return made;
}

registry::shared registry::overflow_of(family& f) {
    if (!f.overflow) {
        const series_key key(f.info->type, f.info->name, overflow_labels());
        f.overflow = add_series(f, overflow_labels(), std::string(key.view()));
    }
    return f.overflow;
}

void registry::describe(std::string_view name, std::string_view help) {
    const std::unique_lock lock(mutex_);
    if (help_.size() < options_.max_metrics || help_.contains(name))
        help_.insert_or_assign(std::string(name), std::string(help));
}

// --- saying what went wrong ---

void registry::reject(std::string_view name, std::string_view sentence) noexcept {
    try {
        const label_set none{labels()};
        if (auto counter = find(metric_type::counter, "metrics_rejected_total", none).it)
            add_whole(*counter, 1);
        {
            constexpr std::size_t most = 1000;
            const std::unique_lock lock(mutex_);
            if (complained_.size() >= most || !complained_.emplace(name).second)
                return;
        }
        report({std::string(name), std::string(sentence)});
    } catch (...) { // no memory to complain with
    }
}

void registry::reject_amount(std::string_view name) noexcept {
    reject(name,
           "was given a number it cannot take: a counter takes no negative or infinite amount, a histogram no NaN");
}

void registry::report(const complaint& c) {
    telemetry::log(level::warn, "monitoring", "a metric " + c.sentence, {{"metric", c.metric}});
}

} // namespace infra::monitoring::detail
