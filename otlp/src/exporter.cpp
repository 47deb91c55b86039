#include "courier.hpp"
#include "traces_json.hpp"

#include <infra/otlp.hpp>

#include <algorithm>
#include <deque>
#include <mutex>

namespace infra::otlp {
namespace {

constexpr telemetry::instrument spans_sent_total{.kind = telemetry::instrument_kind::counter,
                                                 .name = "otlp_spans_sent_total",
                                                 .help = "Spans that the collector took."};
constexpr telemetry::instrument spans_dropped_total{.kind = telemetry::instrument_kind::counter,
                                                    .name = "otlp_spans_dropped_total",
                                                    .help = "Spans that were not sent, by reason."};
constexpr detail::signal_names span_names{"spans", "rejectedSpans", spans_sent_total, spans_dropped_total};

/// What ends spans and what sends them meet here.
class span_queue : public monitoring::span_sink, public detail::source {
public:
    span_queue(const options& o, mailbox<char> wake)
        : max_(o.max_queue), batch_(o.max_batch), resource_(o.resource), wake_(std::move(wake)) {}

    void ended(std::shared_ptr<const monitoring::span_record> span) noexcept override {
        if (!push(std::move(span)))
            full_.add();
    }

    bool is_full() const override {
        const std::scoped_lock lock(mutex_);
        return spans_.size() >= batch_;
    }

    std::optional<detail::cargo> take() override {
        const auto batch = take_batch();
        if (batch.empty())
            return std::nullopt;
        return detail::cargo{traces_json(batch, resource_), batch.size()};
    }

    void close() noexcept override {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
        spans_.clear();
    }

private:
    detail::batch take_batch() {
        const std::scoped_lock lock(mutex_);
        const auto count = static_cast<std::ptrdiff_t>(std::min(batch_, spans_.size()));
        detail::batch out(std::make_move_iterator(spans_.begin()), std::make_move_iterator(spans_.begin() + count));
        spans_.erase(spans_.begin(), spans_.begin() + count);
        return out;
    }

    bool push(std::shared_ptr<const monitoring::span_record> span) noexcept {
        try {
            const std::scoped_lock lock(mutex_);
            if (closed_ || spans_.size() >= max_)
                return false;
            spans_.push_back(std::move(span));
            if (spans_.size() == batch_)
                wake_.post('b');
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }

    const std::size_t max_;
    const std::size_t batch_;
    const resource resource_;
    const mailbox<char> wake_;
    const telemetry::series full_{spans_dropped_total, {{"reason", "queue full"}}};
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<const monitoring::span_record>> spans_; // guarded by mutex_
    bool closed_ = false;                                              // guarded by mutex_
};

} // namespace

class exporter::state {
public:
    state(const executor& ex, const options& o, const mailbox<char>& wake, clock& time)
        : queue(std::make_shared<span_queue>(o, wake)),
          sender(ex, {o.traces_url, o.headers, o.compress, o.timeout, o.export_timeout, o.schedule_delay}, span_names,
                 queue, wake, time) {}

    const std::shared_ptr<span_queue> queue;
    detail::courier sender;
};

exporter::exporter(executor ex, options o, clock& time) {
    validate(o);
    state_ = std::make_unique<state>(ex, o, mailbox<char>(ex), time);
}

exporter::~exporter() = default;

std::shared_ptr<monitoring::span_sink> exporter::spans() const { return state_->queue; }

awaitable<void> exporter::run() { return state_->sender.run(); }

awaitable<void> exporter::stop(deadline limit) { return state_->sender.stop(limit); }

} // namespace infra::otlp
