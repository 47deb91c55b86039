#pragma once

// Fair groups: the rules of infra/queue/groups.hpp on tables. All waiting jobs of a group stand in infra_grouped; its head
// stands in the line as well while the group has a turn, at the place of that. Where there never was a group, none of
// it costs more than a look at a flag.

#include "store.hpp"

#include <infra/queue/groups.hpp>

#include <string>

namespace infra::queue::sqlite {

/// A job that is to wait stands in its group; false: it has none.
bool join_group(store& s, const ledger::row& queue, const standing& where);

/// A job that waits leaves its group without being taken; false: it is not there.
bool leave_group(store& s, const ledger::row& queue, const std::string& group, const standing& where);

/// A group's head was taken out of the line, to run.
void start_of_group(store& s, const ledger::row& queue, const std::string& group, std::int64_t seq, wall_time now);
/// A job that ran does so no longer.
void end_in_group(store& s, const ledger::row& queue, std::int64_t seq);

/// Groups whose window is over get a turn, in the order in which their windows began; some at once.
void open_groups(store& s, std::int64_t now);
/// When the first of those that wait for their window may start a job again.
std::optional<std::int64_t> next_opening(store& s, const ledger::row& queue);

/// After the limits have changed: some groups of a queue, by name, until all are settled. Whoever claims goes on with it.
void settle_some(store& s, ledger::row& queue);
/// Some at once; true once none is left.
bool forget_groups(store& s, const ledger::row& queue);

std::size_t groups_that_wait(store& s, const ledger::row& queue);

/// Whether any job of it may be taken, as far as its groups let it.
bool stands_in_line(store& s, const ledger::row& queue);

} // namespace infra::queue::sqlite
