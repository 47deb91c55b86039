#pragma once

// Which series there are. A family is one metric, its series differ in labels.

#include "cells.hpp"
#include "labels.hpp"
#include "names.hpp"

#include <infra/monitoring/metrics.hpp>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>

namespace infra::monitoring::detail {

/// What the series of one metric have in common; outlives the registry where handles do.
struct family_info {
    std::string name;
    metric_type type;
    exposed_metric exposed;
    std::vector<double> bounds; // of a histogram
};

/// Cells: a counter has one, a double; a histogram a sum, a count for each bucket and what keeps them together. A gauge
/// has none: the last to set it wins, so it is one number for all threads.
struct series {
    series(std::shared_ptr<const family_info> f, const label_set& l);

    std::shared_ptr<const family_info> of;
    std::string text; // of the labels, escaped
    label_map labels;
    std::optional<cell_range> cells;
    mutable std::atomic<double> level{0};

    double total(const cell_reader& reader) const;                 // of a counter
    histogram_value distribution(const cell_reader& reader) const; // of a histogram

    // What is subtracted since clear(); guarded by the registry's baselines_.
    double total_before = 0;
    histogram_value distribution_before{};
};

struct family {
    explicit family(std::shared_ptr<const family_info> i) : info(std::move(i)) {}

    std::shared_ptr<const family_info> info;
    std::map<std::string, std::shared_ptr<series>> all; // by text, so that the order is the same at every scrape
    std::shared_ptr<series> overflow;                   // also in `all`
    bool full = false;
};

/// A family as plain data, for the exposition.
struct sample {
    std::string labels{};
    double value = 0;
    histogram_value distribution{};
};
struct family_snapshot {
    exposed_metric exposed{};
    metric_type type = metric_type::counter;
    std::string help{};
    std::vector<sample> samples{};
};

/// Something to say once no lock is held.
struct complaint {
    std::string metric;
    std::string sentence;
};

/// Looked up or made; or why not.
struct found {
    std::shared_ptr<series> it{};
    std::optional<complaint> problem{};
};

class registry {
public:
    explicit registry(metrics_options options);

    const metrics_options& options() const noexcept { return options_; }

    /// Finds or makes the series.
    found find(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets = {});

    /// Calls `use(series)` if the series is there, without counting references. False if it is not.
    template <class Use>
    bool use_existing(metric_type type, std::string_view name, const label_set& with, Use use) const;

    std::optional<double> value_of(metric_type type, std::string_view name, const label_set& with) const;
    std::optional<histogram_value> distribution_of(std::string_view name, const label_set& with) const;

    void describe(std::string_view name, std::string_view help);
    void keep(std::shared_ptr<const series> s); // for telemetry's pointers
    void clear();

    std::vector<metric_value> values() const;
    std::vector<family_snapshot> snapshot() const;

    /// Counts a call that was left out, and logs the first of each metric.
    void reject(std::string_view name, std::string_view sentence) noexcept;
    void reject_amount(std::string_view name) noexcept;
    void report(const complaint& c);

private:
    struct key_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept;
    };
    using shared = std::shared_ptr<series>;

    found make(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets);
    family* family_for(metric_type type, std::string_view name, std::span<const double> buckets, std::string& problem);
    shared add_series(family& f, const label_set& with, std::string key);
    shared overflow_of(family& f);
    void forget_idle(family& f);
    void start_again(series& s, const cell_reader& reader);
    void find_again(family& f);

    struct listed_family {
        std::shared_ptr<const family_info> info;
        std::string help;
        std::vector<shared> series;
    };
    std::vector<listed_family> list() const;

    const metrics_options options_;
    mutable std::shared_mutex baselines_; // exclusive in clear(), shared while values are read; taken before mutex_
    mutable std::shared_mutex mutex_;     // guards all that follows
    std::map<std::string, family, std::less<>> families_;      // by name
    std::map<std::string, std::string, std::less<>> occupied_; // exposed name -> name
    std::map<std::string, std::string, std::less<>> help_;     // by name
    boost::unordered_flat_map<std::string, shared, key_hash, std::equal_to<>> by_key_;
    std::vector<std::shared_ptr<const series>> kept_;
    std::set<std::string, std::less<>> complained_; // about these metrics, at most 1000
};

/// Name, type and labels as one string of bytes, on the stack unless they are long.
class series_key {
public:
    series_key(metric_type type, std::string_view name, const label_set& with);
    std::string_view view() const noexcept { return text_; }

private:
    boost::container::small_vector<char, 256> bytes_;
    std::string_view text_;
};

template <class Use>
bool registry::use_existing(metric_type type, std::string_view name, const label_set& with, Use use) const {
    const series_key key(type, name, with);
    const std::shared_lock lock(mutex_);
    const auto at = by_key_.find(key.view());
    if (at == by_key_.end())
        return false;
    use(*at->second);
    return true;
}

/// Prometheus' text format 0.0.4. `families` in the order in which they are to stand.
std::string to_text(std::span<const family_snapshot> families);

} // namespace infra::monitoring::detail
