#pragma once

/// What connects the hubs of several nodes: messages, their order and history, and who is where.
///
///     hub_options{.broker = realtime::make_redis_broker({.url = "redis://…"})};
///
/// With a broker, a published message goes to it first, which gives it its offset and says it to every node that has subscribers; this node's
/// own get it when it comes back, so that all see one order. While the link is broken, messages are delivered here at once,
/// without an offset; when it is there again, nodes ask for what they have missed, and tell their clients of what cannot be had.

#include <infra/base/awaitable.hpp>
#include <infra/base/json.hpp>
#include <infra/base/time.hpp>
#include <infra/realtime/channel.hpp>
#include <infra/realtime/message.hpp>
#include <infra/realtime/presence.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::realtime {

/// One message between nodes.
struct envelope {
    message what{};
    position at{};        ///< offset 0 where the channel keeps no history
    std::string key{};    ///< of overflow::keep_latest
    std::string except{}; ///< a client that does not get it
    std::string idempotency_key{};
};

/// What was missed since a position: all of it, or nothing and `complete` false.
struct missed {
    bool complete = false;
    std::vector<envelope> messages{};
    position now{}; ///< where the channel is
};

/// What the hub does with what a broker hears. Called on the executor given to run(), in order for each channel; never throws.
class broker_listener {
public:
    virtual ~broker_listener() = default;
    virtual void published(const std::string& channel, envelope e) = 0;
    virtual void joined(const std::string& channel, member who) = 0;
    virtual void left(const std::string& channel, member who) = 0;
    virtual void disconnect(const std::string& user, close_code code) = 0; ///< disconnect_user on another node
    virtual void link(bool up) = 0;
};

/// Threads:  publish(), want() and unwant() from any; the rest from coroutines on any loop.
/// Errors:   infra::error with errc::unavailable without a link, errc::overloaded when its bounded queue is full.
/// Lifetime: the listener outlives run().
class broker {
public:
    virtual ~broker() = default;

    virtual awaitable<void> run(broker_listener& to, const std::vector<channel_rule>& rules) = 0;
    virtual awaitable<void> stop(deadline limit) = 0;
    virtual bool is_up() const noexcept = 0;

    /// Queued, in order; false when there is no link or no room: the caller delivers it here and says so.
    virtual bool publish(std::string channel, envelope e) = 0;
    /// The same, and returns with its place once the other side has it.
    virtual awaitable<position> publish_confirmed(std::string channel, envelope e) = 0;

    /// Whether this node has subscribers. Batched.
    virtual void want(const std::string& channel) = 0;
    virtual void unwant(const std::string& channel) = 0;

    /// All since `from`, at most `limit`; the newest `limit` ones, complete, where `from` is empty.
    virtual awaitable<missed> history(std::string channel, std::optional<position> from, std::size_t limit) = 0;

    /// This node's members of a channel, kept alive by the broker until told otherwise or the node dies.
    virtual awaitable<void> join(std::string channel, client_id client, member who) = 0;
    virtual awaitable<void> leave(std::string channel, client_id client) = 0;
    virtual awaitable<std::vector<member>> presence(std::string channel, std::size_t limit) = 0;
    virtual awaitable<presence_stats> count(std::string channel) = 0;

    virtual awaitable<void> disconnect_everywhere(std::string user, close_code code) = 0;

    virtual std::string description() const = 0; ///< "redis://10.0.0.5:6379", no password
};

} // namespace infra::realtime
