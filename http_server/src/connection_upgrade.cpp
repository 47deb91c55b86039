// How a connection leaves HTTP.

#include "connection.hpp"
#include "dispatch.hpp"
#include "lane.hpp"
#include "refusal.hpp"

namespace infra::http::detail {
namespace {

// The request's head once more, for a library that wants to parse it itself.
std::string head_of(const request& r) {
    std::string text(to_string(r.method()));
    text.append(" ").append(r.target()).append(" HTTP/1.1\r\n");
    for (const auto [name, value] : r.headers())
        text.append(name).append(": ").append(value).append("\r\n");
    return text.append("\r\n");
}

} // namespace

awaitable<void> connection::hand_over(self_ptr self, request r) {
    auto& e = self->exchange_;
    const auto to = e.route;
    std::optional<response> stopped;
    std::exception_ptr thrown;
    context under;
    {
        telemetry::span span(e.span_name(), span_kind::server, context_of(r, e.request_id));
        e.traceparent = format_traceparent(span.context());
        describe_request(span, e, r);
        try {
            stopped = co_await run_guards(*to, r);
        } catch (...) {
            thrown = std::current_exception();
        }
        if (self->phase_ != phase::handling)
            co_return;
        if (thrown)
            stopped = answer_exception(thrown, e.route_label(), e.request_id);
        describe_response(span, stopped ? stopped->status : 101);
        if (stopped)
            co_return self->respond(checked(std::move(*stopped), e.route_label(), e.request_id));
        under = context::current();
    }
    // What follows may last for days: its spans are children of the request's, which has ended.
    const context_scope in(under);
    co_await to->upgrade(co_await leave_http(self, std::move(r)));
}

awaitable<upgrade> connection::leave_http(self_ptr self, request r) {
    co_await self->flushed_to(0); // answers to what was pipelined before
    self->exchange_.status = 101;
    self->end_exchange();
    self->set_phase(phase::upgraded, for_ever);
    auto handshake = head_of(r);
    std::string leftover(static_cast<const char*>(self->in_.cdata().data()), self->in_.size());
    auto socket = self->transport_->release(self->lane_->get_executor());
    self->transport_.reset();
    co_return upgrade{std::move(socket), std::move(r), std::move(handshake), std::move(leftover)};
}

} // namespace infra::http::detail
