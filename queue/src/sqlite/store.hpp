#pragma once

// The open file with its ledger, and its transactions.

#include "attendance.hpp"
#include "ends.hpp"
#include "events.hpp"
#include "finish_order.hpp"
#include "history.hpp"
#include "job_ends.hpp"
#include "kinds.hpp"
#include "leases.hpp"
#include "ledger.hpp"
#include "log_keeper.hpp"
#include "presence.hpp"
#include "side_work.hpp"
#include "waiting_line.hpp"

#include <infra/queue/backend.hpp>
#include <infra/queue/sqlite.hpp>

#include <algorithm>
#include <atomic>

namespace infra::queue::sqlite {

/// What an operation does to the file, from least to most.
enum class access {
    read,
    write,         ///< may be undone by a power cut: claims, renewals. Then the worker is gone as well.
    write_durably, ///< under durability::full, is on the disk when it is acknowledged
};

/// Where a waiting job stands.
struct standing {
    std::int64_t priority = 0;
    std::int64_t place = 0;
    std::int64_t seq = 0;
    std::optional<std::int64_t> expires_at{};
};

/// A job that came in this transaction and may leave in it: it need not be put in line first. It does not expire.
struct fresh_job {
    ledger::row* queue = nullptr;
    standing where{};
    claimed_job job{};
    bool is_deduplicated = false;
};

class store {
public:
    /// Opens the file. `give_up` ends a wait for another process's lock; `alive` says that this process lives, also while the
    /// file is opened anew.
    store(const sqlite_options& options, const std::atomic<bool>& give_up, presence& alive,
          const side_work_limits& limits = {});

    const sqlite_options& options() const noexcept { return options_; }

    /// On somebody else's connection.
    store(sqlite3* theirs, const sqlite_options& options, presence& living);

    /// Between them a part of somebody else's transaction, all or nothing. Everything is read anew: what became of earlier
    /// ones is not told.
    void join();
    void leave();
    void leave_undone() noexcept;

    void begin(access needed);
    void commit();
    void rollback() noexcept;
    void end_reading();
    /// Between transactions, after one that wrote: sees to it that the write-ahead log does not grow for ever.
    void tend_log();
    bool may_write() const noexcept { return needed_ != access::read; }

    /// Between them one operation of several in a transaction.
    void begin_part();
    void end_part();
    void undo_part(); ///< only while in_transaction()

    bool in_transaction() const noexcept { return db.in_transaction(); }
    bool has_moved() const noexcept { return db.has_moved(); }

    /// Throws errc::unavailable beyond sqlite_options::max_file_bytes. For operations that add, at their end.
    void refuse_if_too_large();

    /// Looks whether another process has written, as begin() does.
    void look_for_others();
    /// True once for each time they had.
    bool take_others_wrote() noexcept { return std::exchange(others_wrote_, false); }

    /// True once this transaction may have brought something for those who wait.
    bool brought_work = false;
    /// For those who wait, when they are tried again: another process may have brought it.
    bool look_at_all = false;

    /// Set when claims follow in this transaction: what comes is kept in `fresh`, until put_in_line() or COMMIT.
    bool claims_follow = false;
    std::vector<fresh_job> fresh;
    void put_in_line();
    void put_in_line(const ledger::row& queue, const standing& where);

    /// What ended, by what is to be kept of it.
    struct retention {
        ledger::row* queue = nullptr;
        job_state state = job_state::completed;
        keep kept{};
        wall_time now{};
        std::int64_t ended = 0;
    };
    /// Whether retain() may wait for others like it: then it is the same as if each were carried out at once.
    bool may_retain_together(const ledger::row& queue, job_state state, const keep& kept, wall_time now) const noexcept;
    void retain(const retention& of);
    /// Carries out what waits: at COMMIT, and before anybody looks.
    void forget_beyond_kept();

    const side_work_limits side_work{};
    /// Takes so many of the units that are left of this transaction's, or as many as there are.
    std::int64_t take_side_work(std::int64_t units) noexcept {
        units = std::min(units, side_work_left_);
        side_work_left_ -= units;
        return units;
    }
    bool has_time_for_side_work() const noexcept { return side_work_left_ > 0; }
    void leave_families_to_claims() noexcept {
        queues.set_family_left(true);
        brought_work = true; // for one that waits
    }

    database db;
    ledger queues;
    lease_book leases;
    job_ends ended;
    finish_order order;
    waiting_line line;
    kind_table kinds;
    event_log events;
    minute_tally minutes;
    end_watch ends;
    std::uint64_t turns = 0;                                   ///< of queues being served, so far
    std::unordered_map<std::int64_t, std::uint64_t> last_turn; ///< by queue

    // For dead.cpp:
    presence& alive;
    std::optional<std::int64_t> number; ///< that this process has locked
    bool number_written = false;
    std::vector<std::int64_t> dead; ///< of processes that are gone
    std::chrono::steady_clock::time_point next_look_for_dead{};

    attendance here{alive};

private:
    void load();
    void save(); // all that is in memory and not in the file
    void save_all_but_counts();
    static bool wait_for_lock(void* self, int tries);
    void set_synchronous(bool full);
    void forget_last_transaction();

    const sqlite_options& options_;
    std::optional<log_keeper> log_; // not of another's connection
    std::vector<retention> retentions_;
    const std::atomic<bool>* give_up_ = nullptr;
    std::chrono::steady_clock::time_point waiting_since_{};
    std::optional<bool> full_;
    std::int64_t data_version_ = 0;
    access needed_ = access::read;
    bool others_wrote_ = false;
    bool stale_ = true; // the ledger is to be read again
    std::int64_t side_work_left_ = 0;
};

} // namespace infra::queue::sqlite
