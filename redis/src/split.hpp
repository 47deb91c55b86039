#pragma once

// One command for keys in several slots, as several commands, and one reply of their replies. No I/O.

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace infra::redis::detail {

struct piece {
    command what;
    std::uint16_t slot = 0;
    std::vector<std::size_t> places{}; ///< of its keys among those of the whole
};

/// True of MGET, MSET, DEL, UNLINK, EXISTS and TOUCH, whose keys have nothing to do with each other. Split, they are no
/// longer one step: what others do may come in between.
bool may_be_split(const command& c);

/// A piece for each slot, keys in their order.
std::vector<piece> split(const command& whole);

/// `replies` belong to `pieces`; the first error is the reply.
reply join(std::span<const piece> pieces, std::vector<reply> replies);

} // namespace infra::redis::detail
