#pragma once

/// Jobs that wait for others. The values, the rules and the part of the seam for those who write a backend; users call
/// queue/flow.hpp.
///
///     co_await stored->enqueue({{.queue = "albums", .name = "bind"},                              // the parent first
///                               {.queue = "photos", .name = "resize", .parent = child_of{.place = 0}}});
///     auto page = co_await stored->children({.parent = {"albums", id}});
///
/// A parent that waits is in job_state::waiting_children. Whatever ends its last pending child makes it wait or be delayed
/// in the same transaction, in front of its line, so it is released once. What became of a child is kept with its parent as
/// long as that is there, whatever becomes of the child's own record. The model is BullMQ's.

#include <infra/base/awaitable.hpp>
#include <infra/queue/error.hpp>
#include <infra/queue/options.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

struct new_job;

/// Children one job may have in its life.
inline constexpr std::size_t max_children = 100'000;
/// Jobs that one call adds as a family, or changes as one.
inline constexpr std::size_t max_family = max_children + 1;
/// Results and reasons that are kept with one parent. A child whose result would go beyond is completed without one.
inline constexpr std::size_t max_children_bytes = 64 * 1024 * 1024;

/// The failed_reason of a job that completed although it should have waited for children.
inline constexpr std::string_view unfinished_children_reason =
    "it returned before its children were done: return verdict::wait_for_children()";

/// The failed_reason of a job that would only run again as it ran just now.
inline constexpr std::string_view nothing_to_wait_for_reason =
    "it waits for children, and none is pending: ask job_context::count_children() before verdict::wait_for_children()";

/// Whose child a job is. The parent waits for its children or runs; of one that is anything else, or somewhere else, the
/// call is refused with infra::errc::invalid_state.
struct child_of {
    job_key parent{};      ///< with an id: one that is stored. Without: of the same call,
    std::size_t place = 0; ///< at this place, before the child's own
    child_failure on_failure = child_failure::fail_parent;
    std::string token{}; ///< not empty: of the lease under which the parent runs and adds this; refused if that is void
};

enum class child_state : std::uint8_t { pending, completed, failed };
std::string_view to_string(child_state state) noexcept;

/// A child as its parent knows it.
struct child_info {
    job_key job{};
    child_state state = child_state::pending;
    std::string result{};        ///< JSON text; empty unless completed with a value
    std::string failed_reason{}; ///< also of one that has failed, and is waited for all the same
    child_failure on_failure = child_failure::fail_parent;

    friend bool operator==(const child_info&, const child_info&) = default;
};

struct children_request {
    job_key parent{};
    std::size_t max = 1000;
    std::string cursor{}; ///< `next` of the page before; opaque
};

/// May hold fewer than asked with more to come: only an empty `next` says that this was all.
struct children_page {
    std::vector<child_info> children{};
    std::string next{};
};

// --- The rules, as pure functions ---------------------------------------------------------------------------------

/// What a parent makes of a child that is over.
struct child_end {
    enum class effect {
        none,    ///< released if no other is pending
        release, ///< at once
        fail,    ///< it fails, unless it is over; one that runs does so when that ends
    };
    child_state as = child_state::completed;
    bool kept = true; ///< false: as if it had never been a child
    effect on_parent = effect::none;
};
child_end end_of_child(bool completed, child_failure policy) noexcept;

/// What a run of a job comes to in view of its children.
struct children_at_end {
    std::size_t pending = 0;
    std::string doomed_by{};     ///< `queue:id` of a child that failed under fail_parent; empty: none did
    bool released_early = false; ///< a child failed under continue_parent, and so the others are not waited for
    bool changed = false;        ///< since the run began one of them came, ended or went
};
enum class run_end {
    completed,
    waits_for_children,
    comes_back, ///< tried again, given back, or its worker vanished
};
/// Why a run ends in failure instead; empty: it does not.
std::string failure_by_children(run_end end, const children_at_end& children);
/// `child queue:id failed`
std::string reason_of_failed_child(std::string_view child);

/// Throws std::invalid_argument if a parent does not stand before its child, an id of a family stands twice in a queue, or a
/// parent has deduplication::keep_last_if_active.
void check_families(const std::vector<new_job>& call);
/// For each job of the call whether one of the others is its child.
std::vector<bool> parents_in(const std::vector<new_job>& call);

error no_parent_error(const job_key& parent);
error other_parent_error(const job_key& child);
error waits_for_itself_error(const job_key& child);
error too_many_children_error(const job_key& parent);
error too_large_family_error();

// --- The verb -----------------------------------------------------------------------------------------------------

/// A child that is a duplicate (see deduplication) is not added and not waited for. One whose id is there already becomes
/// the parent's if it has no other that is still there; if it is over, it counts as having ended now. A job that was there
/// already, or is a duplicate, gets no children from a call: those are left out, so that a call may be repeated.
///
/// Threads, Errors, Cancel, Lifetime: as backend's, of which this is a part.
class children_store {
public:
    virtual ~children_store() = default;

    /// In the order in which they were added (on Redis in none); none of a job that is not known.
    virtual awaitable<children_page> children(children_request request) = 0;
};

} // namespace infra::queue
