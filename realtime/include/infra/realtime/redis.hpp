#pragma once

/// Many nodes over Redis: pub/sub for what happens now, streams for what was missed, hashes with expiry for who is there.
///
///     realtime::hub hub({.broker = realtime::make_redis_broker({.url = "redis://10.0.0.5"})});
///
/// Anybody can publish with one PUBLISH; nodes.md documents channel names and the envelope:
///
///     PUBLISH rt:{room:1} {"type":"said","data":{"text":"from node"}}

#include <infra/base/clock.hpp>
#include <infra/realtime/broker.hpp>
#include <infra/redis.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace infra::realtime {

struct redis_broker_options {
    std::string url = "redis://127.0.0.1:6379"; ///< what redis::options_from understands
    std::string prefix = "rt";                  ///< of all keys and channels; nodes that share it share their channels
    /// SPUBLISH in place of PUBLISH, if the server knows it (Redis 7): in a cluster each message then goes to one shard alone.
    /// Whoever publishes by hand has to use the same word. Empty: in a cluster.
    std::optional<bool> sharded{};
    std::size_t max_unsent = 100'000;                  ///< publications that wait for the link; then publish() says no
    std::chrono::milliseconds presence_expiry{60'000}; ///< after a node's death; renewed at a third of it
    std::chrono::milliseconds check_every{30'000};     ///< positions of live channels are compared with the stream's
};

std::shared_ptr<broker> make_redis_broker(redis_broker_options options = {}, clock& time = real_clock());

} // namespace infra::realtime
