#include "courier.hpp"
#include "metrics_json.hpp"

#include <infra/otlp.hpp>

#include <atomic>
#include <span>

namespace infra::otlp {
namespace {

constexpr telemetry::instrument points_sent_total{.kind = telemetry::instrument_kind::counter,
                                                  .name = "otlp_metric_points_sent_total",
                                                  .help = "Points of metrics that the collector took."};
constexpr telemetry::instrument points_dropped_total{.kind = telemetry::instrument_kind::counter,
                                                     .name = "otlp_metric_points_dropped_total",
                                                     .help = "Points of metrics that were not sent, by reason."};
constexpr detail::signal_names point_names{"metrics", "rejectedDataPoints", points_sent_total, points_dropped_total};

/// Every round a new look at the metrics, sent in parts.
class scraper : public detail::source {
public:
    scraper(const monitoring::metrics& from, const metrics_options& o, clock& time)
        : from_(from), resource_(o.resource), max_points_(o.max_points), time_(time) {}

    void begin() override {
        if (closed_)
            return;
        read_ = time_.wall();
        parts_ = detail::in_parts(from_.collect(), max_points_);
    }

    std::optional<detail::cargo> take() override {
        if (closed_ || parts_.empty())
            return std::nullopt;
        const auto part = std::move(parts_.back());
        parts_.pop_back();
        return detail::cargo{detail::metrics_json(part, resource_, read_), detail::points_of(part)};
    }

    void close() noexcept override { closed_ = true; }

private:
    const monitoring::metrics& from_;
    const resource resource_;
    const std::size_t max_points_;
    clock& time_;
    std::atomic<bool> closed_{false};
    wall_time read_{};
    std::vector<detail::families> parts_; // the next one last
};

} // namespace

class metrics_exporter::state {
public:
    state(const executor& ex, const monitoring::metrics& from, const metrics_options& o, clock& time)
        : sender(ex, {o.url, o.headers, o.compress, o.timeout, o.export_timeout, o.interval}, point_names,
                 std::make_shared<scraper>(from, o, time), mailbox<char>(ex), time) {}

    detail::courier sender;
};

metrics_exporter::metrics_exporter(executor ex, const monitoring::metrics& from, metrics_options o, clock& time) {
    validate(o);
    state_ = std::make_unique<state>(ex, from, o, time);
}

metrics_exporter::~metrics_exporter() = default;

awaitable<void> metrics_exporter::run() { return state_->sender.run(); }

awaitable<void> metrics_exporter::stop(deadline limit) { return state_->sender.stop(limit); }

} // namespace infra::otlp
