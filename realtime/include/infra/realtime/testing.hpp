#pragma once

/// For tests of services: clients in memory, and time in the test's hand.
///
///     infra::manual_clock time;
///     realtime::hub hub({.on = loop.get_executor(), .time = &time});
///     realtime::test_client anna(hub, {.user = "anna"});
///     anna.say({.type = "subscribe", .channel = "room:1"});
///     hub.publish("room:1", {.type = "said"});
///     loop.settle();
///     EXPECT_EQ(anna.heard("said").size(), 1u);

#include <infra/realtime/hub.hpp>
#include <infra/realtime/outbox.hpp>
#include <infra/realtime/session.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::realtime {

/// A client over no socket: the same session, outbox and limits as a real one's.
///
/// Threads:  that of the hub's executor.
class test_client {
public:
    explicit test_client(hub at, identity who = {}, handshake from = {});
    ~test_client(); ///< disconnects

    void say(const message& m);
    void say(client_message m);
    void say_text(std::string_view text);
    /// What has come since the last call, or of this type only (others stay).
    std::vector<message> heard();
    std::vector<message> heard(std::string_view type);

    void stall(); ///< reads no more: what is sent stays in the queue, up to its bound
    void resume();
    std::size_t queued_bytes() const;

    void drop(); ///< as if the network had gone
    /// Comes back as the browser's client does: the same channels, from where it was.
    void reconnect();

    std::optional<close_code> closed() const;
    const client_id& id() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra::realtime
