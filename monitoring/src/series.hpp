#pragma once

// One series: what counts into it and what reads it.

#include "cells.hpp"
#include "histogram.hpp"
#include "labels.hpp"
#include "names.hpp"

#include <infra/monitoring/metrics.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::monitoring::detail {

/// What the series of one metric have in common; outlives the registry where handles do.
struct family_info {
    std::string name;
    metric_type type;
    exposed_metric exposed;
    std::vector<double> bounds; // of a histogram
    bool exemplars = true;      // of a counter or histogram
};

/// Of one histogram, for each bucket one, or the one of a counter. Made when the first sampled span comes by.
class exemplars {
public:
    explicit exemplars(std::size_t slots) : slots_(slots) {}

    /// Leaves out what comes while another writes or reads the same, or within the few milliseconds of the coarse clock.
    void put(std::size_t slot, double value, const infra::span_context& under) noexcept;
    std::vector<exemplar> all() const; ///< of a slot in which there is none, one without a trace
    void clear() noexcept;

private:
    struct slot {
        mutable std::atomic<bool> busy{false};
        std::atomic<std::int64_t> written{0}; // by the coarse clock
        exemplar kept{};                      // guarded by busy
    };
    static exemplar read(const slot& from) noexcept;
    std::vector<slot> slots_;
};

/// Cells: a counter has two, a whole number and a double, since most add whole numbers and those add faster; a histogram a
/// sum, a count for each bucket and what keeps them together. A gauge has none: the last to set it wins, so it is one
/// number for all threads.
struct series {
    series(std::shared_ptr<const family_info> f, const label_set& l);
    ~series();
    series(const series&) = delete;
    series& operator=(const series&) = delete;

    std::shared_ptr<const family_info> of;
    std::optional<cell_range> cells;
    mutable std::atomic<double> level{0};
    mutable std::atomic<bool> touched{true}; // a gauge, since somebody last looked for idle ones
    mutable std::atomic<exemplars*> examples{nullptr};
    std::string text; // of the labels, escaped
    label_map labels;

    double value(const cell_reader& reader) const;                 // of a counter or gauge
    observations observed(const cell_reader& reader) const;        // of a histogram, since ever
    histogram_value distribution(const cell_reader& reader) const; // of a histogram
    double progress(const cell_reader& reader) const; // another number whenever something was counted; waits for nobody
    std::vector<exemplar> exemplars_now() const; // of a histogram one a bucket, of a counter one; empty if it has none

    // What is subtracted since clear(), and when it was zero; guarded by the registry's baselines_.
    double value_before = 0;
    observations observed_before{};
    wall_time since{};

    // Guarded by the registry's mutex_.
    std::weak_ptr<const void> handles; // alive while there is one
    bool kept = false;                 // telemetry holds a pointer
    double idle_at = 0;                // its progress when it was last seen to change
    steady_time changed{};

    bool held() const noexcept { return kept || !handles.expired(); }
};

} // namespace infra::monitoring::detail
