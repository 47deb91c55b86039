#pragma once

/// What connects the hubs of several nodes: messages, their order and history, and who is where.
///
///     hub_options{.broker = realtime::make_redis_broker({.url = "redis://…"})};
///
/// With a broker, a published message goes to it first, which gives it its offset and says it to every node that has subscribers; this node's
/// own get it when it comes back, so that all see one order. While the link is broken, messages are delivered here at once,
/// without an offset, and to nobody elsewhere; when it is there again, nodes ask for what they have missed, and tell their clients of what cannot be had.

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>
#include <infra/realtime/channel.hpp>
#include <infra/realtime/message.hpp>
#include <infra/realtime/presence.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
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
    std::optional<std::chrono::milliseconds> ttl{}; ///< in the history, where less than the channel's
    std::chrono::milliseconds age{};                ///< since it was published, where it comes out of the history
};

/// What was missed since a position: all of it, or nothing and `complete` false.
struct missed {
    bool complete = false;
    std::vector<envelope> messages{};
    position now{}; ///< where the channel is
};

/// What became of a message that the other side has.
struct placed {
    bool duplicate = false; ///< its idempotency key had been used; `at` is where the first one is
    position at{};
};

/// That a user's connections are to end, on whichever node.
struct disconnection {
    std::string user{};
    close_code code = close_code::disconnected;
    std::string id{}; ///< of this word, which may come more than once: it is obeyed once. Without one, each time
};

/// What the hub does with what a broker hears. Called on the executor of run(), in order for each channel, own messages too; never throws.
class broker_listener {
public:
    virtual ~broker_listener() = default;
    /// Of a channel with a history each offset once and none left out: what was missed comes first, or gap() is called.
    virtual void published(const std::string& channel, envelope e) = 0;
    /// `dropped` messages of a wanted channel cannot be had; 0: nobody knows how many, or whether there were any. What
    /// comes next comes after `now`, whose epoch is a new one when the history has been lost.
    virtual void gap(const std::string& channel, std::uint64_t dropped, position now) = 0;
    /// What this node alone has heard, as its link was broken, stands `at` this place of the history, as a gap of so many for the others;
    /// with 0, what stands there has expired and is for nobody.
    virtual void passed(const std::string& channel, std::uint64_t said_here, position at) {
        static_cast<void>(channel), static_cast<void>(said_here), static_cast<void>(at);
    }
    virtual void joined(const std::string& channel, member who) = 0;
    virtual void left(const std::string& channel, member who) = 0;
    virtual void disconnect(disconnection what) = 0; ///< disconnect_user, on whichever node; perhaps again
    virtual void link(bool up) = 0;
};

/// Threads:  any member from any thread.
/// Errors:   infra::error with errc::unavailable without a link, errc::overloaded when its bounded queue is full.
/// Cancel:   of run() ends it; the others as awaitables of redis::client.
/// Lifetime: the listener outlives run(). One hub for each broker.
class broker {
public:
    virtual ~broker() = default;

    /// Until stop(), or cancelled. Once.
    virtual awaitable<void> run(broker_listener& to, const std::vector<channel_rule>& rules) = 0;
    /// Sends what is queued and takes this node's members away, by `limit`.
    virtual awaitable<void> stop(deadline limit) = 0;
    virtual bool is_up() const noexcept = 0;

    /// Queued, in order, and heard again by published() of this node if it wants the channel. False when there is no
    /// link or no room: the caller delivers it here, and the broker tells the other nodes how many they have missed so as soon
    /// as it can. errc::overloaded, and said nowhere, when it cannot remember that of one more channel.
    virtual bool publish(std::string channel, envelope e) = 0;
    /// The same, and returns with its place once the other side has it.
    virtual awaitable<placed> publish_confirmed(std::string channel, envelope e) = 0;

    /// Whether this node has subscribers. Batched; once for each channel, not counted.
    virtual void want(const std::string& channel) = 0;
    virtual void unwant(const std::string& channel) = 0;

    /// All since `from`, if that is not more than `limit`; without `from` the newest `limit` ones, complete. Of a channel
    /// that is wanted it is read once that is heard: what it does not have is brought by published(), which may bring the
    /// last ones of it as well (those up to now.offset).
    virtual awaitable<missed> history(std::string channel, std::optional<position> from, std::size_t limit) = 0;

    /// This node's share of a user: kept alive by the broker, through lost links too, until leave() or the node's end.
    /// Again when its connections or its info have changed. The node knows about grace; joined() and left() of all nodes come
    /// when the user's first share has come and its last has gone.
    virtual void join(const std::string& channel, member who) = 0;
    virtual void leave(const std::string& channel, const std::string& user) = 0;
    virtual awaitable<std::vector<member>> presence(std::string channel, std::size_t limit) = 0; ///< by user's name
    virtual awaitable<presence_stats> count(std::string channel) = 0;

    /// Heard by all nodes, this one too. One whose link is broken hears it within an hour, when it is there again.
    virtual awaitable<void> disconnect_everywhere(disconnection what) = 0;

    virtual std::string description() const = 0; ///< "redis://10.0.0.5:6379", no password
};

} // namespace infra::realtime
