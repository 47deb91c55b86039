#include "meter.hpp"
#include "process.hpp"
#include "registry.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace infra::monitoring {
namespace {

std::shared_ptr<const detail::series> find_or_throw(detail::registry& in, metric_type type, std::string_view name,
                                                    const labels& with, std::span<const double> buckets = {}) {
    auto [series, problem] = in.find(type, name, detail::label_set(with), buckets);
    if (!series)
        throw std::invalid_argument("monitoring::metrics: " + problem->metric + " " + problem->sentence);
    if (problem)
        in.report(*problem);
    return series;
}

// The way of a name given anew with each call. Nothing that is wrong with it may disturb the caller.
template <class Use>
void use(detail::registry& in, metric_type type, std::string_view name, const labels& with, Use use_series) noexcept {
    try {
        const detail::label_set set(with);
        if (in.use_existing(type, name, set, use_series))
            return;
        const auto found = in.find(type, name, set);
        if (found.it)
            use_series(*found.it);
        if (found.problem)
            found.it ? in.report(*found.problem) : in.reject(found.problem->metric, found.problem->sentence);
    } catch (const std::exception& e) {
        in.reject(name, e.what());
    }
}

} // namespace

metrics::metrics(metrics_options options) : registry_(std::make_shared<detail::registry>(options)) {}

metrics::~metrics() { detail::uninstall(registry_.get()); }

void metrics::add(std::string_view name, double by, const labels& with) noexcept {
    if (!(by >= 0) || !std::isfinite(by))
        return registry_->reject_amount(name);
    use(*registry_, metric_type::counter, name, with, [by](const detail::series& s) { detail::add(s, by); });
}

void metrics::set(std::string_view name, double value, const labels& with) noexcept {
    use(*registry_, metric_type::gauge, name, with, [value](const detail::series& s) { detail::set(s, value); });
}

void metrics::record(std::string_view name, double value, const labels& with) noexcept {
    if (std::isnan(value))
        return registry_->reject_amount(name);
    use(*registry_, metric_type::histogram, name, with, [value](const detail::series& s) { detail::record(s, value); });
}

counter_series metrics::bind_counter(std::string_view name, labels with, std::string_view help) {
    counter_series bound(find_or_throw(*registry_, metric_type::counter, name, with));
    if (!help.empty())
        describe(name, help);
    return bound;
}

gauge_series metrics::bind_gauge(std::string_view name, labels with, std::string_view help) {
    gauge_series bound(find_or_throw(*registry_, metric_type::gauge, name, with));
    if (!help.empty())
        describe(name, help);
    return bound;
}

histogram_series metrics::bind_histogram(std::string_view name, labels with, histogram_options options) {
    histogram_series bound(find_or_throw(*registry_, metric_type::histogram, name, with, options.buckets));
    if (!options.help.empty())
        describe(name, options.help);
    return bound;
}

void metrics::describe(std::string_view name, std::string_view help) { registry_->describe(name, help); }

std::optional<double> metrics::get_counter(std::string_view name, labels with) const {
    return registry_->value_of(metric_type::counter, name, detail::label_set(with));
}

std::optional<double> metrics::get_gauge(std::string_view name, labels with) const {
    return registry_->value_of(metric_type::gauge, name, detail::label_set(with));
}

std::optional<histogram_value> metrics::get_histogram(std::string_view name, labels with) const {
    return registry_->distribution_of(name, detail::label_set(with));
}

std::vector<metric_value> metrics::get_all_metrics() const { return registry_->values(); }

void metrics::clear() { registry_->clear(); }

exposition metrics::expose(std::string_view) const {
    auto families = registry_->snapshot();
    if (registry_->options().process_metrics)
        for (auto& each : detail::process_families())
            families.push_back(std::move(each));
    std::ranges::sort(families, {},
                      [](const detail::family_snapshot& f) -> const std::string& { return f.exposed.name; });
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = detail::to_text(families)};
}

void metrics::install() noexcept { detail::install(registry_); }

} // namespace infra::monitoring
