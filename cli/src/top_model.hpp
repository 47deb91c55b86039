#pragma once

/// What two looks at a service say together, and what the last minutes were like. Pure: time comes with the looks.
///
///     model m;
///     m.take(before);
///     m.take(now);                          // rates are there from the second look on
///     m.shown().figures.rate(counted::requests);

#include "top_reading.hpp"

#include <chrono>
#include <deque>

namespace infra::cli::top {

struct quantiles {
    std::optional<double> p50, p95, p99; ///< seconds
};

struct route_figures {
    std::string name;
    std::optional<double> requests{}, errors{}; ///< a second
    quantiles durations{};
};

struct queue_figures {
    std::string name;
    queue_reading now{};
    std::optional<double> finished{}, failing{}; ///< a second
};

/// What is empty is not known: before the second look, and over a restart.
struct figures {
    std::array<std::optional<double>, counted_kinds> per_second{};
    quantiles durations, lag;
    std::optional<double> hit_rate; ///< 0 to 1; empty where nobody asked
    std::vector<route_figures> routes;
    std::vector<queue_figures> queues;

    std::optional<double> rate(counted of) const { return per_second[static_cast<std::size_t>(of)]; }
};

/// Of the same service, `before` the earlier. A counter that fell has no rate; nothing has over a restart.
figures compare(const reading& before, const reading& now);

/// Of what was between two scrapes; all empty where a bucket fell or nothing came.
quantiles quantiles_between(const buckets& before, const buckets& now);

/// Whether another process answers than before: `later` where it started after it.
enum class change { none, restarted, other_process };
change change_between(const reading& before, const reading& now);

/// The curves.
enum class trend : std::size_t {
    requests,
    errors,
    p95,
    waiting,
    finished,
    deliveries,
    memory,
    cpu,
    lag,
    mails,
    storage
};
inline constexpr std::size_t trend_kinds = 11;

/// A look that came to nothing is a point where nothing is known.
struct history {
    static constexpr std::size_t most_points = 300;
    using point = std::array<std::optional<double>, trend_kinds>;

    std::deque<point> points; ///< the newest last
    std::size_t taken = 0;    ///< ever

    void add(point p);

    /// The last of it in so many cells, each the highest of its points; the newest last, and only as many as there is something for. A
    /// point stays in its cell until that leaves.
    std::vector<std::optional<double>> cells(trend of, std::size_t width) const;
};

struct outage {
    std::string reason;
    steady_time since{};
};

/// All there is to show.
struct picture {
    std::optional<reading> last;
    top::figures figures;
    history past;
    std::optional<outage> down{};
    change changed = change::none;
    steady_time changed_at{};
    steady_time at{}; ///< of the last look, whatever came of it

    double waiting() const; ///< jobs, in all queues
    std::optional<double> sum(std::optional<double> queue_reading::* member) const;
    double oldest_seconds() const;
    std::optional<double> uptime_seconds() const;
};

class model {
public:
    void take(reading now);
    void fail(std::string reason, steady_time at);
    const picture& shown() const noexcept { return shown_; }

private:
    picture shown_;
};

} // namespace infra::cli::top
