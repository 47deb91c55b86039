#include "deflate.hpp"
#include "frame_writer.hpp"
#include "peer.hpp"
#include "telemetry_series.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace infra::realtime::websocket {
namespace {

constexpr int no_wait = MSG_DONTWAIT | MSG_NOSIGNAL;

} // namespace

void peer::send(const frame& f) {
    if (phase_ != phase::open || broken_)
        return;
    push(f, encoding_of(f));
    group_->flush_later(*this);
}

void peer::send_encoded(std::string bytes) {
    if (phase_ != phase::open || broken_)
        return;
    const frame whole(bytes, {.control = true});
    push(whole, whole.text());
    group_->flush_soon(*this);
}

// The kernel may have room for what the queue has not: before anything is dropped, it is asked.
void peer::push(const frame& f, std::string_view bytes) {
    if (!blocked_ && !out_.has_room_for(f, bytes))
        write_out();
    const auto before = out_.dropped();
    const auto verdict = out_.push(f, bytes);
    if (const auto lost = out_.dropped() - before) {
        dropped_.store(out_.dropped(), std::memory_order_relaxed);
        dropped_series(f.facts().channel->options.on_overflow).add(static_cast<double>(lost));
    }
    if (verdict == outbox::verdict::close)
        begin_closing(close_code::slow, "the client reads too slowly; reconnect and resume");
}

std::string_view peer::encoding_of(const frame& f) const {
    const auto& channel = f.facts().channel;
    if (deflate_window_ == 0 || !channel || !channel->options.compress)
        return f.websocket();
    const auto size = f.text().size();
    const auto reach = std::size_t(1) << deflate_window_;
    if (size < group_->terms().options.compress_from || (deflate_window_ < 15 && size > reach))
        return f.websocket();
    const auto deflated =
        f.encoded(frame::encoding::deflated, +[](const frame& of) { return make_deflated_frame(of.text()); });
    return deflated.empty() ? f.websocket() : deflated;
}

void peer::write_out() {
    if (blocked_ || broken_ || !socket_)
        return;
    while (write_once()) {
    }
}

// One system call for up to 64 frames. False when there is nothing more to be written for now.
bool peer::write_once() {
    const auto pieces = group_->pieces();
    const auto count = out_.gather(pieces);
    if (count == 0)
        return false;
    const auto parts = group_->parts();
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
        parts[i] = {.iov_base = const_cast<char*>(pieces[i].data()), .iov_len = pieces[i].size()};
        size += pieces[i].size();
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const auto fd = socket_->native_handle();
    const auto sent = count == 1 ? ::send(fd, parts[0].iov_base, size, no_wait) : ::sendmsg(fd, &message, no_wait);
    if (sent < 0 && errno == EINTR)
        return true;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        broken_ = true;
        return false;
    }
    if (sent > 0) {
        writes_series().add();
        out_.written(static_cast<std::size_t>(sent));
    }
    if (sent < static_cast<ssize_t>(size)) {
        wait_until_writable();
        return false;
    }
    return !out_.empty();
}

void peer::wait_until_writable() {
    blocked_ = true;
    socket_->async_wait(socket::wait_write,
                        [self = shared_from_this()](boost::system::error_code ec) { self->on_writable(ec); });
}

void peer::on_writable(boost::system::error_code ec) noexcept {
    blocked_ = false;
    if (!socket_)
        return;
    heard_ = !ec; // it reads, if slowly: the ping lies behind what it has yet to read
    if (ec)
        return end(close_code::abnormal);
    flush();
}

void peer::flush() noexcept {
    if (!socket_)
        return;
    try {
        if (owed_pong_ && phase_ == phase::open && !blocked_)
            out_.push_control(std::move(*std::exchange(owed_pong_, nullptr)));
        write_out();
        if (broken_)
            return end(phase_ == phase::open ? close_code::abnormal : code_);
        if (phase_ != phase::open)
            leave(code_);
        finish_when_written();
        note_queued();
    } catch (...) {
        telemetry::log(level::error, "realtime", "a connection failed",
                       {{"error", describe(std::current_exception())}});
        end(close_code::internal_error);
    }
}

void peer::note_queued() noexcept {
    const auto now = out_.bytes();
    const auto before = queued_.load(std::memory_order_relaxed);
    if (now == before)
        return;
    queued_.store(now, std::memory_order_relaxed);
    queue_bytes_series().add(static_cast<double>(now) - static_cast<double>(before));
}

} // namespace infra::realtime::websocket
