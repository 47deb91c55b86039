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

std::uint64_t next_era() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::shared_ptr<const series_list> sorted(series_list all) {
    std::ranges::sort(all, {}, [](const auto& each) -> const std::string& { return each->text; });
    return std::make_shared<const series_list>(std::move(all));
}

bool are_buckets(std::span<const double> bounds) noexcept {
    return bounds.size() <= 200 && std::ranges::all_of(bounds, [](double b) { return std::isfinite(b); }) &&
           std::ranges::adjacent_find(bounds, std::greater_equal<>()) == bounds.end();
}

} // namespace

// --- the registry ---

series_key::series_key(metric_type type, std::string_view name, const label_set& with) {
    const auto put = [this](std::string_view text) {
        bytes_.insert(bytes_.end(), text.begin(), text.end());
        bytes_.push_back('\xFF'); // in no name, and in no value that is UTF-8
    };
    bytes_.push_back(static_cast<char>('0' + static_cast<int>(type)));
    put(name);
    for (const auto& [label_name, value] : with.items()) {
        put(label_name);
        const auto size = value.size(); // a value may hold any byte, so its length tells where it ends
        put(std::string_view(reinterpret_cast<const char*>(&size), sizeof size));
        put(value);
    }
    text_ = {bytes_.data(), bytes_.size()};
}

std::size_t registry::key_hash::operator()(std::string_view s) const noexcept {
    return std::hash<std::string_view>()(s);
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
}

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

// --- forgetting ---

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
    const std::unique_lock lock(mutex_);
    forget_if([](const series& s) { return !s.held(); });
    const cell_reader reader;
    for (auto& [name, f] : families_)
        for (const auto& each : f.all)
            start_again(*each, reader);
}

// Other threads may be counting, so their cells cannot be set to zero; what is there is subtracted from now on.
void registry::start_again(series& s, const cell_reader& reader) {
    s.level.store(0, std::memory_order_relaxed);
    s.since = options_.time->wall();
    if (s.of->type == metric_type::counter)
        s.value_before += s.value(reader);
    if (s.of->type == metric_type::histogram) {
        s.distribution_before = {};
        s.distribution_before = s.distribution(reader);
    }
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
    const double at =
        s.of->type == metric_type::histogram ? static_cast<double>(s.distribution(reader).count) : s.value(reader);
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

// --- reading ---

std::optional<double> registry::value_of(metric_type type, std::string_view name, const label_set& with) const {
    const std::shared_lock stable(baselines_);
    const auto known = lookup(type, name, with);
    return known ? std::optional(known->value(cell_reader())) : std::nullopt;
}

std::optional<histogram_value> registry::distribution_of(std::string_view name, const label_set& with) const {
    const std::shared_lock stable(baselines_);
    const auto known = lookup(metric_type::histogram, name, with);
    return known ? std::optional(known->distribution(cell_reader())) : std::nullopt;
}

// Only pointers to lists are copied under the lock that the first use of a series needs; sorting is for the first that
// asks after such a use.
std::vector<registry::listed_family> registry::list() const {
    std::vector<listed_family> out;
    std::vector<series_list> unsorted;
    {
        const std::shared_lock lock(mutex_);
        out.reserve(families_.size());
        for (const auto& [name, f] : families_) {
            const auto help = help_.find(name);
            out.emplace_back(f.info, help == help_.end() ? default_help(name) : help->second, f.sorted);
            if (!f.sorted)
                unsorted.push_back(f.all);
        }
    }
    auto next = unsorted.begin();
    for (auto& each : out)
        if (!each.series)
            each.series = sorted(std::move(*next++));
    if (unsorted.empty())
        return out;
    const std::unique_lock lock(mutex_);
    for (const auto& each : out)
        if (const auto f = families_.find(each.info->name); f != families_.end() && f->second.info == each.info &&
                                                            !f->second.sorted &&
                                                            f->second.all.size() == each.series->size())
            f->second.sorted = each.series;
    return out;
}

std::vector<metric_value> registry::values() const {
    const std::shared_lock stable(baselines_);
    const auto families = list();
    const cell_reader reader;
    const auto now = options_.time->wall();
    std::vector<metric_value> out;
    for (const auto& [info, help, all] : families)
        for (const auto& s : *all) {
            double value = 0;
            if (info->type == metric_type::histogram) {
                const auto d = s->distribution(reader);
                value = d.count == 0 ? 0 : d.sum / static_cast<double>(d.count);
            } else {
                value = s->value(reader);
            }
            out.push_back({info->name, info->type, value, s->labels, now});
        }
    return out;
}

std::vector<family_snapshot> registry::snapshot() const {
    const std::shared_lock stable(baselines_);
    const auto families = list();
    const cell_reader reader;
    std::vector<family_snapshot> out;
    out.reserve(families.size());
    for (const auto& [info, help, all] : families) {
        auto& f =
            out.emplace_back(family_snapshot{.exposed = info->exposed, .type = info->type, .help = help, .owner = all});
        f.samples.reserve(all->size());
        for (const auto& s : *all) {
            if (info->type == metric_type::histogram) {
                f.samples.push_back({.labels = s->text, .named = &s->labels, .since = s->since});
                f.distributions.push_back(s->distribution(reader));
            } else {
                f.samples.push_back(
                    {.labels = s->text, .value = s->value(reader), .named = &s->labels, .since = s->since});
            }
            if (auto examples = s->exemplars_now(); !examples.empty()) {
                f.exemplars.resize(f.samples.size()); // of those before that have none as well
                f.exemplars.back() = std::move(examples);
            }
        }
    }
    return out;
}

std::vector<family_snapshot> registry::scrape() {
    collect();
    auto families = snapshot();
    if (options_.process_metrics)
        for (auto& each : process_families())
            families.push_back(std::move(each));
    std::ranges::sort(families, {}, [](const family_snapshot& f) -> const std::string& { return f.exposed.name; });
    return families;
}

std::string registry::write(exposition_format format) {
    const auto families = scrape();
    auto out = format == exposition_format::text ? to_text(families, last_size_) : to_openmetrics(families, last_size_);
    last_size_ = out.size();
    remove_idle();
    return out;
}

std::vector<metric_family> registry::collected() {
    std::vector<metric_family> out;
    for (auto& each : scrape())
        out.push_back(as_family(std::move(each)));
    remove_idle();
    return out;
}

void registry::before_scrape(std::function<void()> collect) {
    const std::unique_lock lock(mutex_);
    collectors_.push_back(std::make_shared<const std::function<void()>>(std::move(collect)));
}

void registry::collect() {
    std::vector<std::shared_ptr<const std::function<void()>>> all;
    {
        const std::shared_lock lock(mutex_);
        all = collectors_;
    }
    for (const auto& each : all) {
        const auto failed = [this](std::string_view why) {
            if (auto counter = find(metric_type::counter, "metrics_collect_failures_total", label_set{labels()}).it)
                add_whole(*counter, 1);
            if (!complained_of_collector_.exchange(true))
                telemetry::log(level::error, "monitoring", "a function given to before_scrape failed",
                               {{"error", why}});
        };
        try {
            (*each)();
        } catch (const std::exception& e) {
            failed(e.what());
        } catch (...) {
            failed("it threw what is no std::exception");
        }
    }
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
