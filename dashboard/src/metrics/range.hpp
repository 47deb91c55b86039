#pragma once

// A metric over some time, as somebody wants to see it: pure, but for what is kept.

#include "series_points.hpp"

#include <infra/base/time.hpp>

#include <boost/describe/enum.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace infra::dashboard {

/// What is drawn of a metric.
enum class shown_as {
    value, ///< a gauge as it stands
    rate,  ///< growth a second: of a counter, of a histogram how many were observed
    mean,  ///< of what a histogram observed
    p50,
    p90,
    p95,
    p99,
    quantiles, ///< p50, p95 and p99, a line each
};
BOOST_DESCRIBE_ENUM(shown_as, value, rate, mean, p50, p90, p95, p99, quantiles)

struct metric_query {
    std::string name{};
    monitoring::label_map where{}; ///< only series with these labels
    std::string by{}; ///< a label: one line for each of its values. "*": for each series. Empty: one for all together
    std::optional<shown_as> show{}; ///< not set: value, rate or quantiles, whatever suits the metric
    std::chrono::seconds back{900}; ///< how much of the past
    std::size_t max_lines = 20;     ///< the ones with the most; the others are counted
};

struct metric_line {
    monitoring::label_map labels{};
    std::vector<std::optional<double>> values{}; ///< one each step; empty: not known, or nothing was observed
    double weight = 0;                           ///< of what there is, the mean: by it lines are ordered
};

struct metric_range {
    monitoring::metric_type type = monitoring::metric_type::counter;
    shown_as show = shown_as::value;
    std::chrono::seconds step{10};
    std::vector<wall_time> times{}; ///< of the ends of the steps
    std::vector<metric_line> lines{};
    std::size_t more = 0; ///< lines left out
};

// --- How it is made --------------------------------------------------------------------------------------------------

/// Steps of time; the first begins after `from`.
struct time_window {
    tick from = 0;
    tick step = 1;
    std::size_t steps = 0;

    tick end(std::size_t i) const noexcept { return from + step * static_cast<tick>(i + 1); }
    std::optional<std::size_t> place(tick t) const noexcept {
        if (t <= from)
            return std::nullopt;
        const auto i = static_cast<std::size_t>((t - from - 1) / step);
        return i < steps ? std::optional(i) : std::nullopt;
    }
};

/// Sums over series, step by step.
struct drawn_line {
    monitoring::label_map labels{};
    std::vector<double> sums{}; ///< of what gauges stand at; of growth
    std::vector<bool> known{};
    std::vector<std::vector<std::uint64_t>> observed{}; ///< of histograms, by bucket; empty: nothing was
};

bool has_labels(const monitoring::label_map& all, const monitoring::label_map& wanted);

/// `last` is when the series was seen for the last time.
void add_gauge(drawn_line& to, const series_points& of, tick last, const time_window& w);
void add_growth(drawn_line& to, const series_points& of, tick last, const time_window& w);

/// What suits the metric where what is wanted does not.
shown_as suitable(monitoring::metric_type type, std::optional<shown_as> wanted) noexcept;

/// One line, or one for each quantile.
std::vector<metric_line> finished(const drawn_line& sums, const std::vector<double>& bounds, shown_as show,
                                  std::chrono::seconds step);

void keep_heaviest(metric_range& of, std::size_t lines);

} // namespace infra::dashboard
