#include "frame_writer.hpp"
#include "peer.hpp"
#include "telemetry_series.hpp"

namespace infra::realtime::websocket {

void peer::close(close_code code, std::string_view reason) {
    if (phase_ != phase::open)
        return;
    write_out();
    begin_closing(code, reason);
    group_->flush_soon(*this);
}

// Whoever was told by a close frame is told no more. The session hears of it outside of what may be its own call: in flush().
// What was said before goes out first, as far as the kernel takes it at once.
void peer::begin_closing(close_code code, std::string_view reason) {
    write_out();
    phase_ = phase::closing;
    code_ = code;
    owed_pong_.reset();
    out_.push_last(make_close_frame(code, reason));
    group_->flush_later(*this);
    group_->schedule(*this, group_->terms().options.close);
}

void peer::peer_closes(close_code code) {
    deaf_ = true;
    if (phase_ == phase::open)
        begin_closing(code, {});
}

void peer::leave(close_code code) noexcept {
    if (!session_)
        return;
    const auto talk = std::move(session_);
    session_.reset();
    if (code == close_code::slow)
        telemetry::log(level::info, "realtime", "a client was too slow", {{"client", talk->id()}});
    talk->ended(code);
}

// To close a socket with unread bytes resets the connection, and the reset may overtake the close frame. So the peer hears that nothing
// follows, and closes; or its time runs out.
void peer::finish_when_written() noexcept {
    if (phase_ == phase::open)
        return;
    if (phase_ == phase::closing && deaf_ && out_.empty()) {
        phase_ = phase::lingering;
        boost::system::error_code ignored;
        socket_->shutdown(socket::shutdown_send, ignored);
    }
    read_on();
}

void peer::say_goodbye(std::chrono::milliseconds after) {
    told_ = true;
    send(realtime::make_frame({.type = "reconnect", .data = {{"after", after.count()}}}, {.control = true}));
    close(close_code::shutdown, std::to_string(after.count()));
}

void peer::cut() noexcept { end(phase_ == phase::open ? close_code::going_away : code_); }

void peer::end(close_code code) noexcept {
    if (phase_ == phase::ended)
        return;
    const auto self = std::exchange(self_, nullptr);
    phase_ = phase::ended;
    leave(code);
    count_close(code);
    connections_series().add(-1);
    queue_bytes_series().add(-static_cast<double>(queued_.exchange(0, std::memory_order_relaxed)));
    socket_.reset();
    timed::unlink();
    list_hook<in_flush>::unlink();
    group_->remove(*this);
    out_ = outbox();
    unread_.reset();
    owed_pong_.reset();
}

} // namespace infra::realtime::websocket
