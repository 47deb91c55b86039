#pragma once

// What nodes say to each other, as text: nodes.md.

#include "channel_place.hpp"

#include <infra/realtime/broker.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace infra::realtime::over_redis {

struct joining {
    member who{};
};
struct leaving {
    member who{};
};
struct nonsense {};

/// On a channel.
std::string text_of(const envelope& e); ///< without its place, which the script writes in front
std::string text_of_gap(std::uint64_t dropped, std::string_view node);
/// A node's share of a user, as presence keeps it. `at`: when it was, in milliseconds.
std::string text_of_share(const member& who, std::int64_t at);
/// What that is announced with.
std::string text_of_joining(std::string_view share);

/// What came from a channel, or stood in a history, `at` being where it stood. Gaps of `node`, if one is named, are its own.
std::variant<item, joining, leaving, nonsense> read_channel(std::string_view text, std::string_view node,
                                                            std::optional<position> at = {});

/// Several nodes' shares of a user are one member: all connections, the first one's time, the last one's info.
std::vector<member> join_shares(const std::vector<std::string>& shares);

/// On the channel of all nodes.
std::string text_of(const disconnection& d);
std::optional<disconnection> read_control(std::string_view text);

} // namespace infra::realtime::over_redis
