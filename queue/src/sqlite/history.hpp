#pragma once

// How many jobs ended in which minute: counted in memory, and added to the table once for each transaction.

#include "database.hpp"

#include <infra/queue/operations.hpp>

#include <unordered_map>
#include <vector>

namespace infra::queue::sqlite {

class minute_tally {
public:
    void add(std::int64_t queue, job_state as, wall_time at);

    void save(database& db);
    /// What was not saved was undone.
    void clear() noexcept { ends_.clear(); }

private:
    struct ends {
        std::int64_t queue = 0;
        std::int64_t minute = 0; // its beginning, in Unix milliseconds
        std::int64_t completed = 0;
        std::int64_t failed = 0;
    };

    void forget_old(database& db, const ends& latest);

    std::vector<ends> ends_;                                // since save()
    std::unordered_map<std::int64_t, std::int64_t> pruned_; // by queue: the minute in which old ones were forgotten
};

} // namespace infra::queue::sqlite
