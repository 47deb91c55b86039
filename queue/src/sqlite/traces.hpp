#pragma once

// What is noted on the side when something happens to a job: events for those who follow, the history, and the end for
// those who wait for it. Each costs next to nothing where nobody does.

#include "store.hpp"

#include <string_view>

namespace infra::queue::sqlite {

/// An event, if somebody follows.
void record(store& s, const ledger::row& queue, job_event::kind what, std::string_view id, wall_time at,
            std::string_view data = {});

/// A job that is over, once its row says so.
struct ended_job {
    std::int64_t seq = 0;
    std::string_view id{};
    job_state state = job_state::completed;
    wall_time at{};
    std::string_view told{}; ///< its result, or why it failed
};
void note_end(store& s, const ledger::row& queue, const ended_job& job);

/// A job that was not over, and is forgotten.
void note_removal(store& s, std::int64_t seq);

/// Forgets what was told about a job.
void forget_logs(store& s, std::int64_t seq);

/// Forgets events and history of a queue that is to be forgotten.
void forget_traces(store& s, const ledger::row& queue);

/// The number in a cursor that `events` gave.
std::uint64_t event_number(std::string_view cursor, std::uint64_t without) noexcept;

} // namespace infra::queue::sqlite
