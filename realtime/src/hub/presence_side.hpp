#pragma once

#include "hub_state.hpp"

#include <memory>

namespace infra::realtime::detail {

/// Keeps the members of this node's channels, and tells who is subscribed of those who come and go: by itself, or, with a broker, as the
/// broker hears it from all nodes.
std::shared_ptr<membership_watcher> make_presence_side(const std::shared_ptr<hub_state>& of);

/// At most presence_options::max_members, by user's name.
awaitable<std::vector<member>> members_of(std::shared_ptr<hub_state> at, std::string channel);
awaitable<presence_stats> count_members_of(std::shared_ptr<hub_state> at, std::string channel);

} // namespace infra::realtime::detail
