#include "joined_brokers.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>

namespace infra::realtime {
namespace {

class node_broker;

struct kept {
    std::string epoch = random_hex(4);
    std::uint64_t offset = 0;
    std::deque<envelope> messages{};
    std::map<std::string, position> once{};
};

} // namespace

struct joined_brokers::state {
    std::recursive_mutex mutex;
    std::vector<std::weak_ptr<node_broker>> nodes;
    std::map<std::string, kept> channels;
    std::map<std::string, std::map<std::string, std::map<const node_broker*, member>>> present;

    std::vector<std::shared_ptr<node_broker>> all() const;
    placed publish(const std::string& channel, envelope e, const history_options& rule);
    void tell(const std::string& channel, const std::function<void(node_broker&)>& each);
    void join(const std::string& channel, const node_broker& by, const member& who);
    void leave(const std::string& channel, const node_broker& by, const std::string& user);
    void leave_all(const node_broker& by);
    missed since(const std::string& channel, const std::optional<position>& from, std::size_t limit);
};

namespace {

class node_broker final : public broker, public std::enable_shared_from_this<node_broker> {
public:
    explicit node_broker(std::shared_ptr<joined_brokers::state> s) : state_(std::move(s)) {}

    awaitable<void> run(broker_listener& to, const std::vector<channel_rule>& rules) override {
        const auto self = shared_from_this();
        const executor ex = co_await asio::this_coro::executor;
        const promise<void> stopped(ex);
        {
            const std::scoped_lock lock(state_->mutex);
            ex_ = ex;
            to_ = &to;
            rules_ = rules;
            stopped_ = stopped;
            if (stopping_)
                stopped.set_value();
            else
                set_link(true);
        }
        const struct at_the_end {
            node_broker& of;
            ~at_the_end() { // what is still posted finds nobody
                const std::scoped_lock lock(of.state_->mutex);
                of.to_ = nullptr;
                of.up_ = false;
            }
        } end{*this};
        co_await stopped.get();
    }

    awaitable<void> stop(deadline) override {
        const std::scoped_lock lock(state_->mutex);
        stopping_ = true;
        state_->leave_all(*this);
        if (stopped_)
            asio::post(*ex_, [told = *stopped_] { told.set_value(); }); // after what has been posted before
        co_return;
    }

    bool is_up() const noexcept override { return up_; }

    bool publish(std::string channel, envelope e) override {
        const std::scoped_lock lock(state_->mutex);
        if (up_ && !stopping_) {
            state_->publish(channel, std::move(e), rule(channel));
            return true;
        }
        ++owed_[channel];
        return false;
    }

    awaitable<placed> publish_confirmed(std::string channel, envelope e) override {
        const std::scoped_lock lock(state_->mutex);
        require_link();
        co_return state_->publish(channel, std::move(e), rule(channel));
    }

    void want(const std::string& channel) override {
        const std::scoped_lock lock(state_->mutex);
        if (!wanted_.contains(channel))
            wanted_[channel] = place(channel);
    }

    void unwant(const std::string& channel) override {
        const std::scoped_lock lock(state_->mutex);
        wanted_.erase(channel);
    }

    awaitable<missed> history(std::string channel, std::optional<position> from, std::size_t limit) override {
        const std::scoped_lock lock(state_->mutex);
        require_link();
        if (rule(channel).size == 0)
            co_return missed{.complete = !from};
        co_return state_->since(channel, from, limit);
    }

    void join(const std::string& channel, member who) override {
        const std::scoped_lock lock(state_->mutex);
        shares_[channel][who.user] = who;
        if (up_)
            state_->join(channel, *this, who);
    }

    void leave(const std::string& channel, const std::string& user) override {
        const std::scoped_lock lock(state_->mutex);
        shares_[channel].erase(user);
        if (up_)
            state_->leave(channel, *this, user);
    }

    awaitable<std::vector<member>> presence(std::string channel, std::size_t limit) override {
        const std::scoped_lock lock(state_->mutex);
        require_link();
        std::vector<member> out;
        for (const auto& [user, shares] : state_->present[channel]) {
            if (out.size() == limit)
                break;
            member sum{.user = user, .since = wall_time::max()};
            for (const auto& [node, share] : shares) {
                sum.connections += share.connections;
                sum.since = std::min(sum.since, share.since);
                sum.info = share.info;
            }
            out.push_back(sum);
        }
        co_return out;
    }

    awaitable<presence_stats> count(std::string channel) override {
        presence_stats out;
        for (const auto& each : co_await presence(channel, std::size_t(-1))) {
            ++out.users;
            out.connections += each.connections;
        }
        co_return out;
    }

    awaitable<void> disconnect_everywhere(disconnection what) override {
        const std::scoped_lock lock(state_->mutex);
        require_link();
        for (const auto& each : state_->all())
            if (each->up_)
                each->post([what](broker_listener& to) { to.disconnect(what); });
            else if (each->to_)
                each->unheard_.push_back(what);
        co_return;
    }

    std::string description() const override { return "joined"; }

    // --- Under the state's lock ---

    void set_link(bool up) {
        if (!to_ || up_ == up)
            return;
        up_ = up;
        post([up](broker_listener& to) { to.link(up); });
        if (up)
            catch_up();
    }

    void hear(const std::string& channel, const envelope& e) {
        const auto wanted = wanted_.find(channel);
        if (!up_ || wanted == wanted_.end())
            return;
        if (e.at.offset > 0)
            wanted->second = e.at;
        post([channel, e](broker_listener& to) { to.published(channel, e); });
    }

    void hear_gap(const std::string& channel, std::uint64_t dropped, position at) {
        const auto wanted = wanted_.find(channel);
        if (!up_ || wanted == wanted_.end())
            return;
        if (at.offset > 0)
            wanted->second = at;
        post([channel, dropped, at](broker_listener& to) { to.gap(channel, dropped, at); });
    }

    void hear_of(const std::string& channel, const member& who, bool joined) {
        if (up_ && wanted_.contains(channel))
            post([channel, who, joined](broker_listener& to) {
                joined ? to.joined(channel, who) : to.left(channel, who);
            });
    }

private:
    void require_link() const {
        if (!up_)
            throw error(infra::errc::unavailable, "there is no link to the other nodes");
    }

    const history_options& rule(const std::string& channel) const { return options_for(rules_, channel).history; }

    position place(const std::string& channel) {
        if (rule(channel).size == 0)
            return {};
        const auto& there = state_->channels[channel];
        return {there.epoch, there.offset};
    }

    void catch_up() {
        for (const auto& what : std::exchange(unheard_, {}))
            post([what](broker_listener& to) { to.disconnect(what); });
        for (auto& [channel, at] : wanted_) {
            if (rule(channel).size == 0) {
                hear_gap(channel, 0, {});
                continue;
            }
            const auto& there = state_->channels[channel];
            auto missed = there.messages;
            if (at.epoch != there.epoch) {
                const auto first = missed.empty() ? there.offset : missed.front().at.offset - 1;
                hear_gap(channel, 0, {there.epoch, first});
                at = {there.epoch, first};
            }
            std::erase_if(missed, [&, from = at.offset](const envelope& e) { return e.at.offset <= from; });
            const auto first = missed.empty() ? there.offset + 1 : missed.front().at.offset;
            if (first > at.offset + 1)
                hear_gap(channel, first - 1 - at.offset, {there.epoch, first - 1});
            for (const auto& each : missed)
                hear(channel, each);
        }
        for (const auto& [channel, dropped] : std::exchange(owed_, {}))
            for (const auto& each : state_->all())
                if (each.get() != this)
                    each->hear_gap(channel, dropped, {});
                else if (const auto at = place(channel); at.offset > 0)
                    post([channel, dropped, at](broker_listener& to) { to.passed(channel, dropped, at); });
        for (const auto& [channel, users] : std::map(state_->present))
            for (const auto& [user, shares] : users)
                if (shares.contains(this) && !shares_[channel].contains(user))
                    state_->leave(channel, *this, user);
        for (const auto& [channel, users] : shares_)
            for (const auto& [user, share] : users)
                state_->join(channel, *this, share);
    }

    void post(std::function<void(broker_listener&)> what) {
        if (ex_)
            asio::post(*ex_, [self = shared_from_this(), what = std::move(what)] {
                broker_listener* to = nullptr;
                {
                    const std::scoped_lock lock(self->state_->mutex);
                    to = self->to_;
                }
                if (to)
                    what(*to);
            });
    }

    const std::shared_ptr<joined_brokers::state> state_;
    std::optional<executor> ex_;
    broker_listener* to_ = nullptr;
    std::vector<channel_rule> rules_;
    std::optional<promise<void>> stopped_;
    std::atomic<bool> up_{false};
    bool stopping_ = false;
    std::map<std::string, position> wanted_; // up to where it was heard
    std::map<std::string, std::uint64_t> owed_;
    std::vector<disconnection> unheard_;
    std::map<std::string, std::map<std::string, member>> shares_;
};

} // namespace

std::vector<std::shared_ptr<node_broker>> joined_brokers::state::all() const {
    std::vector<std::shared_ptr<node_broker>> out;
    for (const auto& each : nodes)
        if (auto there = each.lock())
            out.push_back(std::move(there));
    return out;
}

placed joined_brokers::state::publish(const std::string& channel, envelope e, const history_options& rule) {
    auto& there = channels[channel];
    if (!e.idempotency_key.empty()) {
        const auto [first, is_new] =
            there.once.try_emplace(e.idempotency_key, position{there.epoch, there.offset + (rule.size > 0)});
        if (!is_new)
            return {.duplicate = true, .at = rule.size > 0 ? first->second : position{}};
    }
    e.idempotency_key.clear();
    if (rule.size > 0) {
        e.at = {there.epoch, ++there.offset};
        there.messages.push_back(e);
        if (there.messages.size() > rule.size)
            there.messages.pop_front();
    }
    tell(channel, [&](node_broker& each) { each.hear(channel, e); });
    return {.at = e.at};
}

void joined_brokers::state::tell(const std::string&, const std::function<void(node_broker&)>& each) {
    for (const auto& node : all())
        each(*node);
}

void joined_brokers::state::join(const std::string& channel, const node_broker& by, const member& who) {
    auto& shares = present[channel][who.user];
    const bool is_first = shares.empty();
    shares[&by] = who;
    if (is_first)
        tell(channel, [&](node_broker& each) { each.hear_of(channel, who, true); });
}

void joined_brokers::state::leave(const std::string& channel, const node_broker& by, const std::string& user) {
    auto& users = present[channel];
    const auto found = users.find(user);
    if (found == users.end())
        return;
    const auto share = found->second.extract(&by);
    if (share.empty() || !found->second.empty())
        return;
    users.erase(found);
    tell(channel, [&](node_broker& each) { each.hear_of(channel, share.mapped(), false); });
}

void joined_brokers::state::leave_all(const node_broker& by) {
    std::vector<std::pair<std::string, std::string>> theirs;
    for (const auto& [channel, users] : present)
        for (const auto& [user, shares] : users)
            if (shares.contains(&by))
                theirs.emplace_back(channel, user);
    for (const auto& [channel, user] : theirs)
        leave(channel, by, user);
}

missed joined_brokers::state::since(const std::string& channel, const std::optional<position>& from,
                                    std::size_t limit) {
    const auto& there = channels[channel];
    missed out{.complete = true, .now = {there.epoch, there.offset}};
    for (const auto& each : there.messages)
        if (!from || each.at.offset > from->offset)
            out.messages.push_back(each);
    if (!from) {
        const auto count = static_cast<std::ptrdiff_t>(std::min(limit, out.messages.size()));
        out.messages.erase(out.messages.begin(), out.messages.end() - count);
        return out;
    }
    out.complete = from->epoch == there.epoch && from->offset <= there.offset && out.messages.size() <= limit &&
                   out.messages.size() == there.offset - from->offset;
    if (!out.complete)
        out.messages.clear();
    return out;
}

joined_brokers::joined_brokers() : state_(std::make_shared<state>()) {}
joined_brokers::~joined_brokers() = default;

std::shared_ptr<broker> joined_brokers::node() {
    const auto made = std::make_shared<node_broker>(state_);
    const std::scoped_lock lock(state_->mutex);
    state_->nodes.push_back(made);
    return made;
}

void joined_brokers::cut(broker& which) {
    const std::scoped_lock lock(state_->mutex);
    dynamic_cast<node_broker&>(which).set_link(false);
}

void joined_brokers::mend(broker& which) {
    const std::scoped_lock lock(state_->mutex);
    dynamic_cast<node_broker&>(which).set_link(true);
}

void joined_brokers::crash(broker& which) {
    const std::scoped_lock lock(state_->mutex);
    auto& node = dynamic_cast<node_broker&>(which);
    node.set_link(false);
    state_->leave_all(node);
}

void joined_brokers::forget_all() {
    const std::scoped_lock lock(state_->mutex);
    state_->channels.clear();
}

} // namespace infra::realtime
