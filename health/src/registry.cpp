#include "registry_state.hpp"

#include <infra/health.hpp>

#include <infra/base/encoding.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace infra::health {
namespace {

constexpr std::size_t max_name_bytes = 128;

registry_options checked(registry_options options) {
    if (options.deadline.count() <= 0)
        throw std::invalid_argument("health::registry_options::deadline must be more than 0");
    if (options.max_threads < 1 || options.max_threads > 1024)
        throw std::invalid_argument("health::registry_options::max_threads must be 1 to 1024");
    if (!options.time)
        throw std::invalid_argument("health::registry_options::time must not be null");
    if (!options.executor)
        options.executor = default_executor();
    return options;
}

constexpr bool is_control(char c) noexcept { return (c >= 0 && c < 0x20) || c == 0x7f; }

void check_name(std::string_view name) {
    if (name.empty() || name.size() > max_name_bytes || !encoding::is_utf8(name) ||
        std::ranges::any_of(name, is_control))
        throw std::invalid_argument("health: a name must be 1 to 128 bytes of UTF-8 without control characters");
}

void check_count(std::string_view option, int count) {
    if (count < 1 || count > 1000)
        throw std::invalid_argument("health::check_options::" + std::string(option) + " must be 1 to 1000");
}

void check(std::string_view name, const check_options& options) {
    check_name(name);
    if (options.timeout.count() <= 0)
        throw std::invalid_argument("health::check_options::timeout must be more than 0");
    if (options.cache_for.count() < 0)
        throw std::invalid_argument("health::check_options::cache_for must not be negative");
    if (options.every.count() < 0)
        throw std::invalid_argument("health::check_options::every must not be negative");
    for (const auto& each : options.groups)
        check_name(each);
    for (const auto& each : options.depends_on)
        check_name(each);
    check_count("worse_after", options.worse_after);
    check_count("better_after", options.better_after);
}

} // namespace

registry::registry(registry_options options) : state_(std::make_shared<state>(checked(std::move(options)))) {}

registry::~registry() { state_->close(); }

void registry::add(std::string name, checker check, check_options options) {
    health::check(name, options);
    state_->add(std::make_shared<detail::entry>(std::move(name), std::move(check), std::move(options)));
}

bool registry::remove(std::string_view name) { return state_->remove(name); }

awaitable<health_report> registry::run(std::string group) const { return state::ask(state_, std::move(group)); }

bool registry::has_group(std::string_view group) const {
    if (group == "live" || group == "ready" || group == "start")
        return true;
    const std::scoped_lock lock(state_->mutex);
    return std::ranges::any_of(state_->entries, [group](const auto& each) {
        return std::ranges::find(each->options.groups, group) != each->options.groups.end();
    });
}

void registry::set_state(service_state life) {
    const std::scoped_lock lock(state_->mutex);
    state_->life = life;
}

void registry::on_change(std::function<void(const status_change&)> listener) {
    if (!listener)
        throw std::invalid_argument("health: a listener must not be empty");
    auto kept = std::make_shared<const detail::listener>(std::move(listener));
    const std::scoped_lock lock(state_->mutex);
    state_->listeners.push_back(std::move(kept));
}

registry& default_registry() {
    static registry one;
    return one;
}

void register_health_check(std::string name, checker check, check_options options) {
    default_registry().add(std::move(name), std::move(check), std::move(options));
}

awaitable<health_report> run_health_checks(std::string group) { return default_registry().run(std::move(group)); }

bool remove_health_check(std::string_view name) { return default_registry().remove(name); }

} // namespace infra::health
