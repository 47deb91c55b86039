#pragma once

// What is sent to which node for what was asked of a cluster, and what is answered of their answers. No I/O.

#include "command_keys.hpp"
#include "place.hpp"
#include "split.hpp"

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace infra::redis::detail {

/// What one node gets, together or not at all.
struct part {
    std::vector<command> what{}; ///< one, or a transaction from MULTI to EXEC
    bool atomic = false;         ///< the latter
    std::optional<std::uint16_t> slot{};
    std::optional<address> at{}; ///< this node and no other; neither: any
};

class cluster_plan {
public:
    /// Throws errc::invalid_input for keys in different slots where that cannot be, and for what asks a node about all
    /// others. `where` is slots_of(c), or what a server said instead.
    void add(const command& c, const slots_of_command& where, std::span<const address> masters);

    /// All of it, in the slot that its commands share.
    static part transaction(std::span<const command> commands, std::vector<command> from_multi_to_exec);

    std::vector<part>& parts() noexcept { return parts_; }

    /// A reply for each command that was added; `replies` belong to the parts. Throws errc::lost where a part of a command
    /// that changes something was executed and another answered with an error, which would pass for that of the whole.
    std::vector<reply> replies(std::vector<reply> of_parts) const;

private:
    struct origin {
        std::string name;
        bool reads = false;
        audience joined = audience::any;
        std::vector<piece> pieces{}; ///< of a command that was split
        std::size_t first = 0;
        std::size_t count = 1;
    };

    void add_split(const command& c);
    void add_for_masters(const command& c, audience whose, std::span<const address> masters);

    std::vector<part> parts_;
    std::vector<origin> origins_;
};

[[noreturn]] void refuse_crossing(std::string_view name);

} // namespace infra::redis::detail
