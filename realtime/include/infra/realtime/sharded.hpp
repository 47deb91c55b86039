#pragma once

/// Channels spread over several brokers, for more than one server carries.
///
///     hub_options{.broker = realtime::make_sharded_broker({realtime::make_redis_broker({.url = "redis://10.0.0.5"}),
///                                                          realtime::make_redis_broker({.url = "redis://10.0.0.6"})})};
///
/// Each channel lives on one of them, with its history and who is there; a link that breaks concerns the channels of its server alone. All nodes
/// name the same servers in the same order: with another number of them, most channels begin anew elsewhere.

#include <infra/realtime/broker.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace infra::realtime {

/// Which of `shards` a channel is on: CRC-16/XMODEM of its name, modulo their number. Clients of Redis know that sum as the slot of a key, before its
/// own modulo.
std::size_t shard_of(std::string_view channel, std::size_t shards) noexcept;

/// A broker made of others, which it alone uses from then on. Its link is up while all of theirs are. disconnect_everywhere() goes over all whose links
/// are up, and is obeyed once; it fails where none is. Throws std::invalid_argument for none at all, a null one, or one twice.
std::shared_ptr<broker> make_sharded_broker(std::vector<std::shared_ptr<broker>> shards);

} // namespace infra::realtime
