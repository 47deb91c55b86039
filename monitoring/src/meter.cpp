#include "meter.hpp"

#include "registry.hpp"

#include <mutex>

namespace infra::monitoring::detail {
namespace {

constinit std::atomic<registry*> reached_registry{nullptr};
constinit std::mutex installing; // held over a fork

metric_type type_of(telemetry::instrument_kind kind) noexcept {
    switch (kind) {
    case telemetry::instrument_kind::counter: return metric_type::counter;
    case telemetry::instrument_kind::gauge: return metric_type::gauge;
    case telemetry::instrument_kind::histogram: return metric_type::histogram;
    }
    return metric_type::counter;
}

void* bind(const telemetry::instrument& of, std::span<const infra::label> with) noexcept {
    auto* const in = reached_registry.load(std::memory_order_acquire);
    if (!in)
        return nullptr;
    try {
        auto found = in->keep(type_of(of.kind), of.name, label_set(with), of.buckets);
        if (found.problem)
            found.it ? in->report(*found.problem) : in->reject(found.problem->metric, found.problem->sentence);
        if (!found.it)
            return nullptr;
        if (!of.help.empty())
            in->describe(of.name, of.help);
        return const_cast<series*>(found.it.get());
    } catch (const std::exception&) { // no memory: this reporter is not heard
        return nullptr;
    }
}

void add_to(void* to, double amount) noexcept {
    const auto& s = *static_cast<const series*>(to);
    if (s.of->type == metric_type::gauge)
        change(s, amount);
    else if (s.of->type == metric_type::counter && amount == 1)
        add_whole(s, 1);
    else if (s.of->type == metric_type::counter)
        add(s, amount);
}

void record_value(void* to, double value) noexcept {
    const auto& s = *static_cast<const series*>(to);
    if (s.of->type == metric_type::gauge)
        set(s, value);
    else if (s.of->type == metric_type::histogram)
        record(s, value);
}

constexpr telemetry::meter_functions meter_functions_of_registry{
    .bind = &bind, .add = &add_to, .record = &record_value};

} // namespace

void install(std::shared_ptr<registry> r) noexcept {
    // Whoever reports while another registry is installed may still hold pointers into this one, so it is kept.
    static auto& kept = *new std::vector<std::shared_ptr<registry>>;
    const std::scoped_lock lock(installing);
    reached_registry.store(r.get(), std::memory_order_release);
    if (std::ranges::find(kept, r) == kept.end())
        kept.push_back(std::move(r));
    telemetry::install(&meter_functions_of_registry);
}

void uninstall(const registry* r) noexcept {
    auto* expected = const_cast<registry*>(r);
    if (reached_registry.compare_exchange_strong(expected, nullptr))
        telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
}

void before_fork_of_meter() noexcept { installing.lock(); }
void after_fork_of_meter() noexcept { installing.unlock(); }

} // namespace infra::monitoring::detail
