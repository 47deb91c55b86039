#pragma once

// Jobs of one queue that have ended, and others that are taken: the call of scripts/work.lua, and its answer.

#include "job_hash.hpp"
#include "keys.hpp"
#include "minutes.hpp"

#include <infra/queue/backend.hpp>
#include <infra/redis.hpp>

#include <optional>
#include <string>
#include <vector>

namespace infra::queue::redis_backend {

/// What is remembered here of a job while it runs, so that its end needs no look at its hash.
struct held_job {
    job_options options{};
    int attempts_made = 0; ///< before this one
    std::vector<std::string> traces{};
    std::size_t keep_traces = max_job_errors;
    bool has_group = false;
};
held_job remember(const stored_job& job);

struct ended_job {
    outcome end{};
    held_job of{};
};

struct work_request {
    wall_time now{};
    std::string token{}; ///< of those that are taken
    std::chrono::milliseconds lease{30'000};
    std::string worker{};               ///< what BullMQ shows as who processed it; empty: nothing
    std::size_t most = 0;               ///< to take
    std::size_t minutes = most_minutes; ///< of history that are kept; 0: none is recorded
    std::vector<ended_job> ended{};
};

struct work_done {
    std::vector<bool> recorded{}; ///< of each that ended: its lock was there
    std::vector<stored_job> taken{};
    std::optional<wall_time> again{}; ///< when something is due next; empty: nothing is
};

redis::command work_command(const queue_keys& in, const work_request& request);
work_done read_work(const std::string& queue, redis::reply answer);

} // namespace infra::queue::redis_backend
