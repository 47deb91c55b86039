#include <infra/http_client.hpp>

#include "client_metrics.hpp"
#include "engine.hpp"
#include "errand.hpp"
#include "record.hpp"
#include "redirect.hpp"
#include "stream_state.hpp"
#include "transfer.hpp"

#include <infra/base/context.hpp>
#include <infra/base/error.hpp>
#include <infra/base/propagation.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <limits>
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
    if ((!request.body.empty() || request.body_source) && (m == method::head || m == method::trace))
        throw std::invalid_argument("http::client_request::body must be empty for " + std::string(to_string(m)));
    if (!request.body.empty() && request.body_source)
        throw std::invalid_argument("http::client_request::body must be empty where there is a body_source");
    if (request.body_size && !request.body_source)
        throw std::invalid_argument("http::client_request::body_size is that of a body_source, which is missing");
}

std::shared_ptr<outgoing> check(client_request& request) {
    refuse_method(request);
    refuse_framing(request.headers);
    auto checked = std::make_shared<outgoing>(
        outgoing{request.method, parse_target(request.url), std::move(request.headers), std::move(request.body),
                 std::move(request.body_source), request.body_size, request.fresh_connection, request.expect_continue});
    if (!checked->to.authorization.empty() && !checked->headers.contains("authorization"))
        checked->headers.set("authorization", checked->to.authorization);
    return checked;
}

/// However stop() is left, the client's loop does not answer it any more.
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

// What `answer` gives, while `feeding` goes on, which ends by cancellation alone.
awaitable<client_response> while_feeding(awaitable<client_response> answer, awaitable<void> feeding) {
    const auto ex = co_await asio::this_coro::executor;
    auto ended =
        co_await asio::experimental::make_parallel_group(asio::co_spawn(ex, std::move(answer), asio::deferred),
                                                         asio::co_spawn(ex, std::move(feeding), asio::deferred))
            .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (const auto& failure = std::get<1>(ended))
        std::rethrow_exception(failure);
    co_return std::move(std::get<2>(ended));
}

} // namespace

/// What a client and its sends in flight share.
struct client::core {
    core(executor ex, client_options options, clock& t)
        : engine(std::make_shared<http::engine>(std::move(ex), checked(std::move(options)))), time(t) {}

    static awaitable<client_response> send(std::shared_ptr<core> self, client_request request);
    static awaitable<client_stream> open(std::shared_ptr<core> self, client_request request);
    static awaitable<void> stop(std::shared_ptr<core> self, deadline limit);
    void let_go() const;

    const std::shared_ptr<http::engine> engine;
    clock& time;
    const std::shared_ptr<client_metrics> metrics = std::make_shared<client_metrics>();
    std::atomic<bool> used{false};

private:
    struct limits {
        deadline until;
        std::size_t max_body;
        bool streams; // the response
    };

    /// A response, and, if its body is still coming, the way to it.
    struct arrived {
        client_response response;
        std::shared_ptr<errand> rest;
    };

    limits limits_of(const client_request& request, bool streams) const;
    std::unique_ptr<record> record_aside(outgoing& request) const;
    void add_trace(headers& to) const;
    awaitable<arrived> follow(std::shared_ptr<outgoing> request, limits within);
    awaitable<arrived> exchange(std::shared_ptr<const outgoing> request, limits within);
    awaitable<void> ended();
};

client::core::limits client::core::limits_of(const client_request& request, bool streams) const {
    const auto& options = engine->options();
    const auto most = streams ? std::numeric_limits<std::size_t>::max() : options.max_response_body;
    return {request.deadline.value_or(deadline::after(options.default_deadline, time.steady())),
            request.max_response_body.value_or(most), streams};
}

awaitable<client_response> client::core::send(std::shared_ptr<core> self, client_request request) {
    const auto within = self->limits_of(request, false);
    const auto first = check(request);
    record of_it(self->metrics, self->time, *first);
    self->add_trace(first->headers);
    try {
        auto got = co_await self->follow(first, within);
        of_it.answered(got.response.status);
        co_return std::move(got.response);
    } catch (...) {
        of_it.failed(std::current_exception());
        throw;
    }
}

awaitable<client_stream> client::core::open(std::shared_ptr<core> self, client_request request) {
    const auto within = self->limits_of(request, true);
    const auto first = check(request);
    auto of_it = self->record_aside(*first);
    try {
        auto got = co_await self->follow(first, within);
        of_it->arrived();
        co_return client_stream(std::make_shared<client_stream::state>(
            first->name(), std::move(got.response), std::move(got.rest), std::move(of_it),
            self->engine->options().default_deadline, self->time));
    } catch (...) {
        of_it->failed(std::current_exception());
        throw;
    }
}

// Its span is to outlive this call, and must not become that of whatever the caller does meanwhile.
std::unique_ptr<record> client::core::record_aside(outgoing& request) const {
    const captured_context::resumption aside(captured_context::capture());
    auto made = std::make_unique<record>(metrics, time, request);
    add_trace(request.headers);
    return made;
}

void client::core::add_trace(headers& to) const {
    if (engine->options().propagate_trace && !to.contains("traceparent") && !context::current().telemetry_suppressed())
        tell_the_trace(to);
}

awaitable<client::core::arrived> client::core::follow(std::shared_ptr<outgoing> request, limits within) {
    const int most = engine->options().max_redirects;
    for (int followed = 0;; ++followed) {
        auto got = co_await exchange(request, within);
        if (most == 0)
            co_return got;
        auto next = redirected(*request, got.response.status, got.response.headers);
        if (!next)
            co_return got;
        if (followed == most)
            throw error(client_errc::redirect,
                        request->name() + ": more redirects than max_redirects, " + std::to_string(most));
        request = std::make_shared<outgoing>(std::move(*next)); // whose response is dropped may still name the former
    }
}

awaitable<client::core::arrived> client::core::exchange(std::shared_ptr<const outgoing> request, limits within) {
    if (within.until.passed(time.steady()))
        throw client_error(errc::timed_out, request->name() + ": the deadline had passed before the request began",
                           false);
    used = true;
    const promise<client_response> arrival(co_await asio::this_coro::executor);
    const auto from = std::make_shared<call>(arrival);
    if (request->source)
        from->upload = std::make_shared<outflow>(engine->options().stream_buffer);
    if (within.streams)
        from->download = std::make_shared<inflow>(engine->get_executor(), engine->options().stream_buffer);
    const auto way = std::make_shared<errand>(engine, request, within.max_body, from);
    auto answer = request->source ? while_feeding(arrival.get(), errand::feed(way, request)) : arrival.get();
    try {
        arrived got{co_await with_deadline(std::move(answer), within.until, time), {}};
        if (within.streams)
            got.rest = way;
        else
            way->answered();
        co_return got;
    } catch (const boost::system::system_error& e) {
        if (from->source_failure)
            throw;
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

awaitable<client_stream> client::open(client_request request) const { return core::open(core_, std::move(request)); }

awaitable<void> client::stop(deadline limit) const { return core::stop(core_, limit); }

} // namespace infra::http
