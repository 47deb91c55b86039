#include "shard_places.hpp"

#include "slot.hpp"

#include <algorithm>
#include <utility>

namespace infra::redis::detail {

shard_places::question::question(shard_places& of, address node, std::vector<interest> what)
    : of_(of), node_(std::move(node)), what_(std::move(what)) {
    of_.open_.insert(this);
}

shard_places::question::~question() { of_.open_.erase(this); }

// --- What nodes say --------------------------------------------------------------------------------------------------

shard_places::effect shard_places::confirm(const question& q, const interest& what) {
    if (q.taken_off_.contains(what))
        return effect::none;
    const auto [at, is_new] = heard_.try_emplace(what, q.node_);
    const bool was_elsewhere = !is_new && at->second != q.node_;
    at->second = q.node_;
    return missed_.erase(what) > 0 || was_elsewhere ? effect::resumed : effect::heard;
}

// It may come before the answer to a question, or after it and before whoever asked goes on.
void shard_places::took_off(const address& node, const interest& what) {
    for (auto* const each : open_)
        if (each->node_ == node)
            each->taken_off_.insert(what);
    const auto at = heard_.find(what);
    if (at == heard_.end() || at->second != node)
        return;
    missed_.insert(what);
    heard_.erase(at);
}

void shard_places::lost_connection(const address& node) {
    for (auto it = heard_.begin(); it != heard_.end();) {
        if (it->second == node) {
            missed_.insert(it->first);
            it = heard_.erase(it);
        } else {
            ++it;
        }
    }
}

std::optional<address> shard_places::forget(const interest& what) {
    missed_.erase(what);
    auto was = heard_.extract(what);
    return was.empty() ? std::nullopt : std::optional(std::move(was.mapped()));
}

// --- Whom to ask -----------------------------------------------------------------------------------------------------

shard_places::by_node shard_places::unheard(const std::vector<interest>& among, const slot_map& map) const {
    by_node out;
    for (const auto& each : among)
        if (const auto* const owner = map.owner(slot_of(each.name)); owner && !is_heard(each))
            out[*owner].push_back(each);
    return out;
}

bool shard_places::is_misplaced(const interest& what, const address& at, const slot_map& map) const {
    const auto* const owner = map.owner(slot_of(what.name));
    return owner && *owner != at;
}

shard_places::by_node shard_places::to_ask(const slot_map& map) const {
    auto out = unheard({missed_.begin(), missed_.end()}, map);
    for (const auto& [what, at] : heard_)
        if (is_misplaced(what, at, map))
            out[*map.owner(slot_of(what.name))].push_back(what);
    return out;
}

bool shard_places::is_settled(const slot_map& map) const {
    return missed_.empty() &&
           std::ranges::none_of(heard_, [&](const auto& each) { return is_misplaced(each.first, each.second, map); });
}

bool shard_places::is_in_use(const address& node) const {
    return std::ranges::any_of(heard_, [&](const auto& each) { return each.second == node; }) ||
           std::ranges::any_of(open_, [&](const auto* each) { return each->node_ == node; });
}

} // namespace infra::redis::detail
