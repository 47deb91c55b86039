#pragma once

// How finished jobs ended. A job's row is not written again when it ends, unless there is something to tell: what every end has
// in common stands here, in blocks of jobs whose numbers are neighbours, which end at about the same time. Blocks that were
// read or written stay in memory for a while; what changed is written once for each transaction.

#include "packed.hpp"

#include <infra/queue/job.hpp>

#include <unordered_map>
#include <vector>

namespace infra::queue::sqlite {

/// Stands in the file as it is here.
struct job_end {
    std::int64_t seq = 0;
    std::int64_t number = 0;     ///< its place in the order of finishing
    std::int64_t fence = 0;      ///< of its last run; 0: it ended without one, and its row tells of those before
    std::int64_t started_at = 0; ///< of its last run
    std::int64_t finished_at = 0;
    std::int64_t marks = 0;

    static constexpr std::int64_t failed = 1;
    static constexpr std::int64_t counts = 2; ///< its last run is an attempt, which its row does not count
    job_state state() const noexcept { return (marks & failed) != 0 ? job_state::failed : job_state::completed; }
    int attempts() const noexcept { return (marks & counts) != 0 ? 1 : 0; }
};

class job_ends {
public:
    /// Null if the job is not over. Until the next change.
    const job_end* find(database& db, std::int64_t seq);
    void add(database& db, const job_end& end);
    void remove(database& db, std::int64_t seq); ///< if it is there

    void save(database& db);
    /// What is in memory: it was undone, or another process has written.
    void forget() noexcept;
    std::size_t blocks_in_memory() const noexcept { return blocks_.size(); }

private:
    struct block {
        std::vector<job_end> jobs{};
        bool is_stored = false;
        bool is_changed = false;
    };

    block& block_of(database& db, std::int64_t seq);
    void changed(std::int64_t number, block& b);
    void save_block(database& db, std::int64_t number, block& b);

    std::unordered_map<std::int64_t, block> blocks_;
    std::vector<std::int64_t> changed_; // since save()
};

} // namespace infra::queue::sqlite
