#pragma once

// What stands against a move, found from facts that were read: pure, so that it is told before anything is changed.

#include <infra/queue/move.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace infra::queue {

using moved_names = std::set<std::string, std::less<>>;

/// Whether both are the same job, seen in two storages.
bool is_same_job(const job_info& one, const job_info& other);

/// The pending run of a schedule, which is restored with that.
bool is_pending_run(const job_info& job, const std::vector<schedule_info>& schedules);

/// Collects what stands against it, and names the first few of many.
class obstacle_list {
public:
    explicit obstacle_list(moved_names moved) : moved_(std::move(moved)) {}

    bool is_moved(std::string_view queue) const { return moved_.contains(queue); }

    void look_at(const job_info& job, const std::optional<job_info>& same_id_in_target);
    /// `why`: the target cannot have it; empty: it can.
    void look_at_refusal(const job_info& job, const std::string& why);
    /// `child`: of a job that is to be moved.
    void look_at_child(const job_key& parent, const child_info& child);
    /// `parent`: of a job that is to be moved; empty: nothing is known of it.
    void look_at_parent(const job_info& child, const std::optional<job_info>& parent);

    std::vector<std::string> sentences() const;

private:
    struct examples {
        std::size_t number = 0;
        std::string first{};
        void add(const job_key& job);
        std::string text() const;
    };

    moved_names moved_;
    examples other_ids_, torn_;
    std::map<std::string, examples> refused_; // by the reason
};

/// Of queues that are to be moved there.
std::vector<std::string> remarks_on(const std::vector<queue_to_move>& queues, std::string_view to);

} // namespace infra::queue
