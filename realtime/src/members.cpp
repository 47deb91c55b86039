#include "members.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {

bool members::takes(const json::value& info) const {
    return info.is_null() || boost::json::serialize(info).size() <= options_.max_info_bytes;
}

std::optional<presence_change> members::add(std::string_view channel, std::string_view user, const client_id& client,
                                            json::value info, wall_time now) {
    const std::string_view name = user.empty() ? std::string_view(client) : user;
    auto& there = channels_.try_emplace(std::string(channel)).first->second;
    if (!there.users.try_emplace(client, name).second)
        return std::nullopt;
    const auto [found, is_new] = there.people.try_emplace(std::string(name));
    auto& who = found->second;
    if (is_new)
        who.since = now;
    ++who.visit;
    who.connections.push_back({client, std::move(info)});
    return presence_change{is_new ? presence_change::kind::joined : presence_change::kind::changed,
                           std::string(channel), shown(found->first, who)};
}

std::optional<presence_change> members::remove(std::string_view channel, const client_id& client, steady_time now) {
    const auto there = channels_.find(channel);
    if (there == channels_.end())
        return std::nullopt;
    const auto user = there->second.users.extract(client);
    if (user.empty())
        return std::nullopt;
    const auto found = there->second.people.find(user.mapped());
    auto& who = found->second;
    const auto gone = std::ranges::find(who.connections, client, &connection_info::client);
    auto info = std::move(gone->info);
    who.connections.erase(gone);
    if (who.connections.empty()) {
        who.last_info = std::move(info);
        partings_.push_back({saturating_add(now, options_.grace), std::string(channel), found->first, ++who.visit});
    }
    return presence_change{presence_change::kind::changed, std::string(channel), shown(found->first, who)};
}

std::vector<presence_change> members::expire(steady_time now) {
    std::vector<presence_change> gone;
    for (; !partings_.empty() && partings_.front().until <= now; partings_.pop_front())
        if (auto left = end(partings_.front()))
            gone.push_back(std::move(*left));
    return gone;
}

std::optional<presence_change> members::end(const parting& p) {
    const auto there = channels_.find(p.channel);
    if (there == channels_.end())
        return std::nullopt;
    auto& people = there->second.people;
    const auto found = people.find(p.user);
    if (found == people.end() || found->second.visit != p.visit)
        return std::nullopt;
    presence_change left{presence_change::kind::left, p.channel, shown(found->first, found->second)};
    people.erase(found);
    if (people.empty())
        channels_.erase(there);
    return left;
}

std::optional<steady_time> members::next_expiry() const {
    return partings_.empty() ? std::nullopt : std::optional(partings_.front().until);
}

std::vector<member> members::snapshot(std::string_view channel) const {
    std::vector<member> out;
    const auto there = channels_.find(channel);
    if (there == channels_.end())
        return out;
    out.reserve(std::min(there->second.people.size(), options_.max_members));
    for (const auto& [user, who] : there->second.people) {
        if (out.size() == options_.max_members)
            break;
        out.push_back(shown(user, who));
    }
    return out;
}

presence_stats members::count(std::string_view channel) const {
    const auto there = channels_.find(channel);
    if (there == channels_.end())
        return {};
    return {.users = there->second.people.size(), .connections = there->second.users.size()};
}

member members::shown(const std::string& user, const person& who) {
    return {.user = user,
            .info = who.connections.empty() ? who.last_info : who.connections.back().info,
            .connections = who.connections.size(),
            .since = who.since};
}

} // namespace infra::realtime::detail
