#include "courier.hpp"
#include "otlp_json.hpp"
#include "retry.hpp"

#include <infra/base/context.hpp>
#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/http_client.hpp>
#include <infra/http_client/retry_after.hpp>
#include <infra/monitoring/gzip.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace infra::otlp::detail {

class courier::state : public std::enable_shared_from_this<state> {
public:
    state(executor ex, destination to, const signal_names& names, std::shared_ptr<source> from, mailbox<char> wake,
          clock& time)
        : ex_(ex),
          to_(std::move(to)),
          names_(names),
          from_(std::move(from)),
          wake_(std::move(wake)),
          time_(time),
          counters_(names),
          over_(ex, steady_time::max()),
          http_(std::in_place, ex,
                http::client_options{.user_agent = "infra-otlp/" INFRA_VERSION, .propagate_trace = false}, time) {}

    const executor& loop() const noexcept { return ex_; }

    // By value and static: the courier may be gone before they begin.
    static awaitable<void> run_on_loop(std::shared_ptr<state> s) {
        co_await asio::co_spawn(s->ex_, s->run(), asio::use_awaitable);
    }
    static awaitable<void> stop_on_loop(std::shared_ptr<state> s, deadline limit) {
        co_await asio::co_spawn(s->ex_, s->stop(limit), asio::use_awaitable);
    }
    void close() noexcept { from_->close(); }

    awaitable<void> run() {
        const auto self = shared_from_this();
        if (std::exchange(running_, true))
            throw error(errc::invalid_state, "otlp: run() of an exporter was called twice");
        const ending at_the_end(*this);
        while (!stopping_) {
            if (!from_->is_full())
                co_await rest(to_.every);
            if (!stopping_)
                co_await send_all();
        }
        co_await send_all();
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
        close();
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
        from_->begin();
        for (auto next = from_->take(); next; next = from_->take())
            co_await send(*std::move(next));
    }

    awaitable<void> send(cargo what) {
        const auto body = to_.compress ? monitoring::gzip(what.body) : std::move(what.body);
        const auto give_up = deadline::after(to_.export_timeout, time_.steady());
        for (int attempt = 1;; ++attempt) {
            const bool was_stopping = stopping_;
            const auto answer = co_await post(body, stopping_ ? earlier(give_up, limit_) : give_up);
            if (answer.what == verdict::taken)
                co_return arrived(what.items, answer.rejected);
            if (answer.what == verdict::refused)
                co_return lost(counters_.refused, what.items, answer.why);
            const auto delay = answer.retry_after.value_or(delay_after(attempt, random_01()));
            const auto next = deadline::after(delay, time_.steady());
            if (was_stopping || next.time() >= give_up.time())
                co_return lost(counters_.no_answer, what.items, answer.why);
            co_await rest_until(next);
        }
    }

    struct answer {
        verdict what = verdict::again;
        std::uint64_t rejected = 0;
        std::optional<std::chrono::milliseconds> retry_after{};
        std::string why{};
    };

    awaitable<answer> post(std::string body, deadline limit) {
        try {
            const auto response = co_await request(std::move(body), limit);
            answer out{.what = judge(response.status), .why = "it answered " + std::to_string(response.status)};
            if (out.what == verdict::taken)
                out.rejected = rejected(response.body, names_.rejected);
            if (const auto after = response.headers.get("Retry-After"))
                out.retry_after = http::parse_retry_after(*after, time_.wall());
            co_return out;
        } catch (const error& e) {
            co_return answer{.what = e.code() == errc::invalid_input ? verdict::refused : verdict::again,
                             .why = e.what()};
        }
    }

    awaitable<http::client_response> request(std::string body, deadline limit) {
        if (!http_)
            throw error(errc::closed, "the exporter was destroyed");
        const context_scope quiet(context().with_telemetry_suppressed());
        auto headers = to_.headers;
        headers.set("Content-Type", "application/json");
        if (to_.compress)
            headers.set("Content-Encoding", "gzip");
        co_return co_await http_->send({.method = http::method::post,
                                        .url = to_.url,
                                        .headers = std::move(headers),
                                        .body = std::move(body),
                                        .deadline = earlier(deadline::after(to_.timeout, time_.steady()), limit),
                                        .max_response_body = 4 * 1024 * 1024});
    }

    void arrived(std::uint64_t items, std::uint64_t rejected) {
        rejected = std::min(rejected, items);
        counters_.sent.add(static_cast<double>(items - rejected));
        if (rejected > 0)
            lost(counters_.not_taken, rejected, "it took a part only");
        else if (std::exchange(failing_, false))
            telemetry::log(level::info, "otlp", std::string("the collector takes ") + names_.items + " again");
    }

    void lost(const telemetry::series& count, std::uint64_t items, const std::string& why) {
        count.add(static_cast<double>(items));
        if (!std::exchange(failing_, true))
            telemetry::log(level::warn, "otlp",
                           std::string(names_.items) + " were lost: the collector did not take them",
                           {{"url", encoding::shown_url(to_.url)}, {"error", why}});
    }

    const executor ex_;
    const destination to_;
    const signal_names& names_;
    const std::shared_ptr<source> from_;
    const mailbox<char> wake_;
    clock& time_;
    const counters counters_;
    asio::steady_timer over_; // cancelled at the end of run()
    std::optional<http::client> http_;
    deadline limit_;
    bool running_ = false;
    bool stopping_ = false;
    bool ended_ = false;
    bool failing_ = false;
};

courier::courier(executor ex, destination to, const signal_names& names, std::shared_ptr<source> from,
                 mailbox<char> wake, clock& time)
    : state_(std::make_shared<state>(std::move(ex), std::move(to), names, std::move(from), std::move(wake), time)) {}

courier::~courier() {
    state_->close();
    asio::post(state_->loop(), [s = state_] { s->abandon(); });
}

awaitable<void> courier::run() { return state::run_on_loop(state_); }

awaitable<void> courier::stop(deadline limit) { return state::stop_on_loop(state_, limit); }

} // namespace infra::otlp::detail
