#pragma once

/// Clients, channels, and who hears what.
///
///     realtime::hub hub;
///     hub.on_message([&](realtime::client_id from, realtime::message m) {
///         if (m.type == "subscribe") hub.subscribe(m.channel, from);
///     });
///     hub.publish("room:1", {.type = "said", .data = {{"text", "Hello!"}}});
///
/// Several hubs may live in one process; the free functions of infra/realtime.hpp speak to the default one.

#include <infra/realtime/connection.hpp>
#include <infra/realtime/handlers.hpp>
#include <infra/realtime/options.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::realtime {

namespace detail {
class conversation;
class hub_state;
} // namespace detail

struct publish_options {
    client_id except{}; ///< this client does not get it: usually the one it came from
    /// The same key within five minutes is published once; the second time nothing happens. At most 255 bytes.
    std::string idempotency_key{};
    std::optional<std::chrono::milliseconds>
        ttl{};         ///< how long the history keeps this one, where less than the channel's
    std::string key{}; ///< of overflow::keep_latest
};

/// What became of a message. Without a broker it is known at once.
struct publication {
    bool duplicate = false;      ///< its idempotency key had been used
    std::size_t subscribers = 0; ///< here
    position at{}; ///< in the history; empty where none is kept, or not known yet (publish_confirmed knows)
};

/// What is known of a client.
struct client_info {
    client_id id{};
    std::string user{};
    std::string remote_address{};
    std::string transport{}; ///< "websocket", "event-stream", "" for what was registered by hand
    std::vector<std::string> channels{};
    std::size_t queued_bytes = 0; ///< as connection::queued_bytes()
    std::uint64_t dropped = 0;
    wall_time since{};
};

struct channel_info {
    std::string name{};
    std::size_t subscribers = 0;
    position at{};
    std::size_t history_messages = 0;
    std::size_t history_bytes = 0;
    std::uint64_t published = 0;
    std::uint64_t dropped = 0; ///< deliveries, by overflow
};

/// Threads:  everything from any thread. Handlers run on the loop of their client's group (a client's one after the other), or on
///           hub_options::on.
/// Errors:   std::invalid_argument for a message of a reserved type, a bad option or channel name; infra::errc::overloaded where a limit says that there
///           are enough clients or channels; infra::errc::closed for who registers a client once it is stopped.
/// Cancel:   publish and subscribe never wait. Requests end with operation_aborted.
/// Lifetime: copies share one hub, which lives until the last one has gone; its clients are then closed with going_away.
class hub {
public:
    explicit hub(hub_options options = {});

    // --- Clients -------------------------------------------------------------------------------------------------

    /// A connection of your own. One that has the id already is closed with close_code::replaced and loses its channels.
    void register_client(client_id id, std::shared_ptr<connection> socket, identity who = {});
    /// Also unsubscribes it from everything. False if there was none. The connection is not closed.
    bool remove_client(std::string_view id);
    std::shared_ptr<connection> get_client(std::string_view id) const; ///< null if there is none
    std::vector<client_id> get_connected_clients() const;
    std::optional<client_info> find_client(std::string_view id) const;
    /// At most `limit`, those after `after` in the order of ids.
    std::vector<client_info> list_clients(std::string_view after = {}, std::size_t limit = 100) const;

    /// Closes and removes it; false if there is none.
    bool disconnect(std::string_view id, close_code code = close_code::disconnected, std::string_view reason = {});
    /// All connections of a user, on every node; where there is no link, once there is one, within an hour. How many there were here.
    std::size_t disconnect_user(std::string_view user, close_code code = close_code::disconnected);

    // --- Channels ------------------------------------------------------------------------------------------------

    /// The channel first. True if it is subscribed now, false if there is no such client; twice is once.
    bool subscribe(std::string_view channel, std::string_view client);
    bool unsubscribe(std::string_view channel, std::string_view client);
    std::size_t unsubscribe_all(std::string_view client);
    std::vector<client_id> get_subscribers(std::string_view channel) const; ///< in the order they came
    std::vector<std::string> get_channels() const;                          ///< those with subscribers
    void clear_channels(); ///< nobody is subscribed to anything any more
    std::optional<channel_info> find_channel(std::string_view name) const;
    std::vector<channel_info> list_channels(std::string_view prefix = {}, std::string_view after = {},
                                            std::size_t limit = 100) const;

    // --- Messages ------------------------------------------------------------------------------------------------

    /// False if there is no such client here.
    bool send_to_client(std::string_view id, const message& sent);
    void broadcast(const message& sent);
    /// To the subscribers of `channel`, which need not be named in the message. In order for each channel.
    publication publish(std::string_view channel, message sent, publish_options how = {});
    /// The same, and returns when the history has it. Throws errc::unavailable when that is not known.
    awaitable<publication> publish_confirmed(std::string channel, message sent, publish_options how = {});

    /// What was said since `from`, or the newest `limit`.
    awaitable<missed> history(std::string channel, std::optional<position> from = {}, std::size_t limit = 100) const;
    awaitable<std::vector<member>> presence(std::string channel) const;
    awaitable<presence_stats> count_present(std::string channel) const;

    // --- What clients say ----------------------------------------------------------------------------------------

    /// Called with each message of a client, in the order of registration; all types, or this one.
    void on_message(message_handler handler);
    void on_message(std::string type, message_handler handler);
    /// Answers messages of this type that ask for an answer (`ref`). One for each type: std::invalid_argument otherwise.
    void on_request(std::string type, request_handler handler);
    void on_connect(client_handler handler);
    void on_disconnect(client_handler handler);

    /// Asks a client and waits. Throws infra::errc::timed_out, errc::no_client, errc::no_reply, or failure with the client's error.
    awaitable<json::value> request(client_id to, message question,
                                   deadline limit = deadline::after(std::chrono::seconds(10)));

    /// Hands a message to the handlers as if the client had sent it, and returns when they are done. For connections of your own; a session does more.
    awaitable<void> dispatch_message(client_id from, message received);

    // --- Life ----------------------------------------------------------------------------------------------------

    /// The work behind: history's age, presence's grace, the broker. Without it nothing expires and no broker is spoken to.
    awaitable<void> run();
    awaitable<void> stop(deadline limit = deadline::after(std::chrono::seconds(10)));

    const hub_options& options() const noexcept;
    std::string description() const; ///< "memory", or the broker's

private:
    friend class detail::conversation;
    friend class session;
    explicit hub(std::shared_ptr<detail::hub_state> state) noexcept : state_(std::move(state)) {}

    std::shared_ptr<detail::hub_state> state_;
};

} // namespace infra::realtime
