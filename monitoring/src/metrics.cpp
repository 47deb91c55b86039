#include "meter.hpp"
#include "recollection.hpp"
#include "registry.hpp"

#include <infra/monitoring/gzip.hpp>

#include <cmath>
#include <stdexcept>

namespace infra::monitoring {
namespace {

std::shared_ptr<const detail::series> hold_or_throw(detail::registry& in, metric_type type, std::string_view name,
                                                    const labels& with, std::span<const double> buckets = {}) {
    auto found = in.hold(type, name, detail::label_set(with), buckets);
    if (!found.it)
        throw std::invalid_argument("monitoring::metrics: " + found.problem->metric + " " + found.problem->sentence);
    if (found.problem)
        in.report(*found.problem);
    return std::move(found.it);
}

// The long way of a name given anew with each call. Nothing that is wrong with it may disturb the caller.
template <class Use>
[[gnu::noinline]] void find_and_use(detail::registry& in, metric_type type, std::string_view name, const labels& with,
                                    Use use_series) noexcept {
    const detail::saying said{in.era(), type, name, with}; // of before it is found: what is forgotten meanwhile, is
    try {
        auto found = in.find(type, name, detail::label_set(with));
        if (found.it)
            use_series(*found.it);
        if (found.problem)
            found.it ? in.report(*found.problem) : in.reject(found.problem->metric, found.problem->sentence);
        if (found.it && !found.overflow)
            detail::remember(said, std::move(found.it));
    } catch (const std::exception& e) {
        in.reject(name, e.what());
    }
}

template <class Use>
[[gnu::always_inline]] void use(detail::registry& in, metric_type type, std::string_view name, const labels& with,
                                Use use_series) noexcept {
    if (const auto* known = detail::recall({in.era(), type, name, with})) [[likely]]
        return use_series(*known);
    find_and_use(in, type, name, with, use_series);
}

} // namespace

metrics::metrics(metrics_options options) : registry_(std::make_shared<detail::registry>(options)) {}

metrics::~metrics() { detail::uninstall(registry_.get()); }

void metrics::add(std::string_view name, double by, const labels& with) noexcept {
    if (!(by >= 0) || !std::isfinite(by))
        return registry_->reject_amount(name);
    use(*registry_, metric_type::counter, name, with, [by](const detail::series& s) { detail::add(s, by); });
}

void metrics::add_whole(std::string_view name, std::uint64_t by, const labels& with) noexcept {
    use(*registry_, metric_type::counter, name, with, [by](const detail::series& s) { detail::add_whole(s, by); });
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
    counter_series bound(hold_or_throw(*registry_, metric_type::counter, name, with));
    if (!help.empty())
        describe(name, help);
    return bound;
}

gauge_series metrics::bind_gauge(std::string_view name, labels with, std::string_view help) {
    gauge_series bound(hold_or_throw(*registry_, metric_type::gauge, name, with));
    if (!help.empty())
        describe(name, help);
    return bound;
}

histogram_series metrics::bind_histogram(std::string_view name, labels with, histogram_options options) {
    histogram_series bound(hold_or_throw(*registry_, metric_type::histogram, name, with, options.buckets));
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

bool metrics::remove(std::string_view name, labels with) { return registry_->remove(name, detail::label_set(with)); }

void metrics::before_scrape(std::function<void()> collect) { registry_->before_scrape(std::move(collect)); }

exposition metrics::expose(std::string_view accept, std::string_view accept_encoding) const {
    const auto format = detail::choose_format(accept);
    exposition out{.content_type = std::string(detail::content_type(format)), .body = registry_->write(format)};
    if (detail::takes_gzip(accept_encoding)) {
        out.body = gzip(out.body);
        out.content_encoding = "gzip";
    }
    return out;
}

std::vector<metric_family> metrics::collect() const { return registry_->collected(); }

void metrics::install() noexcept { detail::install(registry_); }

} // namespace infra::monitoring
