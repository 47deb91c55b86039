#pragma once

// Who is on which channel of this node, and since when nobody of a user is. No I/O, no clock, no lock.

#include <infra/base/time.hpp>
#include <infra/realtime/message.hpp>
#include <infra/realtime/presence.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::realtime::detail {

/// What became of a user on a channel.
struct presence_change {
    enum class kind : std::uint8_t {
        joined,
        changed, ///< other connections, or another info: nobody's business but that of other nodes
        left,
    };
    kind what = kind::joined;
    std::string channel{};
    member who{};

    friend bool operator==(const presence_change&, const presence_change&) = default;
};

/// A user is there from its first connection until `grace` after its last one has gone. All that wait for that are in one
/// queue, which is in order because grace is the same for all: there is no timer for each.
class members {
public:
    explicit members(presence_options options) : options_(options) {}

    bool takes(const json::value& info) const; ///< false: over max_info_bytes

    /// Nothing for a connection that is there already. `user` empty: the client by itself.
    std::optional<presence_change> add(std::string_view channel, std::string_view user, const client_id& client,
                                       json::value info, wall_time now);
    /// Nothing for one that is not there.
    std::optional<presence_change> remove(std::string_view channel, const client_id& client, steady_time now);
    /// Those whose grace has passed, in order.
    std::vector<presence_change> expire(steady_time now);
    /// When to call expire(); it may find nobody then.
    std::optional<steady_time> next_expiry() const;

    std::vector<member> snapshot(std::string_view channel) const; ///< by user's name, at most max_members
    presence_stats count(std::string_view channel) const;
    bool empty() const noexcept { return channels_.empty(); }

private:
    struct connection_info {
        client_id client{};
        json::value info{};
    };
    struct person {
        std::vector<connection_info> connections{}; // in the order they came
        json::value last_info{};                    // while there are none
        wall_time since{};
        std::uint64_t visit = 0; // counts what ends a grace period
    };
    struct place {
        std::map<std::string, person, std::less<>> people{};
        std::unordered_map<client_id, std::string> users{}; // of connections
    };
    struct parting {
        steady_time until{};
        std::string channel{};
        std::string user{};
        std::uint64_t visit = 0;
    };
    static member shown(const std::string& user, const person& who);
    std::optional<presence_change> end(const parting& p);

    presence_options options_;
    std::map<std::string, place, std::less<>> channels_;
    std::deque<parting> partings_;
};

} // namespace infra::realtime::detail
