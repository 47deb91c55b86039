#pragma once

// What a cluster's node answers to a command that is not for it, and what to do then. No I/O.

#include "place.hpp"

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace infra::redis::detail {

struct redirection {
    enum class kind : std::uint8_t {
        none,      ///< it took the command
        moved,     ///< the slot lies at `to`, from now on
        ask,       ///< this key may, while its slot moves there: this once
        try_again, ///< some keys of the command are here, some there
        down, ///< nobody has the slot, or the node has lost the others, loads its data, or is a replica while a command
              ///< waits there
    };
    kind type = kind::none;
    std::uint16_t slot = 0; ///< of moved and ask
    address to{};           ///< likewise
};

/// Of a reply by `from`, whose host stands for one that is not told. A redirection that says nowhere is `down`.
redirection redirection_in(const reply& r, const address& from);

/// The same where it answers `asked`, and what it says while it is not ready. A script can say all this itself after it has done what it does, and is believed
/// only in a server's own words, and about its own slot.
redirection redirection_in(const reply& r, const address& from, const command& asked);

/// Decides for one call. None of these replies means that the command was executed, so that it may be sent again,
/// whatever it does.
class redirect_policy {
public:
    /// No command is sent on more often: nodes that send it to each other must come to an end.
    static constexpr int max_hops = 16;

    struct decision {
        bool again = false;                ///< otherwise the reply is the caller's
        std::chrono::milliseconds wait{0}; ///< before that
        bool refresh = false;              ///< the slot map is out of date
    };

    /// `chance` is from 0 to 1.
    decision decide(redirection::kind of, double chance);

private:
    int hops_ = 0;
    int waits_ = 0;
};

} // namespace infra::redis::detail
