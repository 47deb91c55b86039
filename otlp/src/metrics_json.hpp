#pragma once

// Metrics as OTLP/JSON: sums and histograms since they were zero (cumulative temporality), and gauges.

#include <infra/monitoring/metrics.hpp>
#include <infra/otlp.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace infra::otlp::detail {

using families = std::vector<monitoring::metric_family>;

/// An ExportMetricsServiceRequest; all was read at `read`.
std::string metrics_json(std::span<const monitoring::metric_family> all, const resource& of, wall_time read);

/// Of the unit that a name tells, the way OpenTelemetry writes it (UCUM): `s`, `By`, `1`; empty where it tells none.
std::string_view unit_of(std::string_view name) noexcept;

/// Lists of at most `max_points` points; a family may be cut. From the end: all but the last list are full, and the first
/// points are in the last.
std::vector<families> in_parts(families all, std::size_t max_points);

std::uint64_t points_of(std::span<const monitoring::metric_family> all) noexcept;

} // namespace infra::otlp::detail
