#include "retry.hpp"
#include "traces_json.hpp"

#include <infra/base/context.hpp>
#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/http_client.hpp>
#include <infra/otlp.hpp>
#include <infra/runtime/mailbox.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

namespace infra::otlp {
namespace {

constexpr telemetry::instrument sent_total{.kind = telemetry::instrument_kind::counter,
                                           .name = "otlp_spans_sent_total",
                                           .help = "Spans that the collector took."};
constexpr telemetry::instrument dropped_total{.kind = telemetry::instrument_kind::counter,
                                              .name = "otlp_spans_dropped_total",
                                              .help = "Spans that were not sent, by reason."};

struct counters {
    telemetry::series sent{sent_total};
    telemetry::series queue_full{dropped_total, {{"reason", "queue full"}}};
    telemetry::series no_answer{dropped_total, {{"reason", "collector away"}}};
    telemetry::series refused{dropped_total, {{"reason", "refused"}}};
    telemetry::series not_taken{dropped_total, {{"reason", "not taken"}}}; // of a batch that was, in part
};

/// What ends spans and what sends them meet here.
class span_queue : public monitoring::span_sink {
public:
    span_queue(std::size_t max, std::size_t batch, mailbox<char> wake)
        : max_(max), batch_(batch), wake_(std::move(wake)) {}

    void ended(std::shared_ptr<const monitoring::span_record> span) noexcept override {
        if (!push(std::move(span)))
            counters_.queue_full.add();
    }

    detail::batch take() {
        const std::scoped_lock lock(mutex_);
        const auto count = static_cast<std::ptrdiff_t>(std::min(batch_, spans_.size()));
        detail::batch out(std::make_move_iterator(spans_.begin()), std::make_move_iterator(spans_.begin() + count));
        spans_.erase(spans_.begin(), spans_.begin() + count);
        return out;
    }

    bool has_batch() const {
        const std::scoped_lock lock(mutex_);
        return spans_.size() >= batch_;
    }

    void close() noexcept {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
        spans_.clear();
    }

    counters& counts() noexcept { return counters_; }

private:
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
    const mailbox<char> wake_;
    counters counters_;
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<const monitoring::span_record>> spans_; // guarded by mutex_
    bool closed_ = false;                                              // guarded by mutex_
};

} // namespace

// All but the queue is touched on the executor's loop only.
class exporter::state : public std::enable_shared_from_this<state> {
public:
    state(executor ex, otlp::options o, clock& time)
        : ex_(ex),
          options_((validate(o), std::move(o))),
          time_(time),
          wake_(ex),
          over_(ex, steady_time::max()),
          queue_(std::make_shared<span_queue>(options_.max_queue, options_.max_batch, wake_)),
          http_(std::in_place, ex,
                http::client_options{.user_agent = "infra-otlp/" INFRA_VERSION, .propagate_trace = false}, time) {}

    const executor& loop() const noexcept { return ex_; }
    const std::shared_ptr<span_queue>& queue() const noexcept { return queue_; }

    awaitable<void> run() {
        const auto self = shared_from_this();
        if (std::exchange(running_, true))
            throw error(errc::invalid_state, "otlp::exporter::run() was called twice");
        const ending at_the_end(*this);
        while (!stopping_) {
            if (!queue_->has_batch())
                co_await rest(options_.schedule_delay);
            co_await send_all();
        }
        co_await send_all(); // what was queued while the last went out
    }

    awaitable<void> stop(deadline limit) {
        const auto self = shared_from_this();
        limit_ = stopping_ ? earlier(limit_, limit) : limit;
        if (!std::exchange(stopping_, true))
            wake_.post('s');
        while (running_ && !ended_ && !limit.passed(time_.steady()))
            co_await wait_for_the_end(limit);
        if (!ended_)
            abandon();
    }

    /// Nobody is left to hear of it.
    void abandon() noexcept {
        stopping_ = true;
        limit_ = deadline(time_.steady());
        queue_->close();
        wake_.post('s');
        http_.reset(); // what is in flight gets errc::closed
    }

private:
    struct ending {
        explicit ending(state& s) noexcept : of(s) {}
        ~ending() {
            of.ended_ = true;
            of.over_.cancel();
        }
        ending(const ending&) = delete;
        ending& operator=(const ending&) = delete;
        state& of;
    };

    awaitable<void> wait_for_the_end(deadline limit) {
        try {
            co_await with_deadline(wait_until_over(shared_from_this()), limit, time_);
        } catch (const error& e) {
            if (e.code() != errc::timed_out)
                throw;
        }
    }

    static awaitable<void> wait_until_over(std::shared_ptr<state> self) {
        boost::system::error_code ec;
        if (!self->ended_)
            co_await self->over_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

    // So long, or until somebody says that there is something to do.
    awaitable<void> rest(std::chrono::milliseconds at_most) {
        try {
            co_await with_deadline(wake_.receive(), deadline::after(at_most, time_.steady()), time_);
        } catch (const error& e) {
            if (e.code() != errc::timed_out)
                throw;
        }
    }

    awaitable<void> rest_until(deadline when) {
        for (auto now = time_.steady(); !when.passed(now) && !stopping_; now = time_.steady())
            co_await rest(std::chrono::ceil<std::chrono::milliseconds>(when.remaining(now)));
    }

    awaitable<void> send_all() {
        for (auto batch = queue_->take(); !batch.empty(); batch = queue_->take())
            co_await send(std::move(batch));
    }

    awaitable<void> send(detail::batch batch) {
        const auto body = detail::traces_json(batch, options_.resource);
        const auto give_up = deadline::after(options_.export_timeout, time_.steady());
        for (int attempt = 1;; ++attempt) {
            const bool was_stopping = stopping_;
            const auto answer = co_await post(body, stopping_ ? earlier(give_up, limit_) : give_up);
            if (answer.what == detail::verdict::taken)
                co_return arrived(batch.size(), answer.rejected);
            if (answer.what == detail::verdict::refused)
                co_return lost(queue_->counts().refused, batch.size(), answer.why);
            const auto delay = answer.retry_after.value_or(detail::delay_after(attempt, random_01()));
            const auto next = deadline::after(delay, time_.steady());
            if (was_stopping || next.time() >= give_up.time())
                co_return lost(queue_->counts().no_answer, batch.size(), answer.why);
            co_await rest_until(next);
        }
    }

    struct answer {
        detail::verdict what = detail::verdict::again;
        std::uint64_t rejected = 0;
        std::optional<std::chrono::milliseconds> retry_after{};
        std::string why{};
    };

    awaitable<answer> post(std::string body, deadline limit) {
        try {
            const auto response = co_await request(std::move(body), limit);
            answer out{.what = detail::judge(response.status), .why = "it answered " + std::to_string(response.status)};
            if (out.what == detail::verdict::taken)
                out.rejected = detail::rejected_spans(response.body);
            if (const auto after = response.headers.get("Retry-After"))
                out.retry_after = detail::parse_retry_after(*after, time_.wall());
            co_return out;
        } catch (const error& e) {
            co_return answer{.what =
                                 e.code() == errc::invalid_input ? detail::verdict::refused : detail::verdict::again,
                             .why = e.what()};
        }
    }

    awaitable<http::client_response> request(std::string body, deadline limit) {
        if (!http_)
            throw error(errc::closed, "the exporter was destroyed");
        const context_scope quiet(context().with_telemetry_suppressed());
        auto headers = options_.headers;
        headers.set("Content-Type", "application/json");
        co_return co_await http_->send({.method = http::method::post,
                                        .url = options_.traces_url,
                                        .headers = std::move(headers),
                                        .body = std::move(body),
                                        .deadline = earlier(deadline::after(options_.timeout, time_.steady()), limit),
                                        .max_response_body = 4 * 1024 * 1024});
    }

    void arrived(std::size_t spans, std::uint64_t rejected) {
        rejected = std::min<std::uint64_t>(rejected, spans);
        queue_->counts().sent.add(static_cast<double>(spans - rejected));
        if (rejected > 0)
            lost(queue_->counts().not_taken, rejected, "it did not take all spans of a batch");
        else if (std::exchange(failing_, false))
            telemetry::log(level::info, "otlp", "the collector takes spans again");
    }

    void lost(const telemetry::series& count, std::uint64_t spans, const std::string& why) {
        count.add(static_cast<double>(spans));
        if (!std::exchange(failing_, true))
            telemetry::log(level::warn, "otlp", "spans were lost: the collector did not take them",
                           {{"url", options_.traces_url.substr(0, options_.traces_url.find('?'))}, {"error", why}});
    }

    const executor ex_;
    const otlp::options options_;
    clock& time_;
    const mailbox<char> wake_;
    asio::steady_timer over_; // cancelled at the end of run()
    const std::shared_ptr<span_queue> queue_;
    std::optional<http::client> http_;
    deadline limit_;
    bool running_ = false;
    bool stopping_ = false;
    bool ended_ = false;
    bool failing_ = false;
};

exporter::exporter(executor ex, options o, clock& time)
    : state_(std::make_shared<state>(std::move(ex), std::move(o), time)) {}

exporter::~exporter() {
    state_->queue()->close();
    asio::post(state_->loop(), [s = state_] { s->abandon(); });
}

std::shared_ptr<monitoring::span_sink> exporter::spans() const { return state_->queue(); }

awaitable<void> exporter::run() {
    const auto s = state_;
    co_await asio::co_spawn(s->loop(), s->run(), asio::use_awaitable);
}

awaitable<void> exporter::stop(deadline limit) {
    const auto s = state_;
    co_await asio::co_spawn(s->loop(), s->stop(limit), asio::use_awaitable);
}

} // namespace infra::otlp
