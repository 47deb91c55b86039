#include "connection.hpp"

#include "lane.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace infra::http::detail {
namespace {

constexpr std::size_t head_read = 4 * 1024;
constexpr std::size_t body_read = 64 * 1024;
constexpr std::size_t high_water = 64 * 1024; // of answers: above it no further request is looked at
constexpr std::size_t kept_capacity = 64 * 1024;
constexpr std::chrono::seconds linger_time{2};

} // namespace

connection::connection(std::shared_ptr<lane> on, std::shared_ptr<server_state> server,
                       std::unique_ptr<transport> through, const asio::ip::tcp::endpoint& peer)
    : lane_(std::move(on)),
      server_(std::move(server)),
      transport_(std::move(through)),
      peer_(peer.address()),
      peer_text_(peer_.to_string()) {}

// --- From outside ----------------------------------------------------------------------------------------------------

void connection::start(bool refused) {
    now_ = lane_->now();
    refused_ = refused;
    set_phase(phase::idle, server_->options().timeouts.header);
    if (transport_->start(self()))
        get_going();
}

void connection::on_ready(boost::system::error_code ec) {
    if (is_closed())
        return;
    if (ec)
        return close();
    get_going();
}

void connection::get_going() {
    if (refused_)
        refuse(503);
    pump();
}

void connection::on_read(boost::system::error_code ec, std::size_t size) {
    reading_ = false;
    if (is_closed())
        return;
    if (ec)
        return close();
    now_ = lane_->now();
    in_.commit(size);
    if (phase_ == phase::lingering) {
        in_.consume(in_.size());
        return read_on();
    }
    starved_ = false;
    if (arrived_)
        arrived_->cancel();
    pump();
}

void connection::on_written(boost::system::error_code ec, std::size_t size) {
    writing_ = false;
    write_deadline_ = steady_time::max();
    if (is_closed())
        return;
    if (ec)
        return close();
    now_ = lane_->now();
    sent_ += size;
    pump();
}

void connection::check_deadlines(steady_time now) {
    const auto patience_ends = std::min(deadline_, write_deadline_);
    if (now < patience_ends || is_closed())
        return;
    now_ = now;
    if (now >= write_deadline_)
        return close();
    switch (phase_) {
    case phase::head:
    case phase::body: refuse(408); return pump();
    case phase::handling:
        if (mid_body_)
            return close(); // the status has been sent: all that is left is not to look complete
        refuse(awaits_body_ ? 408 : 503);
        cancel_work_.emit(asio::cancellation_type::terminal);
        return pump();
    default: return close();
    }
}

void connection::drain() {
    if (phase_ == phase::idle && backlog() == 0)
        close();
}

// --- Reading ---------------------------------------------------------------------------------------------------------

// Everything that may go on, goes on from here. A coroutine that answers without suspending comes back in the middle of
// it and finds it pumping already.
void connection::pump() {
    if (pumping_)
        return;
    pumping_ = true;
    try {
        work();
    } catch (...) {
        telemetry::log(level::error, "http", "a connection failed", {{"error", describe(std::current_exception())}});
        close();
    }
    pumping_ = false;
}

void connection::work() {
    do {
        while (may_parse() && parse()) {
        }
        if (!flush())
            return; // on_written() goes on
    } while (may_parse());
    go_on_or_end();
}

bool connection::may_parse() const noexcept {
    return is_reading() && !starved_ && !last_answer_ && !writing_ && out_.size() < high_water;
}

// False when more is needed.
bool connection::parse() {
    if (!parser_)
        parser_.emplace(request_, server_->options().limits, server_->streams_bodies());
    const auto bytes = in_.cdata();
    in_.consume(parser_->feed({static_cast<const char*>(bytes.data()), bytes.size()}));
    if (const int status = parser_->failure()) {
        refuse(status);
        return false;
    }
    starved_ = in_.size() == 0;
    if (parser_->is_at_body())
        return begin_body();
    if (parser_->is_done()) {
        const bool keep_alive = parser_->keep_alive();
        dispatch(keep_alive);
        return true;
    }
    starved_ = true;
    note_progress();
    return false;
}

void connection::note_progress() {
    const auto& timeouts = server_->options().timeouts;
    if (!parser_->is_header_done()) {
        if (phase_ == phase::idle)
            set_phase(phase::head, timeouts.header);
        return;
    }
    if (phase_ == phase::body)
        return;
    set_phase(phase::body, timeouts.body);
    if (parser_->expects_continue() && request_.body().empty())
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

void connection::read_on() {
    if (std::exchange(reading_, true))
        return;
    if (in_.size() == 0 && in_.capacity() > kept_capacity)
        in_ = {};
    transport_->read_some(in_.prepare(phase_ == phase::body || awaits_body_ ? body_read : head_read), self());
}

// --- Writing and ending ----------------------------------------------------------------------------------------------

// True when nothing is left to be written.
bool connection::flush() {
    if (writing_)
        return false;
    while (true) {
        if (sent_ == sending_.size()) {
            sending_.clear();
            sent_ = 0;
            if (flushed_)
                flushed_->cancel();
            if (out_.empty())
                return true;
            sending_.swap(out_);
        }
        const auto taken = transport_->write_some(std::string_view(sending_).substr(sent_), self());
        if (taken == 0) {
            writing_ = true;
            now_ = lane_->now(); // a stream may have been silent since the last event
            write_deadline_ = saturating_add(now_, server_->options().timeouts.write);
            return false;
        }
        sent_ += taken;
    }
}

void connection::go_on_or_end() {
    if (sending_.capacity() > kept_capacity)
        std::string().swap(sending_);
    if (last_answer_ && phase_ == phase::closing)
        unread_input_ || in_.size() > 0 ? linger() : close();
    else if (phase_ == phase::idle && lane_->draining())
        close();
    else if (is_reading())
        read_on();
}

// Closing a socket with unread input resets the connection, and the reset may overtake the answer.
void connection::linger() {
    transport_->shutdown_send();
    set_phase(phase::lingering, linger_time);
    in_.consume(in_.size());
    read_on();
}

void connection::close() noexcept {
    if (is_closed())
        return;
    const auto alive = self();
    const bool cut_short = phase_ == phase::handling;
    phase_ = phase::closed;
    if (cut_short)
        lane_->reporter().finished(exchange_, body_bytes_, lane_->now());
    if (transport_)
        transport_->close();
    if (flushed_)
        flushed_->cancel();
    if (arrived_)
        arrived_->cancel();
    unlink();
    lane_->removed();
    server_->connection_closed();
    cancel_work_.emit(asio::cancellation_type::terminal);
}

void connection::set_phase(phase next, std::chrono::nanoseconds patience) {
    phase_ = next;
    deadline_ = patience == for_ever ? steady_time::max() : saturating_add(now_, patience);
}

awaitable<void> connection::flushed_to(std::size_t most) {
    while (backlog() > most && !is_closed()) {
        if (!flushed_)
            flushed_.emplace(co_await asio::this_coro::executor, steady_time::max());
        boost::system::error_code woken;
        co_await flushed_->async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            break;
    }
    if (is_closed())
        throw error(errc::closed, "the client has gone");
}

awaitable<void> connection::write(std::string piece) {
    if (is_closed())
        throw error(errc::closed, "the client has gone");
    body_bytes_ += piece.size();
    if (framing_ == framing::length && body_bytes_ > promised_)
        throw error(errc::invalid_input, "a streamed body is longer than it was said to be");
    if (framing_ == framing::chunked)
        write_chunk(out_, piece);
    else
        out_ += piece;
    pump();
    co_await flushed_to(high_water);
}

} // namespace infra::http::detail
