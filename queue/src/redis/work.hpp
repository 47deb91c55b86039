#pragma once

// Jobs that have ended, of any queues of a slot, and others that are taken: the call of scripts/work.lua, and its answer.
//
//     auto call = call_work("bull", {.now = now, .token = token, .queues = {"mail"}, .most = 5, .ended = ended});
//     auto done = read_work(call, co_await redis.execute(call.command));

#include "job_hash.hpp"
#include "keys.hpp"
#include "minutes.hpp"
#include "receipts.hpp"

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
    /// It ran for the first time, has an id that the server gave, no parent and no slot: its end, unless it was marked since, heeds
    /// nothing that its hash says. Others may have got a parent as they ran, by being added once more.
    bool is_plain = false;
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
    std::string worker{}; ///< what BullMQ shows as who processed it; empty: nothing
    std::vector<std::string>
        queues{};         ///< are taken from, in shares that differ by one at most: of the first, the larger ones
    std::size_t most = 0; ///< to take
    std::size_t minutes = most_minutes;        ///< of history that are kept; 0: none is recorded
    std::optional<wall_time> expired_before{}; ///< leases that ended by then are over; empty: by `now`
    int max_stalls = 1;                        ///< beyond which a job fails, with whoever takes it
    std::vector<ended_job> ended{};            ///< at most 1000
    receipt as{};
    bool has_looked =
        false; ///< the call before, a moment ago, for what is due: this one need not while there is enough to take
    bool is_counted = false; ///< the call before counted ends of this minute
};

struct work_call {
    redis::command command;
    std::vector<std::string> queues{}; ///< by the numbers that the answer has for them
    std::vector<std::size_t> order{};  ///< places in work_request::ended, in the order in which they are sent
};
work_call call_work(std::string_view prefix, const work_request& request);

struct work_done {
    std::vector<bool> recorded{}; ///< of each that ended: its lock was there
    std::vector<stored_job> taken{};
    std::vector<job_key> unread{};    ///< were taken as well, many of one queue: read_taken says what they are
    std::vector<job_key> rescued{};   ///< their lock had gone; they wait again, in front
    std::vector<job_key> expired{};   ///< were not started in time, and have failed
    std::optional<wall_time> again{}; ///< when something is due next; empty: nothing is
    bool has_looked = true;           ///< false: `again` is as it was
};
work_done read_work(const work_call& of, redis::reply answer);

/// What was taken unread: the commands that ask for it, and their answers. Those of which somebody took the hash away are left out.
redis::batch read_commands(std::string_view prefix, const std::vector<job_key>& unread);
std::vector<stored_job> read_taken(std::vector<job_key> unread, std::vector<redis::reply> answers);

} // namespace infra::queue::redis_backend
