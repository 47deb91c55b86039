#pragma once

/// What waits to be written to one client: bounded in memory, true about what it dropped.
///
///     outbox waiting({.max_bytes = 1 << 20});
///     switch (waiting.push(f)) { case outbox::verdict::close: … }
///     waiting.gather(views);                 // up to 64 pieces for one write
///     waiting.written(n);                    // bytes the kernel took
///
/// Pure: no I/O, no clock. A transport has one for each connection; an empty outbox holds no memory, and one message that leaves before the next comes,
/// which is the usual case, takes none either.

#include <infra/realtime/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace infra::realtime {

struct outbox_options {
    std::size_t max_bytes = 1024 * 1024; ///< of messages that wait, as bytes() counts them; one alone always goes in
    std::size_t beside_each = 0;         ///< counted for each beside its bytes; transports say kept_beside_each
    std::string_view (*gap_as)(const frame&) = nullptr; ///< how a gap notice is encoded; null: frame::websocket()
};

/// What keeping a message takes beside its bytes: up to 90 bytes for its place in the queue (56, and that grows by three fifths at a time), 208
/// for what the frame is besides its text (160, counts of 32, and what the allocator adds). Others may share the frame, but whoever
/// reads last holds it alone.
constexpr std::size_t kept_beside_each = 304;

/// Rules: the transport's own frames (push_control) go ahead of all that has not begun to leave, up to 64 KiB, then close. Frames that are
/// `frame_facts::control` are never dropped and keep their place in the order; they have `max_bytes` of their own, then close. Messages
/// go by their channel's overflow, without a channel by overflow::close. A frame that has partly left stays whole.
/// After a drop the client gets, where the message would have been, one
/// `{"type":"gap","channel":…,"data":{"dropped":n,"offset":last dropped}}` before the channel's next message. While a frame is half-way
/// out, which is when the client reads too slowly, overflow::keep_latest lets of each key only the last one wait, bound or not.
///
/// Threads:  one loop's.
class outbox {
public:
    enum class verdict : std::uint8_t { queued, dropped, close };

    explicit outbox(outbox_options options = {}) noexcept;
    ~outbox();
    outbox(outbox&&) noexcept;
    outbox& operator=(outbox&&) noexcept;

    verdict push(const frame& f) { return push(f, f.websocket()); }
    /// Another encoding of it, which lives as long as the frame does.
    verdict push(const frame& f, std::string_view encoded);
    /// Bytes of a frame of the transport's own (pong, ping).
    verdict push_control(std::string bytes);
    /// The last frame, a close: what is behind it, and has not begun to leave, is let go. Nothing goes in any more.
    void push_last(std::string bytes);

    bool empty() const noexcept { return !state_ && !only_; }
    /// What waits: the bytes that are to be sent, `beside_each` for each message, answer and gap, and the frame itself where another
    /// encoding of it is sent.
    std::size_t bytes() const noexcept;
    /// Whether it would go in without a decision.
    bool has_room_for(const frame& f, std::string_view encoded) const noexcept;
    std::size_t control_bytes() const noexcept; ///< of these, what push_control put in and has not begun to leave
    std::uint64_t dropped() const noexcept {
        return dropped_;
    } ///< messages, in all; what was let go by push_last is none

    /// The next pieces to write, in order, at most `into.size()`; how many. Good until the next push or written.
    std::size_t gather(std::span<std::string_view> into);
    void written(std::size_t bytes);
    /// The other way, for transports that write something around each message: the next one whole, or a gap's notice, with its channel and
    /// offset among its facts. Empty when nothing waits.
    frame take();

private:
    struct state;
    state& waiting();
    verdict push_into(state& s, const frame& f, std::string_view encoded);

    outbox_options options_;
    std::unique_ptr<state> state_; // while more waits than one message that has not begun to leave
    frame only_;                   // that one
    std::string_view only_bytes_;
    std::uint64_t dropped_ = 0;
};

} // namespace infra::realtime
