#pragma once

/// Clients, channels, messages.
///
///     using namespace infra::realtime;
///     on_message([](client_id from, message m) {
///         if (m.type == "subscribe") subscribe(m.channel, from);
///     });
///     publish("room:1", {.type = "said", .data = {{"text", "Hello!"}}});
///
/// hub.hpp tells what a hub does; websocket.hpp (infra::realtime_server) how browsers reach it; redis.hpp (infra::realtime_redis) how several nodes
/// are one.

#include <infra/realtime/hub.hpp>
#include <infra/realtime/session.hpp>
#include <infra/realtime/signed_channel.hpp>

namespace infra::realtime {

/// The hub that the functions below speak to: made when first asked for, or the one that was set. Any thread. `set_default_hub(hub())`
/// begins anew.
hub default_hub();
void set_default_hub(hub h);

// Each is the function of hub of the same name.
void register_client(client_id id, std::shared_ptr<connection> socket, identity who = {});
bool remove_client(std::string_view id);
std::shared_ptr<connection> get_client(std::string_view id);
std::vector<client_id> get_connected_clients();
bool send_to_client(std::string_view id, const message& sent);
void broadcast(const message& sent);
publication publish(std::string_view channel, message sent, publish_options how = {});
bool subscribe(std::string_view channel, std::string_view client);
bool unsubscribe(std::string_view channel, std::string_view client);
std::size_t unsubscribe_all(std::string_view client);
std::vector<client_id> get_subscribers(std::string_view channel);
std::vector<std::string> get_channels();
void clear_channels();
void on_message(message_handler handler);
void on_message(std::string type, message_handler handler);
void on_request(std::string type, request_handler handler);
awaitable<void> dispatch_message(client_id from, message received);
std::size_t disconnect_user(std::string_view user, close_code code = close_code::disconnected);

} // namespace infra::realtime
