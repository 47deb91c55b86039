#include "presence_side.hpp"

#include "../presence.hpp"

#include <utility>

namespace infra::realtime::detail {
namespace {

using change = presence_change::kind;

/// Those who know of themselves: a user's connections, or the one client that is its own user.
std::vector<std::shared_ptr<client>> clients_of(const hub_state& at, const std::string& user) {
    auto own = at.clients.of_user(user);
    if (own.empty())
        if (auto nobody = at.clients.find(user))
            own.push_back(std::move(nobody));
    return own;
}

void tell_others(hub_state& at, std::string type, const std::string& channel, member who) {
    auto self = clients_of(at, who.user);
    json::object data{{"user", who.user}, {"info", std::move(who.info)}};
    at.tell(channel, {std::move(type), channel, std::move(data)}, self);
}

class presence_side final : public membership_watcher {
public:
    explicit presence_side(const std::shared_ptr<hub_state>& of)
        : of_(of), here_(of->options.presence, of->time(), [this](const presence_change& c) { changed(c); }) {}

    void attached(const channel_facts& to, const client& who, const json::value& info) override {
        const auto at = of_.lock();
        if (!at || !to.options.presence)
            return;
        const auto is = at->identity_of(who);
        here_.add(to.name, is ? is->user : std::string(), who.id, here_.takes(info) ? info : json::value());
        if (!at->is_subscribed(who, to.name)) // another thread took it away meanwhile, and was heard first
            here_.remove(to.name, who.id);
    }
    void detached(const channel_facts& from, const client& who) override {
        if (from.options.presence)
            here_.remove(from.name, who.id);
    }
    void joined(const std::string& channel, member who) override { heard("join", channel, std::move(who)); }
    void left(const std::string& channel, member who) override { heard("leave", channel, std::move(who)); }
    void tick() noexcept override { here_.expire(); }

    const presence_table& here() const noexcept { return here_; }

private:
    void heard(std::string type, const std::string& channel, member who) {
        if (const auto at = of_.lock())
            tell_others(*at, std::move(type), channel, std::move(who));
    }
    void changed(const presence_change& c) {
        const auto at = of_.lock();
        if (!at)
            return;
        if (const auto& broker = at->options.broker)
            return c.what == change::left ? broker->leave(c.channel, c.who.user) : broker->join(c.channel, c.who);
        if (c.what != change::changed)
            tell_others(*at, c.what == change::joined ? "join" : "leave", c.channel, c.who);
    }

    const std::weak_ptr<hub_state> of_;
    presence_table here_;
};

} // namespace

std::shared_ptr<membership_watcher> make_presence_side(const std::shared_ptr<hub_state>& of) {
    return std::make_shared<presence_side>(of);
}

awaitable<std::vector<member>> members_of(std::shared_ptr<hub_state> at, std::string channel) {
    if (at->options.broker)
        co_return co_await at->options.broker->presence(std::move(channel), at->options.presence.max_members);
    co_return static_cast<const presence_side&>(*at->members).here().snapshot(channel);
}

awaitable<presence_stats> count_members_of(std::shared_ptr<hub_state> at, std::string channel) {
    if (at->options.broker)
        co_return co_await at->options.broker->count(std::move(channel));
    co_return static_cast<const presence_side&>(*at->members).here().count(channel);
}

} // namespace infra::realtime::detail
