#pragma once

/// Who is there.
///
///     for (const auto& m : co_await hub.presence("room:1")) show(m.user, m.info, m.connections);
///
/// A channel with channel_options::presence keeps its members: a user is there from its first connection that subscribes until
/// presence_options::grace after its last one has gone, so that a reconnect, or a second tab, is neither join nor leave. Others on the channel get
/// `{"type":"join","channel":…,"data":{"user":…,"info":…}}` and `leave`.

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace infra::realtime {

struct presence_options {
    std::chrono::milliseconds grace{15'000}; ///< between the last connection's end and `leave`
    std::size_t max_members = 1'000;         ///< in a snapshot; presence_stats counts all
    std::size_t max_info_bytes = 1'024;      ///< of one member; more is refused
};

/// One user, over all its connections. A client without a user is one by itself, under its client id.
struct member {
    std::string user{};
    json::value info{};          ///< of the connection that came last
    std::size_t connections = 0; ///< 0 within the grace period
    wall_time since{};

    friend bool operator==(const member&, const member&) = default;
};

struct presence_stats {
    std::size_t users = 0;
    std::size_t connections = 0;

    friend bool operator==(const presence_stats&, const presence_stats&) = default;
};

} // namespace infra::realtime
