// The body of a request whose handler takes it while it comes. Bytes are read from the client only while the handler waits
// for them: that is the back pressure.

#include "connection.hpp"
#include "lane.hpp"
#include "refusal.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace infra::http::detail {

// The head is there; whose body it is decides how it is read. False when more is needed.
bool connection::begin_body() {
    const auto most = server_->options().limits.max_body_bytes;
    const auto found = request_access::find(request_, server_->routes());
    if (found.route && found.route->handler.streamed) {
        body_limit_ = most;
        said_continue_ = false;
        dispatch(parser_->keep_alive());
        return true;
    }
    parser_->allow_body(most);
    if (const int status = parser_->failure())
        refuse(status);
    else if (starved_)
        note_progress();
    return !starved_ && parser_;
}

std::optional<std::uint64_t> connection::announced() const {
    if (!parser_)
        return 0;
    const auto length = parser_->content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

awaitable<std::string> connection::read() {
    const auto alive = self();
    while (true) {
        if (phase_ != phase::handling)
            throw error(errc::closed, "the client has gone, or has sent nothing for too long");
        auto piece = take_body();
        if (!piece.empty() || !parser_ || parser_->is_done()) {
            said_continue_ = true; // or need not be said any more
            co_return piece;
        }
        co_await more_body();
    }
}

// What there is of it. Nothing may be taken out of the buffer that is being read into.
std::string connection::take_body() {
    if (!parser_)
        return {};
    if (parser_->is_at_body())
        parser_->allow_body(body_limit_);
    if (!reading_ && !parser_->failure() && !parser_->is_done())
        in_.consume(parser_->feed({static_cast<const char*>(in_.cdata().data()), in_.size()}));
    if (const int status = parser_->failure())
        throw refused(status);
    return std::exchange(request_access::body(request_), {});
}

awaitable<void> connection::more_body() {
    if (!arrived_)
        arrived_.emplace(co_await asio::this_coro::executor, steady_time::max());
    awaits_body_ = true;
    now_ = lane_->now();
    set_phase(phase::handling, server_->options().timeouts.body);
    ask_for_body();
    boost::system::error_code woken;
    if (!is_closed())
        co_await arrived_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    awaits_body_ = false;
    if (phase_ != phase::handling)
        co_return;
    set_phase(phase::handling, server_->options().timeouts.handler);
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
}

void connection::ask_for_body() {
    if (parser_->expects_continue() && !std::exchange(said_continue_, true)) {
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
        pump();
    }
    if (!is_closed())
        read_on();
}

// Before the answer. What the handler has left unread ends the connection, unless all of it is there.
void connection::leave_body() {
    if (!parser_)
        return;
    try {
        take_body();
    } catch (const error_response&) { // the handler was told, or did not ask
    }
    if (parser_->failure() || !parser_->is_done()) {
        exchange_.keep_alive = false;
        unread_input_ = true;
    }
    parser_.reset();
    starved_ = in_.size() == 0;
}

} // namespace infra::http::detail
