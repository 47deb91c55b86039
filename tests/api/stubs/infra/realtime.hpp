#pragma once

/// Clients, channels, messages.
///
///     infra::realtime::on_message([](std::string client, infra::realtime::message m) {
///         if (m.type == "subscribe") infra::realtime::subscribe(m.channel, client);
///     });
///     infra::realtime::publish("room:1", {.type = "said", .data = {{"text", "Hello!"}}});

#include <infra/planned.hpp>

namespace infra::realtime {

/// One message. `data` is JSON's null when there is none.
/// (Not an optional: `optional<json::value>` takes one pair of braces away, and `{{"text", "Hi"}}` becomes an array.)
struct message {
    std::string type{};
    std::string channel{};
    json::value data{};
};

/// What a client is written to. Implement it over any socket; ours is the WebSocket server's.
///
/// Threads: called from the hub's executor. send() must not block: it queues, and closes when its bound is reached.
class connection {
public:
    virtual ~connection() = default;
    virtual void send(std::shared_ptr<const std::string> text) = 0; ///< shared: a broadcast is written once
    virtual void close(int code, std::string_view reason) = 0;
};

using client_id = std::string;

/// Plain or coroutine, taking (client id, message).
class message_handler {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, message_handler>)
    message_handler(F function) {
        static_assert(std::is_invocable_v<F&, client_id, message>,
                      "infra::realtime: a handler takes (client_id, message)");
        run_ = [kept = std::make_shared<F>(std::move(function))](client_id from, message received) {
            return run(kept, std::move(from), std::move(received));
        };
    }
    awaitable<void> operator()(client_id from, message received) const {
        return run_(std::move(from), std::move(received));
    }

private:
    template <class F>
    static awaitable<void> run(std::shared_ptr<F> function, client_id from, message received) {
        co_await planned::call<F, client_id, message>(function, std::move(from), std::move(received));
    }
    std::function<awaitable<void>(client_id, message)> run_;
};

namespace detail {
struct hub_state {
    std::map<client_id, std::shared_ptr<connection>, std::less<>> clients{};
    std::map<std::string, std::set<client_id>, std::less<>> channels{};
    std::vector<message_handler> handlers{};
};
inline hub_state& hub() {
    static hub_state one;
    return one;
}
inline std::shared_ptr<const std::string> frame(const message& sent) {
    json::object made{{"type", sent.type}};
    if (!sent.channel.empty())
        made["channel"] = sent.channel;
    if (!sent.data.is_null())
        made["data"] = sent.data;
    return std::make_shared<const std::string>(boost::json::serialize(made));
}
} // namespace detail

inline void register_client(client_id id, std::shared_ptr<connection> socket) {
    detail::hub().clients.insert_or_assign(std::move(id), std::move(socket));
}
inline bool remove_client(std::string_view id) {
    auto& hub = detail::hub();
    for (auto& [name, members] : hub.channels)
        members.erase(std::string(id));
    std::erase_if(hub.channels, [](const auto& each) { return each.second.empty(); });
    const auto found = hub.clients.find(id);
    if (found == hub.clients.end())
        return false;
    hub.clients.erase(found);
    return true;
}
inline void on_message(message_handler handler) { detail::hub().handlers.push_back(std::move(handler)); }

/// False if there is no such client here.
inline bool send_to_client(std::string_view id, const message& sent) {
    const auto found = detail::hub().clients.find(id);
    if (found == detail::hub().clients.end())
        return false;
    found->second->send(detail::frame(sent));
    return true;
}
inline void broadcast(const message& sent) {
    for (const auto text = detail::frame(sent); const auto& [id, socket] : detail::hub().clients)
        socket->send(text);
}
/// To the subscribers of `channel`, which need not be named in the message.
inline void publish(std::string_view channel, message sent) {
    sent.channel = channel;
    const auto found = detail::hub().channels.find(channel);
    if (found == detail::hub().channels.end())
        return;
    for (const auto& id : found->second)
        send_to_client(id, sent);
}

/// The channel first, as in the seed.
inline void subscribe(std::string_view channel, std::string_view client) {
    detail::hub().channels[std::string(channel)].emplace(client);
}
inline void unsubscribe(std::string_view channel, std::string_view client) {
    const auto found = detail::hub().channels.find(channel);
    if (found == detail::hub().channels.end())
        return;
    found->second.erase(std::string(client));
    if (found->second.empty())
        detail::hub().channels.erase(found);
}
inline std::vector<client_id> get_subscribers(std::string_view channel) {
    const auto found = detail::hub().channels.find(channel);
    if (found == detail::hub().channels.end())
        return {};
    return {found->second.begin(), found->second.end()};
}
inline std::vector<std::string> get_channels() {
    std::vector<std::string> names;
    for (const auto& [name, members] : detail::hub().channels)
        names.push_back(name);
    return names;
}

/// What a server calls for each frame.
[[nodiscard]] inline awaitable<void> receive(client_id from, message received) {
    for (const auto& handler : std::vector(detail::hub().handlers))
        co_await handler(from, received);
}

} // namespace infra::realtime
