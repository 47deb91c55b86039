#pragma once

// A schedule as its row says it.

#include "store.hpp"

#include <infra/queue/schedules.hpp>

namespace infra::queue::sqlite {

struct stored_schedule {
    std::int64_t queue = 0;
    std::string id{};
    std::string recurrence{}; ///< when, as JSON; two that are the same have the same text
    std::string name{};
    std::string data{};
    std::string options{}; ///< as a kind's
    int priority = 0;
    std::int64_t runs = 0;
    std::optional<std::int64_t> next{}; ///< in Unix milliseconds, as all below
    std::optional<std::int64_t> last{};
    std::int64_t defined_at = 0;
    std::optional<std::int64_t> paused_since{};
};

stored_schedule to_stored(const new_schedule& asked);
/// Without `pending`. Throws errc::corrupt, naming the file.
schedule_info to_info(store& s, const std::string& queue, const stored_schedule& stored);

/// Whether both make the same jobs.
bool is_same_work(const stored_schedule& a, const stored_schedule& b);

std::optional<stored_schedule> read_schedule(store& s, std::int64_t queue, std::string_view id);
/// By queue, then by id; null: of all.
std::vector<stored_schedule> read_schedules(store& s, const ledger::row* queue);
/// In place of one that is there, which keeps its runs, its last time and its pause.
void write_schedule(store& s, std::int64_t queue, const stored_schedule& schedule);

} // namespace infra::queue::sqlite
