#pragma once

// One client of the WebSocket server, from the 101 to the last byte.
//
//     open --close frame sent--> closing --theirs has come, ours has left--> lingering --FIN--> ended
//     open --theirs has come--> closing (ours is the echo) --> lingering --> ended
//     open --a violation--> closing, deaf --> lingering --> ended
//     any --nothing more from the socket, or out of time--> ended
//
// There are tens of thousands that do nothing: no coroutine, no timer, no buffer; one pending wait for the socket to be readable.

#include "extension_offer.hpp"
#include "loop_group.hpp"

#include <infra/realtime/outbox.hpp>
#include <infra/realtime/session.hpp>

#include <boost/asio/generic/stream_protocol.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace infra::realtime::websocket {

/// What was agreed on with one client.
struct peer_terms {
    std::optional<deflate_terms> deflate{};
};

class peer final : public connection,
                   public std::enable_shared_from_this<peer>,
                   public timed,
                   public list_hook<in_group>,
                   public list_hook<in_flush> {
public:
    using socket = asio::generic::stream_protocol::socket;

    peer(std::shared_ptr<loop_group> group, socket through, peer_terms terms);
    ~peer() override;

    /// Opens its session, and takes the bytes that came behind the handshake.
    void start(const hub& at, handshake from, identity who, std::string leftover);

    void send(const frame& f) override;
    void close(close_code code, std::string_view reason) override;
    std::shared_ptr<connection_group> group() const noexcept override { return group_; }
    /// Bytes that are a frame already, or several.
    void send_encoded(std::string bytes);
    bool deflates() const noexcept { return deflate_window_ > 0; }
    std::size_t queued_bytes() const noexcept override { return queued_.load(std::memory_order_relaxed); }
    std::uint64_t dropped() const noexcept override { return dropped_.load(std::memory_order_relaxed); }

    // --- The group's ---------------------------------------------------------------------------------------------

    void flush() noexcept;
    void on_time() noexcept;
    void say_goodbye(std::chrono::milliseconds after);
    bool was_told() const noexcept { return told_; }
    void cut() noexcept;
    /// Lets go of the socket, and tells nobody.
    void abandon() noexcept;

private:
    enum class phase : std::uint8_t { open, closing, lingering, ended };

    // Reading.
    void read_on();
    void on_readable(boost::system::error_code ec) noexcept;
    void receive();
    void take(std::span<char> bytes);
    void handle(const event& e);
    void on_text(std::string_view text);
    bool may_send_small_frames();
    void on_ping(std::string_view payload);
    void on_read_on();
    bool reads() const noexcept { return !paused_ || phase_ != phase::open; }

    // Writing.
    std::string_view encoding_of(const frame& f) const;
    void push(const frame& f, std::string_view bytes);
    void write_out();
    bool write_once();
    void wait_until_writable();
    void on_writable(boost::system::error_code ec) noexcept;
    void note_queued() noexcept;

    // Ending.
    void begin_closing(close_code code, std::string_view reason);
    void peer_closes(close_code code);
    void leave(close_code code) noexcept;
    void finish_when_written() noexcept;
    void end(close_code code) noexcept;

    std::shared_ptr<loop_group> group_;
    std::shared_ptr<peer> self_; // while there is a socket
    std::optional<socket> socket_;
    std::shared_ptr<session> session_; // until it was told of the end
    frame_reader reader_;
    detail::budget small_frames_;
    outbox out_;
    std::unique_ptr<std::string> unread_;    // what came while the session wanted no more
    std::unique_ptr<std::string> owed_pong_; // to the last ping, while nothing can be written
    std::atomic<std::size_t> queued_{0};
    std::atomic<std::uint64_t> dropped_{0};
    close_code code_ = close_code::abnormal; // what it is ending with
    phase phase_ = phase::open;
    std::uint8_t deflate_window_; // of compression; 0: none
    bool reading_ = false;        // a wait is pending
    bool blocked_ = false;        // the kernel takes no more for now; a wait is pending
    bool paused_ = false;         // the session wants no more for now
    bool read_on_seen_ = false;   // the session has said so, within receive() perhaps
    bool heard_ = false;          // anything, since the last ping
    bool pinged_ = false;         // and the answer is awaited
    bool deaf_ = false;           // their last frame has come: what follows means nothing
    bool broken_ = false;         // the socket is; to be told outside of send()
    bool told_ = false;           // that the server is going
};

} // namespace infra::realtime::websocket
