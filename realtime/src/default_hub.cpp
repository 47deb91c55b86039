#include <infra/realtime.hpp>

#include <mutex>
#include <optional>
#include <utility>

namespace infra::realtime {
namespace {

struct holder {
    std::mutex mutex;
    std::optional<hub> one; // guarded by mutex
};

// Never destroyed: what still runs when the process ends may speak to it.
holder& the_holder() {
    static auto& made = *new holder;
    return made;
}

} // namespace

hub default_hub() {
    auto& held = the_holder();
    const std::scoped_lock lock(held.mutex);
    if (!held.one)
        held.one.emplace();
    return *held.one;
}

void set_default_hub(hub h) {
    auto& held = the_holder();
    std::optional<hub> old(std::move(h)); // its end closes its clients, under no lock
    const std::scoped_lock lock(held.mutex);
    held.one.swap(old);
}

void register_client(client_id id, std::shared_ptr<connection> socket, identity who) {
    default_hub().register_client(std::move(id), std::move(socket), std::move(who));
}
bool remove_client(std::string_view id) { return default_hub().remove_client(id); }
std::shared_ptr<connection> get_client(std::string_view id) { return default_hub().get_client(id); }
std::vector<client_id> get_connected_clients() { return default_hub().get_connected_clients(); }
bool send_to_client(std::string_view id, const message& sent) { return default_hub().send_to_client(id, sent); }
void broadcast(const message& sent) { default_hub().broadcast(sent); }
publication publish(std::string_view channel, message sent, publish_options how) {
    return default_hub().publish(channel, std::move(sent), std::move(how));
}
bool subscribe(std::string_view channel, std::string_view client) { return default_hub().subscribe(channel, client); }
bool unsubscribe(std::string_view channel, std::string_view client) {
    return default_hub().unsubscribe(channel, client);
}
std::size_t unsubscribe_all(std::string_view client) { return default_hub().unsubscribe_all(client); }
std::vector<client_id> get_subscribers(std::string_view channel) { return default_hub().get_subscribers(channel); }
std::vector<std::string> get_channels() { return default_hub().get_channels(); }
void clear_channels() { default_hub().clear_channels(); }
void on_message(message_handler handler) { default_hub().on_message(std::move(handler)); }
void on_message(std::string type, message_handler handler) {
    default_hub().on_message(std::move(type), std::move(handler));
}
void on_request(std::string type, request_handler handler) {
    default_hub().on_request(std::move(type), std::move(handler));
}
awaitable<void> dispatch_message(client_id from, message received) {
    return default_hub().dispatch_message(std::move(from), std::move(received));
}
std::size_t disconnect_user(std::string_view user, close_code code) {
    return default_hub().disconnect_user(user, code);
}

} // namespace infra::realtime
