#pragma once

// What a histogram says of a share of its values: pure.

#include <cstdint>
#include <optional>
#include <span>

namespace infra::dashboard {

/// The value below which the share `q` of what was observed lies, as far as buckets tell: within one, values are taken to be spread evenly, as
/// Prometheus does. Above the last bound it is that bound. Empty where nothing was observed.
std::optional<double> quantile(std::span<const double> bounds, std::span<const std::uint64_t> observed,
                               double q) noexcept;

} // namespace infra::dashboard
