#pragma once

// Calls to a cluster, each of which finds its nodes.

#include "cluster_plan.hpp"
#include "journey.hpp"
#include "node_lines.hpp"

#include <memory>
#include <vector>

namespace infra::redis::detail {

// All of these on the executor of `on`; errors as client. Commands of one call for different nodes are under way at once;
// those for the same node stay in their order.

awaitable<reply> cluster_one(lines_ptr on, command c, deadline limit);
awaitable<std::vector<reply>> cluster_all(lines_ptr on, std::vector<command> commands, deadline limit);

/// At this master, whatever its keys are.
awaitable<reply> cluster_at(lines_ptr on, std::string master, command c, deadline limit);
[[noreturn]] void refuse_unknown(std::string_view master);

/// The replies of everything from MULTI to EXEC.
awaitable<std::vector<reply>> cluster_transaction(lines_ptr on, part all, deadline limit);

/// Who has this slot now, waiting for somebody to have it.
awaitable<address> cluster_owner(lines_ptr on, std::uint16_t slot, deadline limit);

/// slots_of(c), asking a node where that does not tell, in the room that `c` has.
awaitable<slots_of_command> cluster_slots_of(lines_ptr on, command c, deadline limit);

} // namespace infra::redis::detail
