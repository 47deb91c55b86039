#pragma once

/// What code tells of itself, as text: lines of the log, spans, metrics.
///
///     infra::testing::captured_telemetry told("shop_");                      // of metrics only those
///     … what is told of …
///     EXPECT_EQ(told.lines().at(0), "span: buy");                            // then "set: …", "log: …", "event: …", "failed: …", "end"
///     EXPECT_EQ(told.counted("shop_orders_total country=de"), 1);
///     EXPECT_EQ(told.everything().find(password), std::string::npos);

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace infra::testing {

/// Listens while it lives, in place of whoever did. One at a time, for the tables that it stands in belong to the process.
///
/// Threads: any member from any thread.
class captured_telemetry {
public:
    /// Of metrics, those whose names begin so.
    explicit captured_telemetry(std::string_view metrics = {});
    ~captured_telemetry();
    captured_telemetry(const captured_telemetry&) = delete;
    captured_telemetry& operator=(const captured_telemetry&) = delete;

    /// In the order of their coming: `log: message key=value`, `span: name`, `set: key=value`, `event: name key=value`,
    /// `failed: why`, `end`.
    std::vector<std::string> lines() const;
    void clear_lines();

    /// By `name label=value`: sums of counters, what gauges are at, how often histograms observed.
    std::map<std::string, double> counts() const;
    double counted(const std::string& series) const; ///< 0 where nothing was

    /// Those too that nothing has been counted in.
    std::set<std::string> series() const;

    /// All of it, a line each, to be searched for what must not be told.
    std::string everything() const;
};

} // namespace infra::testing
