#pragma once

// What stands against a move, found from facts that were read: pure, so that it is told before anything is changed.

#include <infra/queue/move.hpp>

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

    void look_at(const job_info& job, const std::optional<job_info>& same_id_in_target);
    /// `child`: of a job that is to be moved.
    void look_at_child(const job_key& parent, const child_info& child);

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
};

/// Of queues that are to be moved.
std::vector<std::string> remarks_on(const std::vector<queue_to_move>& queues);

} // namespace infra::queue
