#include "company.hpp"

#include "scripts.hpp"
#include "wire.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

constexpr std::size_t most_users_at_once = 300; // of a channel: a script's arguments
constexpr std::size_t most_channels_at_once = 64;

} // namespace

void company::join(const std::string& channel, member who) {
    const std::scoped_lock lock(mutex_);
    auto& there = places_[channel];
    auto& connections = there.connections[who.user];
    there.all_connections += who.connections - connections;
    connections = who.connections;
    there.shares[who.user] = text_of_share(who, to_unix_ms(on_.time.wall()));
    there.changed.insert(who.user);
    bell_.ring();
}

void company::leave(const std::string& channel, const std::string& user) {
    const std::scoped_lock lock(mutex_);
    const auto found = places_.find(channel);
    if (found == places_.end() || found->second.shares.erase(user) == 0)
        return;
    auto& there = found->second;
    there.all_connections -= there.connections.extract(user).mapped();
    there.changed.insert(user);
    bell_.ring();
}

void company::link_is_up() {
    renew_ = true;
    bell_.ring();
}

awaitable<void> company::keep() {
    const auto between = on_.options.presence_expiry / 3;
    auto renewed = on_.time.steady();
    while (true) {
        const bool is_due = std::exchange(renew_, false) || on_.time.steady() >= saturating_add(renewed, between);
        auto channels = to_report(is_due);
        bool good = true;
        if (on_.up && !on_.stopping && !channels.empty())
            good = co_await send(std::move(channels));
        if (is_due)
            renewed = on_.time.steady();
        renew_ = renew_ || (is_due && !good);
        const auto next =
            good ? deadline(saturating_add(renewed, between)) : deadline::after(between_attempts, on_.time.steady());
        co_await bell_.wait(next, on_.time);
    }
}

std::vector<std::string> company::to_report(bool all) const {
    std::vector<std::string> out;
    const std::scoped_lock lock(mutex_);
    for (const auto& [channel, there] : places_)
        if (all || !there.changed.empty())
            out.push_back(channel);
    return out;
}

std::vector<company::report> company::next_reports(std::vector<std::string>& channels, redis::batch& into) {
    std::vector<report> out;
    const std::scoped_lock lock(mutex_);
    while (!channels.empty() && out.size() < most_channels_at_once) {
        const auto found = places_.find(channels.back());
        if (found == places_.end()) {
            channels.pop_back();
            continue;
        }
        auto& there = found->second;
        report said{.channel = found->first};
        std::vector<std::string> with{on_.node, std::to_string(on_.options.presence_expiry.count()), on_.say,
                                      std::to_string(there.all_connections)};
        while (!there.changed.empty() && said.users.size() < most_users_at_once) {
            const auto user = there.changed.extract(there.changed.begin()).value();
            const auto share = there.shares.find(user);
            const bool is_there = share != there.shares.end();
            with.push_back(user);
            with.push_back(is_there ? share->second : std::string());
            with.push_back(is_there ? text_of_joining(share->second) : std::string());
            said.users.push_back(user);
        }
        said.is_all = there.changed.empty();
        const std::vector<std::string> keys{on_.called.present(said.channel), on_.called.channel(said.channel)};
        if (said.is_all)
            channels.pop_back();
        into.add(scripts::share.call(keys, with).again(redis::replay::idempotent));
        out.push_back(std::move(said));
    }
    return out;
}

awaitable<bool> company::send(std::vector<std::string> channels) {
    while (!channels.empty()) {
        redis::batch all;
        const auto reports = next_reports(channels, all);
        if (reports.empty())
            co_return true;
        std::vector<redis::reply> replies(reports.size(), redis::reply("ERR", redis::reply::kind::error));
        std::optional<std::string> failure;
        try {
            replies = co_await on_.redis()->execute(std::move(all), on_.soon());
        } catch (const boost::system::system_error& e) {
            if (is_the_end(e.code()))
                throw;
            failure = e.what();
        }
        bool good = !failure;
        for (std::size_t i = 0; i < reports.size(); ++i) {
            good = good && !replies[i].is_error();
            took(reports[i], replies[i]);
        }
        if (failure)
            on_.lost_link(*failure);
        if (!good)
            co_return false;
    }
    co_return true;
}

// A server that was emptied, or has taken this node for dead, knows less than was told.
void company::took(const report& said, const redis::reply& r) {
    const std::scoped_lock lock(mutex_);
    const auto found = places_.find(said.channel);
    if (found == places_.end())
        return;
    auto& there = found->second;
    if (r.is_error())
        there.changed.insert(said.users.begin(), said.users.end());
    else if (said.is_all && there.changed.empty() && static_cast<std::size_t>(r.as_integer()) != there.shares.size())
        for (const auto& [user, share] : there.shares)
            there.changed.insert(user);
    if (!there.changed.empty())
        bell_.ring();
    forget_if_empty(said.channel);
}

void company::forget_if_empty(const std::string& channel) {
    const auto found = places_.find(channel);
    if (found->second.shares.empty() && found->second.changed.empty())
        places_.erase(found);
}

awaitable<void> company::quit(deadline limit) {
    auto channels = to_report(true);
    while (on_.up && !channels.empty() && !limit.passed(on_.time.steady())) {
        redis::batch all;
        for (std::size_t n = 0; n < most_channels_at_once && !channels.empty(); ++n, channels.pop_back())
            all.add(scripts::quit.call({on_.called.present(channels.back()), on_.called.channel(channels.back())},
                                       {on_.node, on_.say}));
        try {
            co_await on_.redis()->execute(std::move(all), earlier(limit, on_.soon()));
        } catch (const boost::system::system_error& e) {
            telemetry::log(level::warn, "realtime", "cannot tell Redis who is leaving; they expire",
                           {{"why", e.what()}});
            co_return;
        }
    }
}

} // namespace infra::realtime::over_redis
