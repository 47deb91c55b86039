#include <infra/queue/children.hpp>

#include <infra/queue/backend.hpp>

#include <map>
#include <set>
#include <stdexcept>

namespace infra::queue {
namespace {

std::string quoted_key(const job_key& job) {
    return '"' + (job.queue.empty() ? job.id : job.queue + ":" + job.id) + '"';
}

} // namespace

std::string_view to_string(child_state state) noexcept {
    static constexpr std::string_view names[] = {"pending", "completed", "failed"};
    return names[static_cast<std::size_t>(state)];
}

child_end end_of_child(bool completed, child_failure policy) noexcept {
    if (completed)
        return {};
    switch (policy) {
    case child_failure::fail_parent: return {.as = child_state::failed, .on_parent = child_end::effect::fail};
    case child_failure::continue_parent: return {.as = child_state::failed, .on_parent = child_end::effect::release};
    case child_failure::ignore: return {.as = child_state::failed};
    case child_failure::remove: return {.as = child_state::failed, .kept = false};
    case child_failure::wait: return {.as = child_state::pending};
    }
    return {};
}

std::string failure_by_children(run_end end, const children_at_end& children) {
    if (!children.doomed_by.empty())
        return reason_of_failed_child(children.doomed_by);
    if (end == run_end::completed && children.pending > 0 && !children.released_early)
        return std::string(unfinished_children_reason);
    if (end == run_end::waits_for_children && children.pending == 0 && !children.changed)
        return std::string(nothing_to_wait_for_reason);
    return {};
}

std::string reason_of_failed_child(std::string_view child) {
    return std::string("child ").append(child).append(" failed");
}

void check_families(const std::vector<new_job>& call) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    std::map<std::size_t, std::size_t> children; // of each place
    const auto parents = parents_in(call);
    for (std::size_t i = 0; i < call.size(); ++i) {
        const auto& job = call[i];
        if (job.parent && job.parent->parent.id.empty() && job.parent->place >= i)
            throw std::invalid_argument("queue::child_of::place must be before the child's own");
        if (job.parent && job.parent->parent.id.empty() && ++children[job.parent->place] > max_children)
            throw too_many_children_error({call[job.parent->place].queue, {}});
        if ((job.parent || parents[i]) && !job.id.empty() && !seen.emplace(job.queue, job.id).second)
            throw std::invalid_argument("the job " + quoted_key({job.queue, job.id}) + " stands twice in one family");
        if (parents[i] && job.deduplicate && job.deduplicate->keep_last_if_active)
            throw std::invalid_argument("deduplication::keep_last_if_active is not for jobs with children (here " +
                                        job.name + "): kept for later, it would run without them");
    }
}

std::vector<bool> parents_in(const std::vector<new_job>& call) {
    std::vector<bool> is_parent(call.size(), false);
    for (const auto& job : call)
        if (job.parent && job.parent->parent.id.empty() && job.parent->place < call.size())
            is_parent[job.parent->place] = true;
    return is_parent;
}

error no_parent_error(const job_key& parent) {
    return {infra::errc::invalid_state, "the job " + quoted_key(parent) +
                                            " can have no children now: it must run, under the lease that its own run "
                                            "names, or wait for children; nothing was stored"};
}

error other_parent_error(const job_key& child) {
    return {infra::errc::invalid_state,
            "the job " + quoted_key(child) + " is another's child already; nothing was stored"};
}

error waits_for_itself_error(const job_key& child) {
    return {infra::errc::invalid_state,
            "the job " + quoted_key(child) + " would wait for itself: it is above its own parent; nothing was stored"};
}

error too_many_children_error(const job_key& parent) {
    return {infra::errc::overloaded, "the job " + quoted_key(parent) + " would have more than " +
                                         std::to_string(max_children) + " children; nothing was stored"};
}

error too_large_family_error() {
    return {infra::errc::overloaded, "more than " + std::to_string(max_family) +
                                         " jobs would be changed with it; change some of its children first"};
}

} // namespace infra::queue
