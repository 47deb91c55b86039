#pragma once

/// What a service answers at /metrics (Prometheus' text format 0.0.4), sample by sample.
///
///     read_metrics(text, [&](const metric_sample& each) {
///         if (each.name == "http_server_requests_total" && each.label("status") == "500")
///             failed += each.value;
///     });

#include <functional>
#include <span>
#include <string_view>

namespace infra::cli {

struct metric_label {
    std::string_view name;
    std::string_view value; ///< without its escapes
};

/// Good during the call that it is given to.
struct metric_sample {
    std::string_view name;
    std::span<const metric_label> labels;
    double value = 0; ///< may be infinite, or none

    /// Empty where there is none.
    std::string_view label(std::string_view of) const noexcept;
};

/// Gives each sample, in its order. Returns how many lines were neither sample nor comment.
std::size_t read_metrics(std::string_view text, const std::function<void(const metric_sample&)>& take);

} // namespace infra::cli
