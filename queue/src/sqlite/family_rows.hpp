#pragma once

// The rows of infra_families and infra_children, for those who keep them.

#include "look.hpp"

#include "../is_over.hpp"

#include <infra/queue/children.hpp>

namespace infra::queue::sqlite {

/// A row of infra_families: how many of a job's children are in which state, and what is kept of them.
struct family_row {
    std::int64_t pending = 0;
    std::int64_t completed = 0;
    std::int64_t failed = 0;
    std::int64_t bytes = 0;
    bool fails = false; ///< a child has failed it, and that is still to be carried out

    std::int64_t total() const noexcept { return pending + completed + failed; }
};
std::optional<family_row> find_family(store& s, std::int64_t seq);

/// A row of infra_children.
struct child_row {
    child_state state = child_state::pending;
    child_failure on_failure = child_failure::fail_parent;
    std::int64_t bytes = 0;
};
std::optional<child_row> find_child(store& s, std::int64_t parent, std::int64_t seq);

/// Empty: it has no parent that is there still.
std::optional<job_row> parent_row(store& s, std::int64_t child);

/// To be told of its run, if it runs: another time it may find more, or fewer, than now.
void note_change(store& s, std::int64_t parent);

/// A family's numbers, as they change with one of its children.
void count_child(store& s, std::int64_t parent, child_state state, int by, std::int64_t bytes = 0);

inline bool is_over(const job_row& job) noexcept { return is_over(job.state); }

} // namespace infra::queue::sqlite
