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

void check(std::string_view name, const check_options& options) {
    check_name(name);
    if (options.timeout.count() <= 0)
        throw std::invalid_argument("health::check_options::timeout must be more than 0");
    if (options.cache_for.count() < 0)
        throw std::invalid_argument("health::check_options::cache_for must not be negative");
}

} // namespace

registry::registry(registry_options options) : state_(std::make_shared<state>(checked(std::move(options)))) {}

registry::~registry() { state_->close(); }

void registry::add(std::string name, checker check, check_options options) {
    health::check(name, options);
    state_->add(std::make_shared<detail::entry>(std::move(name), std::move(check), options));
}

bool registry::remove(std::string_view name) { return state_->remove(name); }

awaitable<health_report> registry::run() const { return state::ask(state_); }

registry& default_registry() {
    static registry one;
    return one;
}

void register_health_check(std::string name, checker check, check_options options) {
    default_registry().add(std::move(name), std::move(check), options);
}

awaitable<health_report> run_health_checks() { return default_registry().run(); }

bool remove_health_check(std::string_view name) { return default_registry().remove(name); }

} // namespace infra::health
