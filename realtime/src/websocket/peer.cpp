#include "peer.hpp"

#include "frame_writer.hpp"
#include "telemetry_series.hpp"

#include <boost/asio/post.hpp>

#include <sys/socket.h>

#include <cerrno>

namespace infra::realtime::websocket {
namespace {

// Pongs that may wait beside data; above it only the last ping is answered.
constexpr std::size_t pong_backlog = 8 * 1024;

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

} // namespace infra::realtime::websocket
