#pragma once

// What /metrics says: metrics as plain data, and how each format writes them.

#include "series.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::monitoring::detail {

struct sample {
    std::string_view labels{};        // escaped
    double value = 0;                 // of a counter or gauge
    const label_map* named = nullptr; // the same, as they were given; null: none
    wall_time since{};                // of a counter or histogram: when it was zero
};

/// A family as it stood at a scrape.
struct family_snapshot {
    exposed_metric exposed{};
    metric_type type = metric_type::counter;
    std::string help{};
    std::vector<sample> samples{};
    std::vector<histogram_value> distributions{};   // of a histogram, one a sample
    std::vector<std::vector<exemplar>> exemplars{}; // empty, or those of each sample
    std::shared_ptr<const void> owner{};            // of the labels

    /// None, or one for each bucket of a histogram, or the one of a counter.
    std::span<const exemplar> exemplars_of(std::size_t i) const noexcept {
        return i < exemplars.size() ? std::span<const exemplar>(exemplars[i]) : std::span<const exemplar>();
    }
};

enum class exposition_format {
    text,         ///< Prometheus' 0.0.4
    openmetrics,  ///< 1.0.0
    openmetrics0, ///< the same, called 0.0.1 to those who ask for that
};

/// By the quality values of an Accept header (RFC 9110, 12.5.1). Of equal ones OpenMetrics if it is named, else text; text
/// too if nothing it asks for is to be had.
exposition_format choose_format(std::string_view accept) noexcept;

/// Whether an Accept-Encoding header takes gzip.
bool takes_gzip(std::string_view accept_encoding) noexcept;

std::string_view content_type(exposition_format format) noexcept;

/// With no more reference to what it was read from.
metric_family as_family(family_snapshot from);

/// `families` in the order in which they are to stand. `size_hint`: about how long it was last time.
std::string to_text(std::span<const family_snapshot> families, std::size_t size_hint = 0);
std::string to_openmetrics(std::span<const family_snapshot> families, std::size_t size_hint = 0);

} // namespace infra::monitoring::detail
