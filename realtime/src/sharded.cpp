#include <infra/realtime/sharded.hpp>

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <set>
#include <stdexcept>
#include <utility>

namespace infra::realtime {
namespace {

/// Tells the hub what one shard says, and of all links as one.
class relay final : public broker_listener {
public:
    struct links {
        broker_listener& to;
        std::size_t down; ///< that are
    };
    explicit relay(links& of) : links_(of), to_(of.to) {}

    void published(const std::string& channel, envelope e) override { to_.published(channel, std::move(e)); }
    void gap(const std::string& channel, std::uint64_t dropped, position now) override {
        to_.gap(channel, dropped, std::move(now));
    }
    void passed(const std::string& channel, std::uint64_t said_here, position at) override {
        to_.passed(channel, said_here, std::move(at));
    }
    void joined(const std::string& channel, member who) override { to_.joined(channel, std::move(who)); }
    void left(const std::string& channel, member who) override { to_.left(channel, std::move(who)); }
    void disconnect(disconnection what) override { to_.disconnect(std::move(what)); }
    void link(bool up) override {
        if (up == std::exchange(is_up_, up))
            return;
        if (up && --links_.down == 0)
            to_.link(true);
        else if (!up && links_.down++ == 0)
            to_.link(false);
    }

private:
    links& links_;
    broker_listener& to_;
    bool is_up_ = false;
};

using broker_list = std::vector<std::shared_ptr<broker>>;

// What one of them throws ends the others.
awaitable<void> run_from(std::size_t i, const broker_list& shards, std::vector<relay>& ears,
                         const std::vector<channel_rule>& rules) {
    using namespace asio::experimental::awaitable_operators;
    if (i + 1 == shards.size())
        co_return co_await shards[i]->run(ears[i], rules);
    co_await (shards[i]->run(ears[i], rules) && run_from(i + 1, shards, ears, rules));
}

using failures = std::vector<std::exception_ptr>; // of each shard; null where it went well
using deed = std::function<awaitable<void>(broker&)>;

awaitable<void> attempt(const deed& what, broker& on, std::exception_ptr& failed) {
    try {
        co_await what(on);
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        failed = std::current_exception();
    }
}

// On all at once, and what one of them throws does not end the others.
awaitable<void> attempt_from(std::size_t i, const broker_list& shards, const deed& what, failures& failed) {
    using namespace asio::experimental::awaitable_operators;
    if (i + 1 == shards.size())
        co_return co_await attempt(what, *shards[i], failed[i]);
    co_await (attempt(what, *shards[i], failed[i]) && attempt_from(i + 1, shards, what, failed));
}

awaitable<failures> attempt_on_all(broker_list shards, deed what) {
    failures failed(shards.size());
    co_await attempt_from(0, shards, what, failed);
    co_return failed;
}

awaitable<void> stop_all(broker_list shards, deadline limit) {
    for (const auto& each : co_await attempt_on_all(std::move(shards), [limit](broker& b) { return b.stop(limit); }))
        if (each)
            std::rethrow_exception(each);
}

// A node may have no link to some of the servers, and hears it from the others.
awaitable<void> say_to_all(broker_list shards, disconnection what) {
    if (what.id.empty())
        what.id = random_hex(8);
    const auto failed =
        co_await attempt_on_all(std::move(shards), [&what](broker& each) { return each.disconnect_everywhere(what); });
    if (std::ranges::find(failed, nullptr) == failed.end())
        std::rethrow_exception(failed.front());
}

/// Threads, Errors, Cancel, Lifetime: as a broker's.
class sharded_broker final : public broker {
public:
    explicit sharded_broker(broker_list shards) : shards_(std::move(shards)) {}

    awaitable<void> run(broker_listener& to, const std::vector<channel_rule>& rules) override {
        relay::links links{.to = to, .down = shards_.size()};
        std::vector<relay> ears(shards_.size(), relay(links));
        co_await run_from(0, shards_, ears, rules);
    }
    awaitable<void> stop(deadline limit) override { return stop_all(shards_, limit); }
    bool is_up() const noexcept override {
        return std::ranges::all_of(shards_, [](const auto& each) { return each->is_up(); });
    }

    bool publish(std::string channel, envelope e) override {
        auto& on = of(channel);
        return on.publish(std::move(channel), std::move(e));
    }
    awaitable<placed> publish_confirmed(std::string channel, envelope e) override {
        auto& on = of(channel);
        return on.publish_confirmed(std::move(channel), std::move(e));
    }
    void want(const std::string& channel) override { of(channel).want(channel); }
    void unwant(const std::string& channel) override { of(channel).unwant(channel); }
    awaitable<missed> history(std::string channel, std::optional<position> from, std::size_t limit) override {
        auto& on = of(channel);
        return on.history(std::move(channel), std::move(from), limit);
    }

    void join(const std::string& channel, member who) override { of(channel).join(channel, std::move(who)); }
    void leave(const std::string& channel, const std::string& user) override { of(channel).leave(channel, user); }
    awaitable<std::vector<member>> presence(std::string channel, std::size_t limit) override {
        auto& on = of(channel);
        return on.presence(std::move(channel), limit);
    }
    awaitable<presence_stats> count(std::string channel) override {
        auto& on = of(channel);
        return on.count(std::move(channel));
    }

    awaitable<void> disconnect_everywhere(disconnection what) override { return say_to_all(shards_, std::move(what)); }

    std::string description() const override {
        std::string all;
        for (const auto& each : shards_)
            all += (all.empty() ? "" : ", ") + each->description();
        return all;
    }

private:
    broker& of(std::string_view channel) const noexcept { return *shards_[shard_of(channel, shards_.size())]; }

    const broker_list shards_;
};

} // namespace

std::size_t shard_of(std::string_view channel, std::size_t shards) noexcept {
    unsigned sum = 0;
    for (const auto c : channel) {
        sum ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit)
            sum = ((sum << 1) ^ (sum & 0x8000 ? 0x1021U : 0U)) & 0xffff;
    }
    return sum % shards;
}

std::shared_ptr<broker> make_sharded_broker(broker_list shards) {
    const std::set<std::shared_ptr<broker>> each(shards.begin(), shards.end());
    if (shards.empty() || each.contains(nullptr) || each.size() < shards.size())
        throw std::invalid_argument(
            "realtime::make_sharded_broker: shards must be one broker or more, none of them null or named twice");
    return std::make_shared<sharded_broker>(std::move(shards));
}

} // namespace infra::realtime
