#pragma once

// What metrics said: every series each 10 s for an hour and each minute for six, in so many bytes. Looked at only when somebody asks.
//
//     if (const auto hits = history->rate("cache_requests_total", {{"result", "hit"}}, 5min)) …      // a second
//     for (auto& line : history->range({.name = "http_server_requests_total", .by = "route"}).lines) draw(line.values);

#include "range.hpp"
#include "series_points.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::dashboard {

/// What is there to be drawn.
struct listed_metric {
    std::string name{};
    monitoring::metric_type type = monitoring::metric_type::counter;
    std::string help{};
    std::size_t series = 0;
    std::map<std::string, std::vector<std::string>> labels{}; ///< with the values they have; of each at most 50
    double last = 0;                                          ///< of all series together; of a histogram how many
};

struct seen_exemplar {
    wall_time at{};
    double value = 0;
    trace_id trace{};
    monitoring::label_map labels{};
};

/// Threads:  any member from any thread.
/// Errors:   none but bad_alloc.
class metric_history {
public:
    explicit metric_history(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    static constexpr std::chrono::seconds interval{10};
    static constexpr tick ticks_of_fine = 360;    ///< an hour
    static constexpr tick ticks_of_coarse = 2160; ///< six
    static constexpr tick coarse = 6;             ///< ticks

    /// What metrics::collect() gives. A second time within an interval only what was not there before is taken.
    void sample(const std::vector<monitoring::metric_family>& all, wall_time now, steady_time at);

    std::vector<listed_metric> list() const;

    /// Empty if there is no such series.
    std::optional<metric_range> range(const metric_query& q) const;

    /// Growth a second of all series with these labels, over so much time; empty where it is not known.
    std::optional<double> rate(const std::string& name, const monitoring::label_map& where,
                               std::chrono::seconds over) const;

    /// The latest of a metric's, newest first.
    std::vector<seen_exemplar> exemplars(const std::string& name, const monitoring::label_map& where,
                                         std::size_t at_most) const;

    struct account {
        std::size_t series = 0;
        std::size_t bytes = 0;
        std::size_t max_bytes = 0;
        std::size_t dropped = 0; ///< series that there was no room for, or that were quiet for longest
        std::optional<wall_time> since{};
    };
    account counts() const;

private:
    struct track { // of one resolution
        series_points points;
        double value = 0; // as it stood at its last point
        std::vector<std::uint64_t> observed{};
    };
    struct series {
        explicit series(bool is_gauge) : fine{series_points(is_gauge)}, rough{series_points(is_gauge)} {}
        monitoring::label_map labels;
        track fine, rough;
        tick first = 0;   // when it was seen for the first time
        tick last = 0;    // and when for the last
        tick changed = 0; // and when it was another than before
        std::deque<seen_exemplar> exemplars;
        std::size_t bytes() const noexcept;
    };
    struct family {
        monitoring::metric_type type = monitoring::metric_type::counter;
        std::string help;
        std::vector<double> bounds;
        std::map<std::string, series, std::less<>> all; // by labels as text
    };
    void take(family& f, const monitoring::metric_point& p, wall_time before, bool only_new);
    void forget_old();
    void make_room();
    wall_time time_of(tick t) const noexcept;

    const std::size_t max_bytes_;
    mutable std::mutex mutex_; // guards all that follows
    std::map<std::string, family, std::less<>> families_;
    tick now_ = -1; // none yet
    steady_time began_{};
    wall_time latest_{}; // when now_ was
    std::optional<wall_time> first_sample_{};
    std::size_t dropped_ = 0;
    bool full_ = false; // what was there already and is not kept stays away
};

} // namespace infra::dashboard
