#include <infra/realtime/hub.hpp>

#include "hub/hub_state.hpp"
#include "hub/presence_side.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace infra::realtime {
namespace {

using detail::client;

std::shared_ptr<client> make_client(client_id id, std::shared_ptr<connection> socket, identity who) {
    if (id.empty())
        throw std::invalid_argument("realtime::hub::register_client: the id must not be empty");
    if (!socket)
        throw std::invalid_argument("realtime::hub::register_client: the connection must not be null");
    auto made = std::make_shared<client>();
    made->id = std::move(id);
    made->socket = std::move(socket);
    made->who = std::make_shared<const identity>(std::move(who));
    return made;
}

// The first `limit` of those behind `after` in the order of `name`.
template <class T, class Name>
void keep_page(std::vector<T>& all, std::string_view after, std::size_t limit, Name name) {
    if (!after.empty())
        std::erase_if(all, [&](const T& each) { return std::string_view(std::invoke(name, *each)) <= after; });
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(limit, all.size()));
    std::ranges::partial_sort(all, end, {}, [&](const T& each) { return std::string_view(std::invoke(name, *each)); });
    all.erase(end, all.end());
}

} // namespace

hub::hub(hub_options options) : state_(std::make_shared<detail::hub_state>(std::move(options))) {
    state_->members = detail::make_presence_side(state_);
}

// --- clients ---

void hub::register_client(client_id id, std::shared_ptr<connection> socket, identity who) {
    const auto made = make_client(std::move(id), std::move(socket), std::move(who));
    const auto refused = state_->admit(made);
    if (refused == close_code::service_restart)
        throw error(infra::errc::closed, "realtime::hub::register_client: the hub has been stopped");
    if (refused)
        throw error(infra::errc::overloaded,
                    "realtime::hub::register_client: client \"" + made->id +
                        "\" would be one more than hub_limits::max_clients or max_clients_per_user allows");
}

bool hub::remove_client(std::string_view id) {
    const auto found = state_->clients.find(id);
    return found && state_->remove(found, close_code::normal);
}

std::shared_ptr<connection> hub::get_client(std::string_view id) const {
    const auto found = state_->clients.find(id);
    return found ? found->socket : nullptr;
}

std::vector<client_id> hub::get_connected_clients() const {
    std::vector<client_id> ids;
    for (const auto& each : state_->clients.all())
        ids.push_back(each->id);
    return ids;
}

std::optional<client_info> hub::find_client(std::string_view id) const {
    const auto found = state_->clients.find(id);
    return found ? std::optional(state_->info_of(*found)) : std::nullopt;
}

std::vector<client_info> hub::list_clients(std::string_view after, std::size_t limit) const {
    std::vector<client_info> page;
    for (const auto& each : state_->clients.page(after, limit))
        page.push_back(state_->info_of(*each));
    return page;
}

bool hub::disconnect(std::string_view id, close_code code, std::string_view reason) {
    const auto found = state_->clients.find(id);
    return found && state_->close(found, code, reason);
}

std::size_t hub::disconnect_user(std::string_view user, close_code code) {
    const auto closed = state_->close_user(user, code);
    state_->close_elsewhere(user, code);
    return closed;
}

// --- channels ---

bool hub::subscribe(std::string_view channel, std::string_view client) {
    if (!is_channel_name(channel, state_->options.limits.max_channel_name))
        throw std::invalid_argument("realtime::hub::subscribe: a channel's name is 1 to hub_limits::max_channel_name "
                                    "bytes of UTF-8 without control characters");
    const auto found = state_->clients.find(client);
    return found && state_->bring_in(found, channel);
}

bool hub::unsubscribe(std::string_view channel, std::string_view client) {
    const auto found = state_->clients.find(client);
    return found && state_->take_away(found, channel);
}

std::size_t hub::unsubscribe_all(std::string_view client) {
    const auto found = state_->clients.find(client);
    return found ? state_->take_all_away(found) : 0;
}

std::vector<client_id> hub::get_subscribers(std::string_view channel) const {
    const auto found = state_->rooms.find(channel);
    return found ? found->subscribers() : std::vector<client_id>();
}

std::vector<std::string> hub::get_channels() const {
    std::vector<std::string> names;
    for (const auto& each : state_->rooms.all())
        if (each->size() > 0)
            names.push_back(each->name());
    return names;
}

void hub::clear_channels() {
    for (const auto& each : state_->clients.all())
        state_->take_all_away(each);
}

std::optional<channel_info> hub::find_channel(std::string_view name) const {
    const auto found = state_->rooms.find(name);
    return found ? std::optional(found->info(state_->time().steady())) : std::nullopt;
}

std::vector<channel_info> hub::list_channels(std::string_view prefix, std::string_view after, std::size_t limit) const {
    auto all = state_->rooms.all();
    std::erase_if(all, [prefix](const auto& each) { return !each->name().starts_with(prefix); });
    keep_page(all, after, limit, &detail::channel::name);
    std::vector<channel_info> page;
    for (const auto& each : all)
        page.push_back(each->info(state_->time().steady()));
    return page;
}

// --- messages ---

bool hub::send_to_client(std::string_view id, const message& sent) {
    const auto found = state_->clients.find(id);
    if (!found)
        return false;
    state_->send(found, make_frame(sent));
    return true;
}

void hub::broadcast(const message& sent) { state_->broadcast(make_frame(sent)); }

publication hub::publish(std::string_view channel, message sent, publish_options how) {
    return state_->publish(channel, std::move(sent), how);
}

awaitable<publication> hub::publish_confirmed(std::string channel, message sent, publish_options how) {
    return detail::hub_state::publish_confirmed(state_, std::move(channel), std::move(sent), std::move(how));
}

awaitable<missed> hub::history(std::string channel, std::optional<position> from, std::size_t limit) const {
    return detail::hub_state::history(state_, std::move(channel), std::move(from), limit);
}

// --- life ---

awaitable<std::vector<member>> hub::presence(std::string channel) const {
    return detail::members_of(state_, std::move(channel));
}

awaitable<presence_stats> hub::count_present(std::string channel) const {
    return detail::count_members_of(state_, std::move(channel));
}

awaitable<void> hub::run() { return detail::hub_state::run(state_, state_->living); }

awaitable<void> hub::stop(deadline limit) { return detail::hub_state::stop(state_, limit); }

const hub_options& hub::options() const noexcept { return state_->options; }

std::string hub::description() const {
    return state_->options.broker ? state_->options.broker->description() : "memory";
}

} // namespace infra::realtime
