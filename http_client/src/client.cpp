#include <infra/http_client.hpp>

#include "client_metrics.hpp"
#include "engine.hpp"
#include "redirect.hpp"
#include "transfer.hpp"

#include <infra/base/error.hpp>
#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <stdexcept>
#include <utility>

namespace infra::http {

namespace {

client_options checked(client_options options) {
    validate(options);
    return options;
}

void refuse_framing(const headers& fields) {
    for (const auto* name : {"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te",
                             "trailer", "transfer-encoding", "upgrade"})
        if (fields.contains(name))
            throw std::invalid_argument("http::client_request::headers must leave " + std::string(name) +
                                        " to the client");
}

void refuse_method(const client_request& request) {
    const auto m = request.method;
    if (m == method::connect || m == method::other)
        throw std::invalid_argument("http::client_request::method must be a method that can be sent");
    if (!request.body.empty() && (m == method::head || m == method::trace))
        throw std::invalid_argument("http::client_request::body must be empty for " + std::string(to_string(m)));
}

std::shared_ptr<outgoing> check(client_request& request) {
    refuse_method(request);
    refuse_framing(request.headers);
    auto checked = std::make_shared<outgoing>(
        outgoing{request.method, parse_target(request.url), std::move(request.headers), std::move(request.body)});
    if (!checked->to.authorization.empty() && !checked->headers.contains("authorization"))
        checked->headers.set("authorization", checked->to.authorization);
    return checked;
}

/// One request on the client's loop, as seen from the coroutine that waits for it. However that coroutine ends, the
/// request does not go on unheard.
class errand {
public:
    errand(std::shared_ptr<engine> by, std::shared_ptr<const outgoing> request, std::size_t max_body,
           std::shared_ptr<call> from)
        : engine_(std::move(by)), call_(std::move(from)) {
        auto made = std::make_shared<transfer>(std::move(request), engine_->options(), max_body, call_);
        transfer_ = made;
        asio::post(engine_->get_executor(), [e = engine_, t = std::move(made)] { e->start(t); });
    }
    ~errand() {
        if (answered_)
            return;
        call_->reply.leave();
        asio::post(engine_->get_executor(), [e = engine_, weak = transfer_] {
            if (const auto t = weak.lock())
                e->abandon(t);
        });
    }
    errand(const errand&) = delete;
    errand& operator=(const errand&) = delete;

    void answered() noexcept { answered_ = true; }

private:
    const std::shared_ptr<engine> engine_;
    const std::shared_ptr<call> call_;
    std::weak_ptr<transfer> transfer_; // held by the engine, so that it dies on the engine's loop
    bool answered_ = false;
};

/// The same for stop(), which waits for nothing but the end.
struct withdrawal {
    std::shared_ptr<answer<void>> from;
    ~withdrawal() { from->leave(); }
};

std::string ended_while(const outgoing& request, std::string_view what, phase p) {
    return request.name() + ": " + std::string(what) + " while " + std::string(to_string(p));
}

std::string sentence_of(const boost::system::system_error& e, const outgoing& request, const call& of, bool late) {
    if (e.code() == asio::error::operation_aborted)
        return ended_while(request, "cancelled", of.progress);
    if (e.code() == errc::timed_out && late)
        return ended_while(request, "the deadline passed", of.progress);
    return e.what();
}

// W3C's headers of the current context. A caller's own baggage stays.
void tell_the_trace(headers& to) {
    const auto told = inject();
    to.set("traceparent", told.traceparent);
    if (!told.tracestate.empty())
        to.set("tracestate", told.tracestate);
    if (!told.baggage.empty() && !to.contains("baggage"))
        to.set("baggage", told.baggage);
}

void describe(telemetry::span& span, const outgoing& request) {
    if (!span.recording())
        return;
    const auto& to = request.to;
    const bool bracketed = to.host.starts_with('[');
    const auto address = bracketed ? to.host.substr(1, to.host.size() - 2) : to.host;
    span.set({{"http.request.method", to_string(request.method)},
              {"server.address", address},
              {"server.port", to.port},
              {"url.full", to.redacted()}});
}

} // namespace

/// What a client and its sends in flight share.
struct client::core {
    core(executor ex, client_options options, clock& t)
        : engine(std::make_shared<http::engine>(std::move(ex), checked(std::move(options)))), time(t) {}

    static awaitable<client_response> send(std::shared_ptr<core> self, client_request request);
    static awaitable<void> stop(std::shared_ptr<core> self, deadline limit);
    void let_go() const;

    const std::shared_ptr<http::engine> engine;
    clock& time;
    client_metrics metrics;
    std::atomic<bool> used{false};

private:
    struct limits {
        deadline until;
        std::size_t max_body;
    };

    awaitable<client_response> follow(std::shared_ptr<outgoing> request, limits within);
    awaitable<client_response> exchange(std::shared_ptr<const outgoing> request, limits within);
    awaitable<void> ended();
};

awaitable<client_response> client::core::send(std::shared_ptr<core> self, client_request request) {
    const auto& options = self->engine->options();
    const auto began = self->time.steady();
    const limits within{request.deadline.value_or(deadline::after(options.default_deadline, began)),
                        request.max_response_body.value_or(options.max_response_body)};
    const auto first = check(request);
    const auto method = first->method;
    const auto host = first->to.host;
    const auto count = [&](std::string_view status) {
        self->metrics.count(method, host, status, self->time.steady() - began);
    };

    telemetry::span span(to_string(method), span_kind::client);
    describe(span, *first);
    if (options.propagate_trace && !first->headers.contains("traceparent") &&
        !context::current().telemetry_suppressed())
        tell_the_trace(first->headers);
    try {
        auto response = co_await self->follow(first, within);
        count(status_label(response.status));
        span.set({{"http.response.status_code", response.status}});
        if (response.status >= 400)
            span.fail(reason_phrase(response.status));
        co_return response;
    } catch (const std::exception& e) {
        const auto why = failure_name(code_of(std::current_exception()));
        count(why);
        span.set({{"error.type", why}});
        span.fail(e.what());
        throw;
    }
}

awaitable<client_response> client::core::follow(std::shared_ptr<outgoing> request, limits within) {
    const int most = engine->options().max_redirects;
    for (int followed = 0;; ++followed) {
        auto response = co_await exchange(request, within);
        if (most == 0)
            co_return response;
        auto next = redirected(*request, response.status, response.headers);
        if (!next)
            co_return response;
        if (followed == most)
            throw error(client_errc::redirect,
                        request->name() + ": more redirects than max_redirects, " + std::to_string(most));
        *request = std::move(*next);
    }
}

awaitable<client_response> client::core::exchange(std::shared_ptr<const outgoing> request, limits within) {
    if (within.until.passed(time.steady()))
        throw client_error(errc::timed_out, request->name() + ": the deadline had passed before the request began",
                           false);
    used = true;
    const promise<client_response> arrival(co_await asio::this_coro::executor);
    const auto from = std::make_shared<call>(arrival);
    errand on_its_way(engine, request, within.max_body, from);
    try {
        auto response = co_await with_deadline(arrival.get(), within.until, time);
        on_its_way.answered();
        co_return response;
    } catch (const boost::system::system_error& e) {
        const bool unsent = from->withdraw();
        throw client_error(e.code(), sentence_of(e, *request, *from, within.until.passed(time.steady())), !unsent);
    }
}

// --- The end ----------------------------------------------------------------------------------------------------

awaitable<void> client::core::ended() {
    used = true;
    const promise<void> end(co_await asio::this_coro::executor);
    const withdrawal waiting{std::make_shared<answer<void>>(end)};
    asio::post(engine->get_executor(), [e = engine, to = waiting.from] { e->drain(to); });
    co_await end.get();
}

awaitable<void> client::core::stop(std::shared_ptr<core> self, deadline limit) {
    try {
        co_return co_await with_deadline(self->ended(), limit, self->time);
    } catch (const error& e) {
        if (e.code() != errc::timed_out)
            throw;
    }
    self->let_go();
    co_await self->ended();
}

// A client that was never used has nothing on its loop to clear away.
void client::core::let_go() const {
    if (used)
        asio::dispatch(engine->get_executor(), [e = engine] { e->close(); });
}

// --- The handle -------------------------------------------------------------------------------------------------

client::client(executor ex, client_options options, clock& time)
    : core_(std::make_shared<core>(std::move(ex), std::move(options), time)) {}

client::~client() {
    if (core_)
        core_->let_go();
}

client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept {
    const client former(std::move(*this));
    core_ = std::move(other.core_);
    return *this;
}

awaitable<client_response> client::send(client_request request) const { return core::send(core_, std::move(request)); }

awaitable<void> client::stop(deadline limit) const { return core::stop(core_, limit); }

} // namespace infra::http
