#include "news.hpp"

#include <infra/base/error.hpp>

#include <string_view>

namespace infra::health::detail {
namespace {

void log(const news& n) noexcept {
    constexpr level levels[] = {level::info, level::warn, level::error};
    constexpr std::string_view sentences[] = {"check recovered", "check is degraded", "check is unhealthy"};
    const auto at = static_cast<std::size_t>(n.is);
    telemetry::log(levels[at], "health", sentences[at],
                   {{"check", n.of->name}, {"was", to_string(n.was)}, {"reason", n.message}});
}

void call(const listener& to, const status_change& change) noexcept {
    try {
        to(change);
    } catch (...) {
        telemetry::log(level::error, "health", "a listener failed", {{"error", describe(std::current_exception())}});
    }
}

} // namespace

void news::tell(const listener_list& listeners) const noexcept {
    if (of)
        of->status.record(gauge_value(is));
    if (is == was)
        return;
    if (of)
        log(*this);
    for (const auto& each : listeners)
        call(*each, {.check = of ? of->name : std::string(), .was = was, .is = is, .message = message});
}

} // namespace infra::health::detail
