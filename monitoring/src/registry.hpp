#pragma once

// Which series there are. A family is one metric, its series differ in labels.

#include "exposition.hpp"
#include "series.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>

namespace infra::monitoring::detail {

using series_list = std::vector<std::shared_ptr<series>>;

struct family {
    explicit family(std::shared_ptr<const family_info> i) : info(std::move(i)) {}

    std::shared_ptr<const family_info> info;
    series_list all;
    std::shared_ptr<series> overflow; // also in `all`
    bool full = false;
    // `all` by text, so that the order is the same at every scrape; made by the first that asks after a change.
    mutable std::shared_ptr<const series_list> sorted;
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
    bool overflow = false; // it is the series of all that is too much
};

class registry {
public:
    explicit registry(metrics_options options);
    ~registry();
    registry(const registry&) = delete;
    registry& operator=(const registry&) = delete;

    const metrics_options& options() const noexcept { return options_; }

    /// Finds or makes the series.
    found find(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets = {});

    /// The same, and holds it for as long as the result is referred to.
    found hold(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets = {});

    /// The same, for telemetry's pointers: it is held from now on.
    found keep(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets);

    /// Another number whenever a series was forgotten, and another registry's never.
    std::uint64_t era() const noexcept { return era_.load(std::memory_order_acquire); }

    std::optional<double> value_of(metric_type type, std::string_view name, const label_set& with) const;
    std::optional<histogram_value> distribution_of(std::string_view name, const label_set& with) const;

    void describe(std::string_view name, std::string_view help);
    void before_scrape(std::function<void()> collect);
    void clear();
    bool remove(std::string_view name, const label_set& with);

    std::vector<metric_value> values() const;
    std::vector<family_snapshot> snapshot() const;

    /// A whole scrape: collects, writes and removes what is idle.
    std::string write(exposition_format format);
    std::vector<metric_family> collected();

    /// Counts a call that was left out, and logs the first of each metric.
    void reject(std::string_view name, std::string_view sentence) noexcept;
    void reject_amount(std::string_view name) noexcept;
    void report(const complaint& c);

    // Around a fork: fork.cpp.
    void before_fork() noexcept;
    void after_fork_in_parent() noexcept;
    void after_fork_in_child() noexcept;

private:
    struct key_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept;
    };
    using shared = std::shared_ptr<series>;
    using family_map = std::map<std::string, family, std::less<>>;

    static std::uint64_t next_era() noexcept;
    found make(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets);
    family* family_for(metric_type type, std::string_view name, std::span<const double> buckets, std::string& problem);
    shared add_series(family& f, const label_set& with, std::string key);
    shared overflow_of(family& f);
    shared lookup(metric_type type, std::string_view name, const label_set& with) const;
    series_list keep_what_is_held();
    void start_again(series& s, const cell_reader& reader);
    void forget_if(const std::function<bool(const series&)>& which);
    void forget_in(family& f, const std::function<bool(const series&)>& which);
    family_map::iterator forget_family(family_map::iterator f);
    void remove_idle();
    void collect();
    std::vector<family_snapshot> scrape();
    bool is_idle(series& s, const cell_reader& reader, steady_time now) const;

    struct listed_family {
        std::shared_ptr<const family_info> info;
        std::string help;
        std::shared_ptr<const series_list> series;
    };
    std::vector<listed_family> list() const;

    const metrics_options options_;
    std::atomic<std::uint64_t> era_;
    mutable std::shared_mutex baselines_; // exclusive in clear(), shared while values are read; taken before mutex_
    mutable std::shared_mutex mutex_;     // guards all that follows
    family_map families_;                 // by name
    std::map<std::string, std::string, std::less<>> occupied_; // exposed name -> name
    std::map<std::string, std::string, std::less<>> help_;     // by name
    boost::unordered_flat_map<std::string, shared, key_hash, std::equal_to<>> by_key_;
    std::set<std::string, std::less<>> complained_; // about these metrics, at most 1000
    std::vector<std::shared_ptr<const std::function<void()>>> collectors_;
    steady_time looked_for_idle_{};
    std::atomic<bool> complained_of_collector_{false};
    std::atomic<std::size_t> last_size_{0}; // of what write() wrote
};

/// A fork must find every registry at rest.
void know(registry& r); // fork.cpp
void forget(registry& r) noexcept;

/// Name, type and labels as one string of bytes, on the stack unless they are long.
class series_key {
public:
    series_key(metric_type type, std::string_view name, const label_set& with);
    std::string_view view() const noexcept { return text_; }

private:
    boost::container::small_vector<char, 256> bytes_;
    std::string_view text_;
};

} // namespace infra::monitoring::detail
