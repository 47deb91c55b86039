#pragma once

// The two ends of a move, and how its source is read: in pages, so that no more than one is in memory.

#include <infra/queue/move.hpp>

namespace infra::queue {

transferable_store& transferable(const std::shared_ptr<backend>& stored);

job_key key_of(const job_info& job);
std::vector<job_key> keys_of(const std::vector<job_info>& jobs);

/// Children that are read together.
inline constexpr std::size_t children_of_a_page = 1000;

struct route {
    std::shared_ptr<backend> from;
    std::shared_ptr<backend> to;
    std::vector<schedule_info> schedules{}; ///< of the source, whose pending runs are carried with them

    /// The next jobs of a queue, but for pending runs; moves the cursor on. Empty and over: that was all.
    awaitable<std::vector<job_info>> next_jobs(std::string queue, std::size_t most, std::string& cursor,
                                               bool& is_over) const;
};

awaitable<std::vector<schedule_info>> schedules_of(std::shared_ptr<backend> from, std::vector<std::string> queues);

} // namespace infra::queue
