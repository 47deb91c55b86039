#pragma once

/// What a client is written to. Implement it over any socket; ours are the WebSocket server's (websocket.hpp), the event stream's
/// (event_stream.hpp) and the test kit's (testing.hpp).
///
///     struct printer : realtime::connection {
///         void send(const realtime::frame& f) override { std::cout << f.text() << '\n'; }
///         void close(realtime::close_code, std::string_view) override {}
///     };
///     realtime::register_client("printer", std::make_shared<printer>());

#include <infra/base/awaitable.hpp>
#include <infra/realtime/error.hpp>
#include <infra/realtime/frame.hpp>

#include <memory>
#include <string_view>

namespace infra::realtime {

/// Connections that live on one loop. The hub hands each group all that is published in one go: one wake-up, any number of messages, and
/// then flush(), where what was queued leaves in one write a connection.
///
/// Threads:  flush() is called on the executor; the group is owned by its connections.
class connection_group {
public:
    virtual ~connection_group() = default;
    virtual executor get_executor() const noexcept = 0;
    /// Everything of this turn has been sent.
    virtual void flush() noexcept = 0;
};

/// Threads:  send() and close() are called on the group's executor; without a group, by whichever thread publishes, one at a time and in
///           order, before publish() returns unless another thread is at it already.
/// Errors:   what send() throws is counted and logged, and the client is removed; nobody else notices.
/// Lifetime: the hub holds it until the client is removed. After close() nothing more is sent.
class connection {
public:
    virtual ~connection() = default;

    /// Must not block: it queues, and acts by the policy of the frame's channel when its bound is reached.
    virtual void send(const frame& f) = 0;
    virtual void close(close_code code, std::string_view reason) = 0;

    /// Of one loop with others, or null. Constant.
    virtual std::shared_ptr<connection_group> group() const noexcept { return nullptr; }

    /// Bytes of memory that are taken by what waits to be written, and messages dropped so far, for those who look: any thread.
    virtual std::size_t queued_bytes() const noexcept { return 0; }
    virtual std::uint64_t dropped() const noexcept { return 0; }
};

} // namespace infra::realtime
