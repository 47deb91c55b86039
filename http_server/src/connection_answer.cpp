// How a connection answers: at once, in a coroutine, or piece by piece.

#include "connection.hpp"
#include "dispatch.hpp"
#include "file.hpp"
#include "lane.hpp"
#include "refusal.hpp"

#include <infra/base/id.hpp>
#include <infra/runtime/blocking_pool.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace infra::http::detail {
namespace {

constexpr std::size_t file_piece = 256 * 1024;

} // namespace

// --- At once ---------------------------------------------------------------------------------------------------------

void connection::dispatch(bool keep_alive) {
    begin_exchange(keep_alive);
    auto conditions = parser_->is_conditional() ? request_.headers() : headers();
    if (parser_->is_done())
        parser_.reset();
    const auto& cors = server_->cors();
    if (cors && cors_policy::is_preflight(request_.method(), request_.headers())) {
        auto made = response::no_content();
        cors->answer_preflight(request_.headers(), made.headers);
        return respond(std::move(made));
    }
    const auto found = request_access::match(request_, server_->routes());
    exchange_.route = found.route;
    if (found.route && found.route->upgrade && wants_upgrade(request_))
        return spawn(hand_over(self(), std::move(request_)));
    if (!found.route || found.route->upgrade || found.route->is_plain())
        return answer_at_once(found, std::move(conditions));
    spawn(perform(self(), std::move(request_), std::move(conditions)));
}

void connection::begin_exchange(bool keep_alive) {
    request_access::set_origin(request_, peer_, peer_text_, server_->secure(), server_->trusted(),
                               server_->options().forwarded_in);
    const auto sent_id = request_.header("X-Request-Id");
    if (is_request_id(sent_id))
        exchange_.request_id = sent_id;
    else
        exchange_.request_id = uuid_v7();
    request_access::set_request_id(request_, exchange_.request_id);
    exchange_.route = nullptr;
    exchange_.method = request_.method();
    exchange_.version = request_.version();
    exchange_.keep_alive = keep_alive;
    exchange_.began = now_;
    body_bytes_ = 0;
    exchange_.status = 503; // until something else is sent: what it was if it is cut before
    exchange_.path = request_.path();
    exchange_.remote = request_.remote_address();
    exchange_.traceparent.clear();
    if (server_->cors())
        exchange_.origin = request_.header("Origin");
}

void connection::answer_at_once(const route_match& found, headers conditions) {
    telemetry::span span(exchange_.span_name(), span_kind::server, context_of(request_, exchange_.request_id));
    exchange_.traceparent = format_traceparent(span.context());
    describe_request(span, exchange_, request_);
    response made;
    try {
        if (!found.route)
            made = answer_unmatched(request_, found);
        else
            made = found.route->upgrade ? answer_without_upgrade() : run_plain(*found.route, request_);
    } catch (...) {
        made = answer_exception(std::current_exception(), exchange_.route_label(), exchange_.request_id);
    }
    made = checked(std::move(made), exchange_.route_label(), exchange_.request_id);
    describe_response(span, made.status);
    if (request_access::file(made) || request_access::streamed(made))
        spawn(deliver(self(), std::move(made), std::move(conditions)));
    else
        respond(std::move(made));
}

void connection::respond(response made) {
    const auto length = is_bodiless(made.status) ? 0 : made.body.size();
    send_head(made, framing::length, length);
    if (exchange_.method != method::head && length > 0) {
        out_ += made.body;
        body_bytes_ = length;
    }
    end_exchange();
}

void connection::send_head(response& made, framing body, std::uint64_t length) {
    leave_body();
    if (const auto& cors = server_->cors())
        cors->decorate(exchange_.origin, made.headers);
    if (!exchange_.keep_alive || lane_->draining() || body == framing::until_close)
        last_answer_ = true;
    framing_ = body;
    promised_ = length;
    body_bytes_ = 0;
    exchange_.status = made.status;
    write_head(out_, made,
               {.version = exchange_.version,
                .keep_alive = !last_answer_,
                .body = body,
                .length = length,
                .date = lane_->date(),
                .request_id = exchange_.request_id,
                .traceparent = exchange_.traceparent});
}

void connection::end_exchange() {
    mid_body_ = false;
    now_ = lane_->now();
    lane_->reporter().finished(exchange_, body_bytes_, now_);
    set_phase(last_answer_ ? phase::closing : phase::idle, server_->options().timeouts.idle);
}

// For what never became a request, or not in time: the last answer on this connection.
void connection::refuse(int status) {
    if (is_reading()) {
        if (!parser_)
            request_access::reset(request_);
        begin_exchange(false);
        parser_.reset();
    }
    unread_input_ = true;
    exchange_.keep_alive = false;
    const context_scope in(context::current().with_request_id(exchange_.request_id));
    respond(make_refusal(status));
}

// --- In a coroutine --------------------------------------------------------------------------------------------------

void connection::spawn(awaitable<void> work) {
    set_phase(phase::handling, server_->options().timeouts.handler);
    asio::co_spawn(lane_->get_executor(), std::move(work),
                   asio::bind_cancellation_slot(cancel_work_.slot(), [held = self()](std::exception_ptr failure) {
                       held->on_work_done(std::move(failure));
                   }));
}

void connection::on_work_done(std::exception_ptr failure) {
    if (is_closed())
        return;
    now_ = lane_->now();
    if (failure)
        telemetry::log(
            level::warn, "http", phase_ == phase::upgraded ? "an upgraded connection failed" : "a body failed",
            {{"route", exchange_.route_label()}, {"request_id", exchange_.request_id}, {"error", describe(failure)}});
    if (failure || phase_ == phase::upgraded)
        return close();
    pump();
}

awaitable<void> connection::perform(self_ptr self, request r, headers conditions) {
    auto& e = self->exchange_;
    const auto to = e.route;
    telemetry::span span(e.span_name(), span_kind::server, context_of(r, e.request_id));
    e.traceparent = format_traceparent(span.context());
    describe_request(span, e, r);
    response made;
    std::exception_ptr thrown;
    try {
        made = co_await run(*to, std::move(r), *self);
    } catch (...) {
        thrown = std::current_exception();
    }
    if (self->phase_ != phase::handling) { // the deadline or the end came first
        span.fail("cancelled");
        co_return;
    }
    if (thrown)
        made = answer_exception(thrown, e.route_label(), e.request_id);
    made = checked(std::move(made), e.route_label(), e.request_id);
    describe_response(span, made.status);
    if (request_access::file(made) || request_access::streamed(made))
        co_await deliver(self, std::move(made), std::move(conditions));
    else
        self->respond(std::move(made));
}

awaitable<void> connection::deliver(self_ptr self, response made, headers conditions) {
    return request_access::file(made) ? send_file(self, std::move(made), std::move(conditions))
                                      : send_stream(self, std::move(made));
}

awaitable<void> connection::send_file(self_ptr self, response made, headers conditions) {
    const auto of = request_access::file(made);
    const auto m = self->exchange_.method;
    auto open = [of, m, conditions = std::move(conditions), head = head_alone(std::move(made))]() mutable {
        return answer_with_file(*of, m, conditions, std::move(head));
    };
    file_answer opened;
    std::exception_ptr thrown;
    try {
        opened = co_await pool_of(*of).run(std::move(open));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (self->phase_ != phase::handling) // the deadline or the end came first
        co_return;
    if (thrown)
        opened.head = answer_exception(thrown, self->exchange_.route_label(), self->exchange_.request_id);
    if (opened.body.size == 0 || is_bodiless(opened.head.status))
        co_return self->respond(std::move(opened.head));
    self->send_head(opened.head, framing::length, opened.body.size);
    if (m != method::head)
        co_await send_pieces(self, std::make_shared<file_answer>(std::move(opened)), pool_of(*of));
    self->end_exchange();
}

// The file is shared with the pool, where reading may outlive a connection that is cut.
awaitable<void> connection::send_pieces(self_ptr self, std::shared_ptr<const file_answer> from, blocking_pool& pool) {
    self->mid_body_ = true;
    for (std::uint64_t sent = 0; sent < from->body.size;) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(file_piece, from->body.size - sent));
        auto read = [from, at = from->body.first + sent, size] { return read_piece(from->file.get(), at, size); };
        self->now_ = self->lane_->now();
        self->set_phase(phase::handling, self->server_->options().timeouts.handler);
        auto piece = co_await pool.run(std::move(read));
        self->deadline_ = steady_time::max(); // while it is the client's speed that counts
        co_await self->write(std::move(piece));
        sent += size;
    }
}

awaitable<void> connection::send_stream(self_ptr self, response made) {
    const auto streamed = request_access::streamed(made);
    const auto unknown = self->exchange_.version == 1 ? framing::chunked : framing::until_close;
    const auto length = is_bodiless(made.status) ? 0 : streamed->length.value_or(0);
    self->send_head(made, streamed->length ? framing::length : unknown, length);
    if (self->exchange_.method == method::head || is_bodiless(made.status))
        co_return self->end_exchange();
    self->mid_body_ = true;
    self->deadline_ = steady_time::max(); // a stream of events may last for days
    co_await streamed->produce(body_writer(*self));
    if (self->is_closed())
        throw error(errc::closed, "the client has gone");
    if (streamed->length && self->body_bytes_ < length)
        throw error(errc::invalid_input, "a streamed body is shorter than it was said to be");
    if (self->framing_ == framing::chunked)
        self->out_ += last_chunk;
    self->end_exchange();
}

} // namespace infra::http::detail
