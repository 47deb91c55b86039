#pragma once

/// What waits to be written to one client: bounded in bytes, true about what it dropped.
///
///     outbox waiting({.max_bytes = 1 << 20});
///     switch (waiting.push(f)) { case outbox::verdict::close: … }
///     waiting.gather(views);                 // up to 64 pieces for one write
///     waiting.written(n);                    // bytes the kernel took
///
/// Pure: no I/O, no clock. A transport has one for each connection; queueing costs nothing until the first frame, and an empty outbox holds no memory.

#include <infra/realtime/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace infra::realtime {

struct outbox_options {
    std::size_t max_bytes = 1024 * 1024; ///< of frames that wait; a frame that is alone always goes in
    bool deflated = false;               ///< the client takes compressed frames
};

/// Rules: control frames always go in, ahead of data that has not begun to leave, up to a bound of their own (64 KiB, then close).
/// A frame that has partly left stays whole. After a drop the client gets, in the channel's place in the order, one
/// `{"type":"gap","channel":…,"data":{"dropped":n,"offset":last dropped}}` before the channel's next message, and at the latest
/// when the queue is empty.
///
/// Threads:  one loop's.
class outbox {
public:
    enum class verdict : std::uint8_t { queued, dropped, close };

    explicit outbox(outbox_options options = {}) noexcept;
    ~outbox();
    outbox(outbox&&) noexcept;
    outbox& operator=(outbox&&) noexcept;

    verdict push(const frame& f);
    /// Bytes of a frame of the transport's own (pong, ping, close): ahead of data.
    verdict push_control(std::string bytes);

    bool empty() const noexcept;
    std::size_t bytes() const noexcept;
    std::uint64_t dropped() const noexcept;

    /// The next pieces to write, in order, at most `into.size()`; how many. Good until the next push or written.
    std::size_t gather(std::span<std::string_view> into) const;
    void written(std::size_t bytes);

private:
    struct state;
    outbox_options options_;
    std::unique_ptr<state> state_;
    std::uint64_t dropped_ = 0;
};

} // namespace infra::realtime
