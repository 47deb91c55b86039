#include "peer.hpp"

#include "deflate.hpp"
#include "frame_writer.hpp"
#include "telemetry_series.hpp"

#include <boost/asio/post.hpp>

#include <sys/socket.h>

#include <cerrno>

namespace infra::realtime::websocket {
namespace {

// Pongs that may wait beside data; above it only the last ping is answered.
constexpr std::size_t pong_backlog = 8 * 1024;

constexpr int no_wait = MSG_DONTWAIT | MSG_NOSIGNAL;

} // namespace

peer::peer(std::shared_ptr<loop_group> group, socket through, peer_terms terms)
    : group_(std::move(group)),
      socket_(std::move(through)),
      reader_(group_->terms().reading, {.deflate = terms.deflate.has_value()}),
      out_({.max_bytes = group_->terms().max_queue_bytes, .beside_each = kept_beside_each}),
      deflate_window_(
          static_cast<std::uint8_t>(terms.deflate ? terms.deflate->server_max_window_bits.value_or(15) : 0)) {}

peer::~peer() = default;

void peer::abandon() noexcept {
    socket_.reset();
    session_.reset();
    self_.reset();
}

void peer::start(const hub& at, handshake from, identity who, std::string leftover) {
    self_ = shared_from_this();
    group_->add(*this);
    connections_series().add(1);
    const auto& options = group_->terms().options;
    group_->schedule(*this, group_->spread(options.ping));
    session_ = session::open(at, self_, std::move(from), std::move(who),
                             {.transport = "websocket",
                              .read_on =
                                  [weak = weak_from_this()] {
                                      if (const auto self = weak.lock())
                                          self->on_read_on();
                                  },
                              .ping = options.ping});
    if (!session_ && phase_ == phase::open)
        begin_closing(close_code::internal_error, {});
    take(leftover);
    group_->flush_later(*this);
    group_->flush();
    read_on();
}

// --- Reading ---------------------------------------------------------------------------------------------------------

void peer::read_on() {
    if (!socket_ || !reads() || std::exchange(reading_, true))
        return;
    socket_->async_wait(socket::wait_read,
                        [self = shared_from_this()](boost::system::error_code ec) { self->on_readable(ec); });
}

void peer::on_readable(boost::system::error_code ec) noexcept {
    reading_ = false;
    if (!socket_)
        return;
    if (ec)
        return end(close_code::abnormal);
    try {
        receive();
        group_->flush();
        read_on();
    } catch (...) {
        telemetry::log(level::error, "realtime", "a connection failed",
                       {{"error", describe(std::current_exception())}});
        end(close_code::internal_error);
    }
}

void peer::receive() {
    const auto into = group_->input();
    const auto got = ::recv(socket_->native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) {
        heard_ = true;
        return take(into.first(static_cast<std::size_t>(got)));
    }
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        end(phase_ == phase::open ? close_code::abnormal : code_);
}

void peer::take(std::span<char> bytes) {
    if (unread_) {
        unread_->append(bytes.data(), bytes.size());
        if (!reads())
            return;
        const auto all = std::move(unread_);
        return take(*all);
    }
    while (!deaf_ && phase_ != phase::ended) {
        const auto e = reader_.next(bytes);
        if (!e)
            break;
        handle(*e);
        if (!reads()) {
            if (!bytes.empty())
                unread_ = std::make_unique<std::string>(bytes.data(), bytes.size());
            break;
        }
    }
    if (phase_ != phase::open)
        group_->flush_later(*this);
}

void peer::handle(const event& e) {
    using kind = event::kind;
    const auto& before_session = group_->terms().before_session;
    if (before_session && (e.what == kind::text || e.what == kind::binary) && phase_ == phase::open &&
        before_session(*this, e))
        return;
    if ((e.what == kind::ping || e.what == kind::pong || e.what == kind::empty_fragment) && !may_send_small_frames())
        return;
    switch (e.what) {
    case kind::text: return on_text(e.bytes);
    case kind::binary:
        if (phase_ == phase::open)
            begin_closing(close_code::unsupported_data, "messages are texts here");
        return;
    case kind::empty_fragment: return;
    case kind::ping: count_control("ping"); return on_ping(e.bytes);
    case kind::pong: return count_control("pong");
    case kind::close: count_control("close"); return peer_closes(e.code);
    case kind::violation:
        if (phase_ == phase::open)
            begin_closing(e.code, e.bytes);
        deaf_ = true;
        return;
    }
}

// read_on() may be called before receive() has said that no more is wanted.
void peer::on_text(std::string_view text) {
    if (phase_ != phase::open || !session_)
        return;
    read_on_seen_ = false;
    const auto talk = session_;
    paused_ = !talk->receive(text) && !read_on_seen_;
}

void peer::on_read_on() {
    read_on_seen_ = true;
    if (!std::exchange(paused_, false))
        return;
    asio::post(group_->io_executor(), [self = shared_from_this()] {
        if (!self->socket_ || self->paused_)
            return;
        try {
            if (self->unread_)
                self->take({});
            self->group_->flush();
            self->read_on();
        } catch (...) {
            self->end(close_code::internal_error);
        }
    });
}

// They cost next to nothing to send: ten thousand are in one read, and no message that its session would count.
bool peer::may_send_small_frames() {
    if (small_frames_.spend(group_->now(), group_->terms().small_frames))
        return true;
    if (phase_ == phase::open)
        begin_closing(close_code::too_many_messages, "slow down");
    deaf_ = true;
    return false;
}

void peer::on_ping(std::string_view payload) {
    if (phase_ != phase::open)
        return;
    auto answer = make_frame(opcode::pong, payload);
    if (blocked_ || out_.control_bytes() > pong_backlog) {
        owed_pong_ = std::make_unique<std::string>(std::move(answer));
        return;
    }
    out_.push_control(std::move(answer));
    group_->flush_later(*this);
}

// --- Writing ---------------------------------------------------------------------------------------------------------

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

// --- Time ------------------------------------------------------------------------------------------------------------

void peer::on_time() noexcept {
    const auto& options = group_->terms().options;
    if (phase_ != phase::open)
        return end(code_);
    if (pinged_ && !heard_ && !paused_) { // whom we do not listen to need not answer
        begin_closing(close_code::no_pong, "no answer to a ping");
        flush();
        return end(close_code::no_pong);
    }
    if (std::exchange(pinged_, !pinged_))
        return group_->schedule(*this, options.ping - options.pong);
    heard_ = false;
    out_.push_control(make_frame(opcode::ping, {}));
    group_->flush_later(*this);
    group_->schedule(*this, options.pong);
}

// --- Ending ----------------------------------------------------------------------------------------------------------

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
