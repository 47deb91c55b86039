// What is read from the registry: one series, or all of them in a scrape, which holds up nobody who counts.

#include "process.hpp"
#include "registry.hpp"

#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <mutex>

namespace infra::monitoring::detail {
namespace {

std::shared_ptr<const series_list> sorted(series_list all) {
    std::ranges::sort(all, {}, [](const auto& each) -> const std::string& { return each->text; });
    return std::make_shared<const series_list>(std::move(all));
}

} // namespace

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

} // namespace infra::monitoring::detail
