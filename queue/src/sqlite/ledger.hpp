#pragma once

// What the writer keeps in memory of the file: the queues' names, how many of their jobs are in each state, and the next
// number. Read again when another process has written; what changed is written back once for each transaction. So counts
// cost nothing, whatever the backlog, and a claim looks only into queues that have something.
//
// Invariant: within a write transaction, every count equals the number of rows; at COMMIT the tables say the same.

#include "database.hpp"

#include <infra/queue/options.hpp>

#include <array>
#include <map>
#include <unordered_map>
#include <vector>

namespace infra::queue::sqlite {

class ledger {
public:
    struct row {
        std::int64_t id = 0;
        std::string name{};
        std::array<std::int64_t, job_states> jobs{};
        bool dirty = false; // stands in changed_

        std::int64_t in(job_state s) const noexcept { return jobs[static_cast<std::size_t>(s)]; }
    };
    using rows = std::map<std::string, row, std::less<>>;

    void load(database& db);
    void save(database& db);

    /// Null if there is no such queue.
    row* find(std::string_view name) noexcept;
    row& find(std::int64_t id) { return *by_id_.at(id); }
    /// Makes it if there is none.
    row& get(database& db, std::string_view name);
    rows& all() noexcept { return rows_; }

    /// Rises with every call, for ever: what orders jobs, and their row's number.
    std::int64_t next_number() noexcept { return next_number_++; }

    void added(row& queue, job_state s) { change(queue, s, +1); }
    void removed(row& queue, job_state s) { change(queue, s, -1); }
    void moved(row& queue, job_state from, job_state to) {
        removed(queue, from);
        added(queue, to);
    }

    /// From here on undo() takes back what was counted.
    void mark() noexcept;
    void undo();

private:
    struct step {
        row* queue;
        job_state state;
        int by;
    };

    void change(row& queue, job_state s, int by);

    rows rows_;
    std::unordered_map<std::int64_t, row*> by_id_;
    std::vector<row*> changed_; // since save()
    std::int64_t next_number_ = 1;
    std::int64_t saved_number_ = 1;
    std::vector<step> steps_;       // since mark()
    std::vector<std::string> made_; // since mark()
};

} // namespace infra::queue::sqlite
