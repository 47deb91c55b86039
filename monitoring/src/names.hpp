#pragma once

// The rules of Prometheus about names, and how a name that breaks its conventions is exposed all the same.

#include <infra/monitoring/metrics.hpp>

#include <span>
#include <string>
#include <string_view>

namespace infra::monitoring::detail {

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`, at most 200 bytes.
bool is_metric_name(std::string_view name) noexcept;

/// `[a-zA-Z_][a-zA-Z0-9_]*`, not beginning with `__`, neither `le` nor `quantile`, at most 200 bytes.
bool is_label_name(std::string_view name) noexcept;

/// How a metric appears in /metrics: in snake_case, a counter with `_total`, in base units.
struct exposed_metric {
    std::string name;
    double multiply = 1; ///< a value is written as value * multiply / divide
    double divide = 1;

    double value(double v) const noexcept { return v * multiply / divide; }
    friend bool operator==(const exposed_metric&, const exposed_metric&) = default;
};

/// `requestCount` as a counter: `request_count_total`; `response_time_ms`: `response_time_seconds`, divided by 1000.
/// Whatever the name, Prometheus' lint has nothing to say about the result.
exposed_metric exposed_as(std::string_view name, metric_type type);

/// Every name a metric occupies, so that no two metrics write the same line in any exposition format.
std::vector<std::string> occupied_names(std::string_view exposed, metric_type type);

/// By the unit at the end of the name: seconds, milliseconds, bytes, ratio; otherwise a wide range of numbers.
std::span<const double> default_buckets(std::string_view name) noexcept;

/// `userId`, which lint refuses; exposed as `user_id`.
bool is_camel_case(std::string_view name) noexcept;
std::string exposed_label(std::string_view name);

/// For a metric nobody described.
std::string default_help(std::string_view name);

} // namespace infra::monitoring::detail
