#pragma once

/// Metrics over time, for people and for programs. Pure.

#include <infra/base/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace infra::cli {

/// A table, a metric a line.
std::string metric_list_of(const json::array& metrics);

/// A line for each series: its labels, its lowest, highest and last value within the range, and a curve of it.
std::string metric_curves_of(const json::value& drawn);

/// For programs: the same members always, what there is not is null.
json::value metric_row_document_of(const json::value& row);
json::value metric_document_of(const json::value& drawn);

/// The mean of what is known in each of at most so many parts, one after the other.
std::vector<std::optional<double>> in_parts(const std::vector<std::optional<double>>& values, std::size_t parts);

} // namespace infra::cli
