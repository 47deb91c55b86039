#pragma once

// Who listens to what, and what is said about it. No I/O.

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>
#include <infra/redis/subscription.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace infra::redis::detail {

enum class channel_kind : std::uint8_t { channel, pattern, shard };

/// One thing that can be subscribed.
struct interest {
    channel_kind kind = channel_kind::channel;
    std::string name{};
    friend auto operator<=>(const interest&, const interest&) = default;
};

std::vector<interest> interests_of(const subscribe_request& request);

/// SUBSCRIBE and its like; saying it twice does no harm.
command subscribe_to(const interest& i);
command unsubscribe_from(const interest& i);

class subscriptions {
public:
    using listener = std::uint64_t;

    void add(listener who, const std::vector<interest>& to);

    /// Both give what nobody listens to any more.
    std::vector<interest> remove(listener who);
    std::vector<interest> remove(listener who, const std::vector<interest>& from);

    std::vector<interest> all() const;
    const std::set<listener>& listeners(const interest& to) const;
    std::set<listener> everybody() const;
    bool empty() const noexcept { return by_interest_.empty(); }

private:
    std::map<interest, std::set<listener>> by_interest_;
};

/// A message and through what it came; empty for all else. Both protocols have the same words.
std::optional<std::pair<interest, message>> publication_in(reply& r);

/// What an unsubscription names; empty for all else.
std::optional<interest> taken_off_by(const reply& r);

/// What it is about; empty where it is about nothing.
std::string_view channel_confirmed_by(const reply& r);

/// The name of the command whose confirmation this is, in lower case; empty for all else.
std::string_view confirmed_by(const reply& r);

} // namespace infra::redis::detail
