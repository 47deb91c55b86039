#pragma once

// The two limits that the ready-made checks judge by.

#include <infra/health/report.hpp>

#include <string>

namespace infra::health::detail {

/// Throws std::invalid_argument naming the option unless 0 < degraded <= unhealthy <= 1.
void check_shares(const std::string& options, double degraded_above, double unhealthy_above);

health_status judge(double value, double degraded_above, double unhealthy_above) noexcept;

/// `41.2%`
std::string percent(double share);

} // namespace infra::health::detail
