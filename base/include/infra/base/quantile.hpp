#pragma once

/// What the buckets of a histogram say of a share of its values.
///
///     const auto p95 = quantile(bounds, observed, 0.95);

#include <cstdint>
#include <optional>
#include <span>

namespace infra {

/// The value below which the share `q` of what was observed lies, as far as buckets tell: within one, values are taken to be spread evenly, as
/// Prometheus does. `observed` has one number more than there are bounds, of what was above the last: the answer is then that bound. Empty
/// where nothing was observed.
std::optional<double> quantile(std::span<const double> bounds, std::span<const std::uint64_t> observed,
                               double q) noexcept;

} // namespace infra
