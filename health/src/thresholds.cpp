#include "thresholds.hpp"

#include <cstdio>
#include <stdexcept>

namespace infra::health::detail {

void check_shares(const std::string& options, double degraded_above, double unhealthy_above) {
    if (!(degraded_above > 0 && degraded_above <= unhealthy_above))
        throw std::invalid_argument(options + "::degraded_above must be more than 0 and at most unhealthy_above");
    if (unhealthy_above > 1)
        throw std::invalid_argument(options + "::unhealthy_above must be at most 1");
}

health_status judge(double value, double degraded_above, double unhealthy_above) noexcept {
    if (value > unhealthy_above)
        return health_status::unhealthy;
    return value > degraded_above ? health_status::degraded : health_status::healthy;
}

std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f%%", share * 100);
    return text;
}

} // namespace infra::health::detail
