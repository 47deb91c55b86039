#pragma once

// Jobs that wait for others. A parent has a row in infra_families, and one in infra_children for each child; a child's own
// row names its parent. Where no job has children, none of it costs more than a look at a flag.

#include "look.hpp"

#include <infra/queue/children.hpp>

namespace infra::queue::sqlite {

/// Adds jobs some of which are children. Throws where a parent or a child may not be what is asked; all is undone then.
std::vector<added_job> add_families(store& s, const std::vector<new_job>& jobs);

/// A job that waits for children, or is about to get some.
void begin_family(store& s, const ledger::row& queue, std::int64_t seq, bool waits);

/// A job that stands nowhere waits for its children, as far as some are pending.
void begin_to_wait(store& s, ledger::row& queue, std::int64_t seq, job_state from);

/// What a run comes to in view of the job's children.
children_at_end children_of(store& s, std::int64_t seq);

/// A job that is over, before it may be forgotten.
struct ended_child {
    std::int64_t seq = 0;
    job_key job{};
    bool completed = false;
    std::string_view told{}; ///< its result, or why it failed
    wall_time at{};
};
/// A parent that is to fail because of a child, once that child's own end is settled.
struct doomed_parent {
    std::int64_t seq = 0;
    std::string reason{};
};
[[nodiscard]] std::optional<doomed_parent> tell_parent(store& s, const ended_child& child);
/// Who clears up takes a job away: one that waits for it knows it as failed.
[[nodiscard]] std::optional<doomed_parent> tell_parent_of_removal(store& s, const job_row& child, wall_time now);
/// With those above it, one after the other; of very many the rest with sweep_families.
void fail_parents(store& s, std::optional<doomed_parent> first, wall_time at);

void release_if_done(store& s, std::int64_t parent, wall_time now);

/// A job is to be forgotten: its parent waits for it no longer, and nothing is known of its children. Of many children the
/// rows go bit by bit, with sweep_families.
void forget_family(store& s, std::int64_t seq, wall_time now);
/// Goes on with what was too much for one transaction: parents that are to fail, and rows that nobody will look for.
void sweep_families(store& s, wall_time now);

/// A person has a job retried: what failed it is forgiven. How many of its children are pending.
std::int64_t forgive_children(store& s, std::int64_t seq);
/// Its parent waits for it again, unless that runs or is about to.
void expect_again(store& s, std::int64_t seq);

/// The pending ones that a job waits for, and those that these wait for: above before below. Throws errc::overloaded for more
/// than max_family.
std::vector<std::int64_t> pending_below(store& s, std::int64_t seq);

/// Fills in what is known of parent and children.
void say_family(store& s, job_info& info, std::int64_t seq, std::optional<std::int64_t> parent);

} // namespace infra::queue::sqlite
