#pragma once

// A master that has become a replica: what it refuses, and what of it may be sent to its successor. No I/O.

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <cstddef>
#include <optional>
#include <span>

namespace infra::redis::detail {

/// The server's own READONLY, to `asked`: a script may say so itself, after it has counted.
bool is_refused_by_a_replica(const reply& r, const command& asked);

/// The first of these that a replica refused, where all from there on may be sent again: nothing came of them but reads.
/// Empty where it refused none, and where something else may have been executed.
std::optional<std::size_t> unexecuted_from(std::span<const command> commands, std::span<const reply> replies,
                                           bool atomic);

} // namespace infra::redis::detail
