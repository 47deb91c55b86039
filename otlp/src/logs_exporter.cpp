#include "courier.hpp"
#include "logs_json.hpp"

#include <infra/otlp.hpp>

#include <infra/base/error.hpp>

#include <atomic>
#include <deque>
#include <mutex>

#include <unistd.h>

namespace infra::otlp {
namespace {

constexpr telemetry::instrument records_sent_total{.kind = telemetry::instrument_kind::counter,
                                                   .name = "otlp_log_records_sent_total",
                                                   .help = "Log records that the collector took."};
constexpr telemetry::instrument records_dropped_total{.kind = telemetry::instrument_kind::counter,
                                                      .name = "otlp_log_records_dropped_total",
                                                      .help = "Log records that were not sent, by reason."};
constexpr detail::signal_names record_names{"log records", "rejectedLogRecords", records_sent_total,
                                            records_dropped_total};

// What couriers say: sent along, the news of each outage would be a record to lose in the next one.
constexpr std::string_view own_module = "otlp";

// A collector takes requests of up to some tens of MiB, and their JSON has more bytes than the texts in it.
constexpr std::size_t batch_bytes = 4 << 20;

/// What logs and what sends meet here.
class record_queue : public logging::record_sink, public detail::source {
public:
    record_queue(const logs_options& o, mailbox<char> wake, clock& time)
        : max_(o.max_queue),
          max_bytes_(o.max_queue_bytes),
          batch_(o.max_batch),
          resource_(o.resource),
          wake_(std::move(wake)),
          time_(time) {}

    outcome write(std::span<const logging::record_view> records) noexcept override {
        outcome result;
        try {
            const auto now = time_.wall();
            while (result.taken < records.size() && push(records[result.taken], now))
                ++result.taken;
        } catch (const std::bad_alloc&) { // as if it were full
        }
        if (const auto refused = records.size() - result.taken; refused > 0) {
            full_.add(static_cast<double>(refused));
            result.failure = make_error_code(errc::overloaded);
        }
        return result;
    }

    bool has_room() const noexcept override {
        constexpr std::size_t short_line = 1024;
        const std::scoped_lock lock(mutex_);
        return fits(short_line);
    }

    // In the child after a fork the lock may be held for ever, and nobody sends.
    bool is_closed() const noexcept override { return closed_ || ::getpid() != process_; }

    bool is_full() const override {
        const std::scoped_lock lock(mutex_);
        return fills_a_batch();
    }

    std::optional<detail::cargo> take() override {
        const auto batch = take_batch();
        if (batch.empty())
            return std::nullopt;
        return detail::cargo{detail::logs_json(batch, resource_), batch.size()};
    }

    void close() noexcept override {
        closed_ = true;
        const std::scoped_lock lock(mutex_);
        if (!waiting_.empty())
            stopped_.add(static_cast<double>(waiting_.size()));
        waiting_.clear();
        bytes_ = 0;
    }

private:
    struct item {
        detail::log_entry entry;
        std::size_t bytes;
    };

    bool push(const logging::record_view& r, wall_time now) {
        if (r.module == own_module)
            return true;
        const auto bytes = detail::weight_of(r);
        {
            const std::scoped_lock lock(mutex_);
            if (closed_)
                return true;
            if (!fits(bytes))
                return false;
        }
        // Made without the lock; should several write at once, they pass the bound by one each.
        item made{detail::entry_of(r, now), bytes};
        const std::scoped_lock lock(mutex_);
        const bool was_enough = fills_a_batch();
        waiting_.push_back(std::move(made));
        bytes_ += bytes;
        if (!was_enough && fills_a_batch())
            wake_.post('b');
        return true;
    }

    bool fits(std::size_t bytes) const {
        return waiting_.size() < max_ && (bytes_ == 0 || bytes_ + bytes <= max_bytes_);
    }
    bool fills_a_batch() const { return waiting_.size() >= batch_ || bytes_ >= batch_bytes; }

    std::vector<detail::log_entry> take_batch() {
        const std::scoped_lock lock(mutex_);
        std::vector<detail::log_entry> out;
        for (std::size_t taken = 0; !waiting_.empty() && out.size() < batch_ && taken < batch_bytes;) {
            taken += waiting_.front().bytes;
            bytes_ -= waiting_.front().bytes;
            out.push_back(std::move(waiting_.front().entry));
            waiting_.pop_front();
        }
        return out;
    }

    const std::size_t max_;
    const std::size_t max_bytes_;
    const std::size_t batch_;
    const resource resource_;
    const mailbox<char> wake_;
    clock& time_;
    const ::pid_t process_ = ::getpid();
    const telemetry::series full_{records_dropped_total, {{"reason", "queue full"}}};
    const telemetry::series stopped_{records_dropped_total, {{"reason", "stopped"}}};
    std::atomic<bool> closed_{false};
    mutable std::mutex mutex_;
    std::deque<item> waiting_; // guarded by mutex_
    std::size_t bytes_ = 0;    // guarded by mutex_
};

// What is logged from then on is the other outputs'.
awaitable<void> close_after(awaitable<void> stopped, std::shared_ptr<record_queue> queue) {
    co_await std::move(stopped);
    queue->close();
}

} // namespace

class logs_exporter::state {
public:
    state(const executor& ex, const logs_options& o, const mailbox<char>& wake, clock& time)
        : queue(std::make_shared<record_queue>(o, wake, time)),
          sender(ex, {o.url, o.headers, o.compress, o.timeout, o.export_timeout, o.schedule_delay}, record_names, queue,
                 wake, time) {}

    const std::shared_ptr<record_queue> queue;
    detail::courier sender;
};

logs_exporter::logs_exporter(executor ex, logs_options o, clock& time) {
    validate(o);
    state_ = std::make_unique<state>(ex, o, mailbox<char>(ex), time);
}

logs_exporter::~logs_exporter() = default;

std::shared_ptr<logging::record_sink> logs_exporter::records() const { return state_->queue; }

awaitable<void> logs_exporter::run() { return state_->sender.run(); }

awaitable<void> logs_exporter::stop(deadline limit) { return close_after(state_->sender.stop(limit), state_->queue); }

} // namespace infra::otlp
