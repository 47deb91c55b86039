#pragma once

// What a server says to a command that it takes as little as any other now, and what of a request may be sent again then. No
// I/O.

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace infra::redis::detail {

enum class refusal : std::uint8_t {
    none,    ///< it answers
    replica, ///< a replica, which writes nothing
    stale,   ///< a replica without its master, which tells nothing either
    loading, ///< it has not yet all its data
};

/// What passes by itself.
constexpr bool is_not_ready(refusal r) noexcept { return r == refusal::stale || r == refusal::loading; }

/// Of the reply to `asked`, in the server's own words: a script may say all this itself, after it has counted.
refusal refusal_in(const reply& r, const command& asked);

/// The same where nobody knows any more what was asked.
refusal refusal_in(const reply& r);

/// That the server itself is not ready, in its own words, and no script is among them that might say so: true however often it comes.
bool is_beyond_doubt(std::span<const command> commands, std::span<const reply> replies);

/// The first of these that was refused, where all from there on may be sent again: nothing came of them but reads. Empty
/// where none was refused, and where something else may have been executed.
std::optional<std::size_t> unexecuted_from(std::span<const command> commands, std::span<const reply> replies,
                                           bool atomic);

} // namespace infra::redis::detail
