#pragma once

// What the writer keeps in memory of the file: the queues' names and settings, how many of their jobs are in each state, the
// next numbers, and from when on jobs expire. Read again when another process has written; what changed is written back
// once for each transaction. So counts cost nothing, whatever the backlog, and a claim looks only where there is something.
//
// Invariant: within a write transaction, every count equals the number of rows; at COMMIT the tables say the same.

#include "database.hpp"
#include "flow.hpp"

#include <algorithm>
#include <array>
#include <limits>
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
        queue_flow flow{};
        std::int64_t next_expiry = std::numeric_limits<std::int64_t>::max(); ///< no job that waits expires before
        bool dirty = false;                                                  // stands in changed_
        bool flow_dirty = false;                                             // stands in flows_changed_

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
    /// One without jobs.
    void forget(database& db, std::string_view name);
    rows& all() noexcept { return rows_; }

    /// How many jobs of all queues.
    std::int64_t in(job_state s) const noexcept { return totals_[static_cast<std::size_t>(s)]; }

    /// Rise with every call, for ever: a job's own number, and what orders jobs and their leases.
    std::int64_t next_seq() noexcept { return next_seq_++; }
    std::int64_t next_number() noexcept { return next_number_++; }
    /// No later call gives it, or one below.
    void pass_seq(std::int64_t seq) noexcept { next_seq_ = std::max(next_seq_, seq + 1); }
    void pass_number(std::int64_t number) noexcept { next_number_ = std::max(next_number_, number + 1); }
    std::int64_t coming_seq() const noexcept { return next_seq_; }
    std::int64_t coming_number() const noexcept { return next_number_; }

    /// Drawn by lot when the file was made, so that no lease of a file that is gone counts in another.
    std::int64_t incarnation() const noexcept { return incarnation_; }

    /// Whether any queue has settings that limit it.
    bool limits_some() const noexcept { return limited_ > 0; }
    void set_flow(row& queue, queue_flow flow);

    /// Whether any payload lies apart from its job.
    bool has_payloads() const noexcept { return has_payloads_; }
    void payload_added() noexcept { has_payloads_ = true; }
    /// Whether any job has children.
    bool has_families() const noexcept { return has_families_; }
    void family_added() noexcept { has_families_ = true; }
    /// Whether something was left for sweep_families.
    bool has_family_left() const noexcept { return has_family_left_; }
    void set_family_left(bool some) noexcept { has_family_left_ = some; }
    /// Whether any job ever had a group.
    bool has_groups() const noexcept { return has_groups_; }
    void group_added() noexcept { has_groups_ = true; }
    /// Whether any job has log lines.
    bool has_logs() const noexcept { return has_logs_; }
    void log_added() noexcept { has_logs_ = true; }

    void added(row& queue, job_state s, std::int64_t n = 1) { change(queue, s, n); }
    void removed(row& queue, job_state s, std::int64_t n = 1) { change(queue, s, -n); }
    void moved(row& queue, job_state from, job_state to, std::int64_t n = 1) {
        removed(queue, from, n);
        added(queue, to, n);
    }

    /// From here on undo() takes back what was counted.
    void mark() noexcept;
    void undo();

private:
    struct step {
        row* queue;
        job_state state;
        std::int64_t by;
    };
    struct former_flow {
        row* queue;
        queue_flow flow;
    };

    void load_queues(database& db);
    void load_numbers(database& db);
    void save_counts(database& db);
    void save_flows(database& db);
    void change(row& queue, job_state s, std::int64_t by);
    void replace_flow(row& queue, queue_flow flow);
    void bring_back(rows::node_type gone);

    rows rows_;
    std::unordered_map<std::int64_t, row*> by_id_;
    std::array<std::int64_t, job_states> totals_{};
    std::vector<row*> changed_;       // since save()
    std::vector<row*> flows_changed_; // since save()
    std::size_t limited_ = 0;
    std::int64_t next_seq_ = 1;
    std::int64_t next_number_ = 1;
    std::pair<std::int64_t, std::int64_t> saved_numbers_{};
    std::int64_t incarnation_ = 0;
    bool has_payloads_ = false;
    bool has_logs_ = false;
    bool has_families_ = false;
    bool has_family_left_ = false;
    bool has_groups_ = false;
    bool saved_groups_ = false;
    std::vector<step> steps_;           // since mark()
    std::vector<std::string> made_;     // since mark()
    std::vector<former_flow> flows_;    // since mark()
    std::vector<rows::node_type> gone_; // since mark()
};

} // namespace infra::queue::sqlite
