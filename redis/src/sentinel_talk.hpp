#pragma once

// What is said to sentinels and what their answers mean. No I/O.

#include "place.hpp"

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::redis::detail {

/// Where the master is; asked together with the other sentinels.
command ask_for_master(const std::string& name);
command ask_for_sentinels(const std::string& name);

/// Empty when the sentinel knows no master of that name. Throws errc::protocol when it is no address, errc::server when
/// it is an error.
std::optional<address> master_in(const reply& r);

/// What is no address among them is left out: they are advice.
std::vector<address> sentinels_in(const reply& r);

/// The new address, if this message of +switch-master is about the master of that name.
std::optional<address> switched_to(std::string_view payload, std::string_view name);

/// Whom to ask, in which order. Those that were configured stay; beside them come those, up to a bound, that the last
/// one that was right knows of.
///
/// An answer alone moves nobody forward: the last to learn of a failover answers as fast as the others.
class sentinel_list {
public:
    static constexpr std::size_t max_learned = 16;

    explicit sentinel_list(std::vector<address> configured) : configured_(std::move(configured)), order_(configured_) {}

    const std::vector<address>& order() const noexcept { return order_; }
    void ask_first(const address& who); ///< unless it is a stranger
    void ask_last(const address& who);

    /// What `who` says; whether it is so shows later.
    void told(const address& who, const address& master, std::vector<address> others);
    void right(const address& master); ///< who told of it last is asked first
    void wrong(const address& master); ///< all who told of it are asked last

private:
    struct answer {
        address from{};
        address master{};
        std::vector<address> others{};
    };

    void learn(const answer& a);

    std::vector<address> configured_;
    std::vector<address> order_;
    std::vector<answer> unproved_; // one of each sentinel at most, the latest last
};

} // namespace infra::redis::detail
