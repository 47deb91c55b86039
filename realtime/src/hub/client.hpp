#pragma once

#include <infra/realtime/connection.hpp>
#include <infra/realtime/options.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::detail {

class channel;
class lane;
struct client;

/// What stands behind a client besides its socket: a session.
class client_watcher {
public:
    virtual ~client_watcher() = default;
    /// The client has been taken out of the hub, by whomever. Once, on its lane, after all that was sent before and after close().
    virtual void removed(close_code code) noexcept = 0;
};

/// One client on one channel. It is in three places: the client's list, the channel's list, and the audience of its lane.
struct subscription {
    std::shared_ptr<channel> of{};
    std::shared_ptr<client> who{};
    subscription* previous = nullptr; // guarded by the channel, in the order they came
    subscription* next = nullptr;     // guarded by the channel
    std::size_t seat = 0;             // in the audience; the lane's thread
};

/// One registered client. Small, since there are many who do nothing. What admits it sets the first part.
struct client {
    client_id id{};
    std::shared_ptr<connection> socket{};
    std::shared_ptr<const identity> who{};     // guarded by the registry once admitted; never null then
    std::shared_ptr<client_watcher> session{}; // guarded by the registry; held until removed
    std::string address{};
    std::string_view transport{}; ///< of a static text
    wall_time since{};

    std::shared_ptr<lane> on{};
    bool has_session = false;
    std::uint64_t number = 0;                              ///< in the order of registration
    std::vector<std::shared_ptr<subscription>> channels{}; // guarded by the registry
    const std::string* asked_for = nullptr;                // guarded by the registry: hub_state::begin_ask
    bool granted = false;                                  // guarded by the registry
    bool registered = false;                               // guarded by the registry

    bool shut = false; ///< close() was called, or send() has thrown: nothing more is sent. The lane's thread
};

} // namespace infra::realtime::detail
