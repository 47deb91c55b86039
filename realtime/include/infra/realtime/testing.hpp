#pragma once

/// For tests of services: clients in memory, and time in the test's hand.
///
///     infra::testing::test_loop loop;
///     infra::manual_clock time;
///     realtime::hub hub({.authorize = [](realtime::access_request) { return true; }, .on = loop.get_executor(), .time = &time});
///     realtime::test_client anna(hub, {.user = "anna"});
///     anna.say({.type = "subscribe", .channel = "room:1"});
///     hub.publish("room:1", {.type = "said"});
///     loop.settle();
///     EXPECT_EQ(anna.heard("said").size(), 1u);
///
/// Nothing sleeps: a test that is about slow readers, lost connections or old tokens takes microseconds. What passes with time, passes in hub::run().

#include <infra/realtime/hub.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime {

/// What a client has heard: the message, and what the protocol says beside it.
struct heard_message : message {
    std::string ref{};        ///< of an answer, or of a question that wants one
    std::uint64_t offset = 0; ///< in the channel's history
};

/// A client over no socket: the same session, outbox and limits as a real one's. It reads at once what it is sent, unless stalled.
///
/// Threads:  that of the loop of hub_options::on, which must be set; from outside of the loop while it does not run.
/// Errors:   std::invalid_argument for a hub without `on`. What the hub does not let in is closed().
class test_client {
public:
    /// As if `who` had been the answer of hub_options::authenticate, which is asked for `auth` messages only.
    explicit test_client(hub at, identity who = {}, handshake from = {});
    ~test_client(); ///< as drop()
    test_client(const test_client&) = delete;
    test_client& operator=(const test_client&) = delete;

    void say(const message& m);
    void say(client_message m);
    void say_text(std::string_view text);

    /// What has come since the last call, or of this type only (others stay).
    std::vector<heard_message> heard();
    std::vector<heard_message> heard(std::string_view type);

    void stall(); ///< reads no more: what is sent stays in the queue, up to its bound
    void resume();
    std::size_t queued_bytes() const;

    void drop(); ///< as if the network had gone
    /// Comes back under a new id, and subscribes as the browser's client does: to the channels it was on, from where it was.
    void reconnect();

    /// With which code the connection has ended; empty while it lives.
    std::optional<close_code> closed() const;
    const client_id& id() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra::realtime
