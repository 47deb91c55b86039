#include "move_plan.hpp"

#include "is_over.hpp"

#include <algorithm>

namespace infra::queue {
namespace {

constexpr std::size_t most_named = 5;

} // namespace

bool is_same_job(const job_info& one, const job_info& other) {
    return one.queue == other.queue && one.id == other.id && one.name == other.name && one.data == other.data &&
           to_unix_ms(one.created_at) == to_unix_ms(other.created_at);
}

bool is_pending_run(const job_info& job, const std::vector<schedule_info>& schedules) {
    const auto run = run_of(job.id);
    const bool is_to_come = job.state == job_state::waiting || job.state == job_state::delayed;
    return run && is_to_come && std::ranges::any_of(schedules, [&](const schedule_info& s) {
               return s.queue == job.queue && s.id == run->first && s.next &&
                      to_unix_ms(*s.next) == to_unix_ms(run->second);
           });
}

void obstacle_list::examples::add(const job_key& job) {
    if (++number <= most_named)
        first.append(first.empty() ? "" : ", ").append(job.queue).append(":").append(job.id);
}

std::string obstacle_list::examples::text() const { return first + (number > most_named ? " …" : ""); }

void obstacle_list::look_at(const job_info& job, const std::optional<job_info>& same_id_in_target) {
    if (same_id_in_target && !is_same_job(job, *same_id_in_target))
        other_ids_.add({job.queue, job.id});
    if (job.id.empty())
        look_at_refusal(job, "they have no id; remove them");
}

void obstacle_list::look_at_refusal(const job_info& job, const std::string& why) {
    if (!why.empty())
        refused_[why].add({job.queue, job.id});
}

// One that has failed may be waited for all the same.
void obstacle_list::look_at_parent(const job_info& child, const std::optional<job_info>& parent) {
    const bool is_waited_for =
        !is_over(child.state) || (child.state == job_state::failed && parent && parent->children.pending > 0);
    if (parent && is_waited_for && !is_moved(parent->queue))
        torn_.add({child.queue, child.id});
}

void obstacle_list::look_at_child(const job_key& parent, const child_info& child) {
    if (child.state == child_state::pending && !moved_.contains(child.job.queue))
        torn_.add(parent);
}

std::vector<std::string> obstacle_list::sentences() const {
    std::vector<std::string> all;
    if (other_ids_.number > 0)
        all.push_back("other jobs of the target have the ids of " + std::to_string(other_ids_.number) + " jobs (" +
                      other_ids_.text() + "); remove or rename them there, or move to another prefix or file");
    for (const auto& [why, jobs] : refused_)
        all.push_back(std::to_string(jobs.number) + " jobs (" + jobs.text() + ") cannot be carried: " + why);
    if (torn_.number > 0)
        all.push_back(std::to_string(torn_.number) + " jobs (" + torn_.text() +
                      ") wait for jobs of queues that are not moved, or those for them; move those queues as well, or "
                      "let the flows end");
    return all;
}

std::vector<std::string> remarks_on(const std::vector<queue_to_move>& queues, std::string_view to) {
    std::vector<std::string> all;
    for (const auto& q : queues) {
        const auto& name = q.there.queue;
        if (q.there.active > 0)
            all.push_back("the queue \"" + name + "\" has " + std::to_string(q.there.active) +
                          " jobs that run; they are waited for");
        if (q.was_paused)
            all.push_back("the queue \"" + name + "\" is paused, and stays so in the target until it is resumed");
        if (q.there_before > 0)
            all.push_back("the target's queue \"" + name + "\" holds " + std::to_string(q.there_before) +
                          " jobs already; it is paused meanwhile, and gets the settings of the source");
        if (!q.target_moving_to.empty())
            all.push_back("the target's queue \"" + name + "\" is being moved itself, to " + q.target_moving_to +
                          "; the move will refuse");
        if (!q.moving_to.empty() && q.moving_to != to)
            all.push_back("the queue \"" + name + "\" is being moved to " + q.moving_to +
                          "; the move will refuse, unless that is given up");
    }
    return all;
}

} // namespace infra::queue
