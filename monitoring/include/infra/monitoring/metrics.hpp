#pragma once

/// Counters, gauges and histograms.
///
///     monitoring::metrics shop;
///     shop.increment("orders_total", {{"country", "se"}});
///     auto seconds = shop.bind_histogram("charge_seconds");
///     seconds.observe(0.150);
///     reply(shop.expose(request.header("accept")));

#include <infra/base/clock.hpp>
#include <infra/monitoring/labels.hpp>

#include <boost/describe/enum.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::monitoring {

enum class metric_type {
    counter,   ///< only grows
    gauge,     ///< goes up and down
    histogram, ///< how values are distributed over buckets
};
BOOST_DESCRIBE_ENUM(metric_type, counter, gauge, histogram)

/// A number of any type; neither bool nor a character.
template <class T>
concept number = (std::integral<T> || std::floating_point<T>) && !std::same_as<T, bool> && !std::same_as<T, char>;

/// One series as it stands.
struct metric_value {
    std::string name; ///< as given to increment, gauge or observe
    metric_type type = metric_type::counter;
    double value = 0; ///< of a histogram the mean, 0 before the first value
    label_map labels{};
    wall_time timestamp{}; ///< when it was read
};

/// A histogram as it stands. Of each thread's values, sum and buckets are those of one moment, and count is the sum of
/// the buckets.
struct histogram_value {
    std::uint64_t count = 0;
    double sum = 0;
    std::vector<double> bounds{};         ///< upper, rising; values equal to a bound are below it
    std::vector<std::uint64_t> buckets{}; ///< one more than bounds: the last holds what is above all of them
};

/// What was counted or observed last under a sampled span: leads from a metric to a trace.
struct exemplar {
    infra::trace_id trace{};
    infra::span_id span{};
    double value = 0; ///< by how much the counter grew, or what was observed
    wall_time time{}; ///< to some milliseconds
};

/// One series of a family.
struct metric_point {
    label_map labels{};
    double value = 0;               ///< of a counter or gauge
    histogram_value distribution{}; ///< of a histogram
    wall_time since{};              ///< when a counter or histogram was zero
    /// At most one for a counter and for each bucket of a histogram.
    std::vector<exemplar> exemplars{};
};

/// A metric as it stands, under the name and in the units in which it is exposed.
struct metric_family {
    std::string name;
    metric_type type = metric_type::counter;
    std::string help{};
    std::vector<metric_point> points{};
};

/// What /metrics answers.
struct exposition {
    std::string content_type;
    std::string body;
    std::string content_encoding{}; ///< `gzip`, or empty
};

namespace detail {
class registry;
struct series;
void add(const series& s, double amount) noexcept;
void add_whole(const series& s, std::uint64_t amount) noexcept;
void set(const series& s, double value) noexcept;
void change(const series& s, double by) noexcept;
void record(const series& s, double value) noexcept;
} // namespace detail

// --- Handles: the series is found once ------------------------------------------------------------------------------
//
// Threads:  any member from any thread; a counter or histogram costs a few nanoseconds and never waits for another. A
//           counter is fastest with whole numbers.
// Errors:   none: a counter ignores a negative or non-finite amount, a histogram a NaN.
// Lifetime: cheap to copy; may outlive the metrics they came from. After clear() they start at zero again.

class counter_series {
public:
    template <number N = int>
    void increment(N by = 1) const noexcept {
        if constexpr (std::floating_point<N>)
            detail::add(*series_, static_cast<double>(by));
        else if (std::cmp_greater_equal(by, 0))
            detail::add_whole(*series_, static_cast<std::uint64_t>(by));
    }

private:
    friend class metrics;
    explicit counter_series(std::shared_ptr<const detail::series> s) noexcept : series_(std::move(s)) {}
    std::shared_ptr<const detail::series> series_;
};

class gauge_series {
public:
    template <number N>
    void set(N value) const noexcept {
        detail::set(*series_, static_cast<double>(value));
    }
    template <number N = int>
    void increment(N by = 1) const noexcept {
        detail::change(*series_, static_cast<double>(by));
    }
    template <number N = int>
    void decrement(N by = 1) const noexcept {
        detail::change(*series_, -static_cast<double>(by));
    }

private:
    friend class metrics;
    explicit gauge_series(std::shared_ptr<const detail::series> s) noexcept : series_(std::move(s)) {}
    std::shared_ptr<const detail::series> series_;
};

class histogram_series {
public:
    template <number N>
    void observe(N value) const noexcept {
        detail::record(*series_, static_cast<double>(value));
    }

private:
    friend class metrics;
    explicit histogram_series(std::shared_ptr<const detail::series> s) noexcept : series_(std::move(s)) {}
    std::shared_ptr<const detail::series> series_;
};

struct histogram_options {
    /// Upper bounds, finite and rising, at most 200. Empty: by the unit that ends the name: `_seconds` and `_ms` (5 ms to
    /// 10 s), `_bytes` (256 B to 64 MiB), `_ratio`, otherwise 0 to 10 000. Fixed by the metric's first use.
    std::vector<double> buckets{};
    std::string help{}; ///< a sentence for the exposition
};

// --- The object -----------------------------------------------------------------------------------------------------

struct metrics_options {
    /// Series of one metric, at least 1. Further label sets are counted together in one series labelled
    /// overflow="true", and one warning is logged for the metric.
    std::size_t max_series_per_metric = 1000;
    /// Metrics, at least 1. Further names are refused; they come from names made of data.
    std::size_t max_metrics = 10'000;
    /// A series that no handle holds and that nothing changed for so long is removed at the next scrape; zero: never.
    /// Shorter frees memory sooner; but a counter that then comes back starts at zero, which rate() takes for a restart.
    std::chrono::seconds remove_idle_after{0};
    /// Counters keep the latest increment, and histograms of each bucket the latest value, that came under a sampled span,
    /// for OpenMetrics and exporters. Outside of one that costs nothing to speak of, within one some 10 ns a call.
    bool exemplars = true;
    /// Adds process_* and infra_build_info to the exposition.
    bool process_metrics = false;
    clock* time = &real_clock(); ///< outlives the metrics
};

/// A set of metrics.
///
/// Names are Prometheus': `[a-zA-Z_:][a-zA-Z0-9_:]*`. A metric has one type; its name may be used in no other way.
/// In the exposition a counter ends in `_total` and units are base units (`response_time_ms` is written as
/// `response_time_seconds`, divided by 1000); the getters answer to the name as given.
///
/// Threads:  any member from any thread. A scrape holds up nobody but, for the time of copying a list, the first use of
///           a new series.
/// Errors:   increment, gauge and observe never throw: what they cannot take (a bad name, a clash of types, a negative
///           count, no memory) is left out, counted in `metrics_rejected_total` and, once for each metric, logged.
///           bind_… throw std::invalid_argument instead.
/// Lifetime: handles share the series and may outlive it.
class metrics {
public:
    explicit metrics(metrics_options options = {});
    ~metrics();
    metrics(const metrics&) = delete;
    metrics& operator=(const metrics&) = delete;

    void increment(std::string_view name, labels with = {}) noexcept { add_whole(name, 1, with); }
    template <number N>
    void increment(std::string_view name, N by, labels with = {}) noexcept {
        if constexpr (std::integral<N>)
            if (std::cmp_greater_equal(by, 0))
                return add_whole(name, static_cast<std::uint64_t>(by), with);
        add(name, static_cast<double>(by), with);
    }
    template <number N>
    void gauge(std::string_view name, N value, labels with = {}) noexcept {
        set(name, static_cast<double>(value), with);
    }
    template <number N>
    void observe(std::string_view name, N value, labels with = {}) noexcept {
        record(name, static_cast<double>(value), with);
    }

    /// A series without labels is exposed from here on, at zero.
    [[nodiscard]] counter_series bind_counter(std::string_view name, labels with = {}, std::string_view help = {});
    [[nodiscard]] gauge_series bind_gauge(std::string_view name, labels with = {}, std::string_view help = {});
    [[nodiscard]] histogram_series bind_histogram(std::string_view name, labels with = {},
                                                  histogram_options options = {});

    /// The line that explains a metric in /metrics; by default made from its name. Before or after its first use.
    void describe(std::string_view name, std::string_view help);

    /// Empty if there is no such series, or the name is of another type.
    std::optional<double> get_counter(std::string_view name, labels with = {}) const;
    std::optional<double> get_gauge(std::string_view name, labels with = {}) const;
    std::optional<histogram_value> get_histogram(std::string_view name, labels with = {}) const;

    /// Every series, by name and labels.
    std::vector<metric_value> get_all_metrics() const;

    /// Forgets every series; those that handles hold are kept, at zero.
    void clear();

    /// Forgets one series. False if there is none, or a handle holds it.
    bool remove(std::string_view name, labels with = {});

    /// The body of /metrics in the form that `accept`, the request's header, prefers: Prometheus' text format 0.0.4, or
    /// OpenMetrics 1.0, which has exemplars; the former when nothing it asks for is to be had. Compressed where
    /// `accept_encoding` takes gzip.
    exposition expose(std::string_view accept = {}, std::string_view accept_encoding = {}) const;

    /// What expose() writes, as data, for exporters; a scrape like that.
    std::vector<metric_family> collect() const;

    /// Called at the beginning of each scrape, to set gauges of what is only worth knowing then. What it throws is
    /// logged once and counted in `metrics_collect_failures_total`. Whatever it refers to must outlive these metrics.
    void before_scrape(std::function<void()> collect);

    /// What the library's rooms report goes here, until other metrics are installed or these destroyed.
    void install() noexcept;

private:
    void add(std::string_view name, double by, const labels& with) noexcept;
    void add_whole(std::string_view name, std::uint64_t by, const labels& with) noexcept;
    void set(std::string_view name, double value, const labels& with) noexcept;
    void record(std::string_view name, double value, const labels& with) noexcept;

    std::shared_ptr<detail::registry> registry_;
};

} // namespace infra::monitoring
