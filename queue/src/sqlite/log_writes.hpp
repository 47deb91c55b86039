#pragma once

// What a COMMIT adds to the write-ahead log, in few writes. SQLite makes two for each page, which costs about a sixth of what
// there is to do for a job.

#include <sqlite3.h>

#include <functional>
#include <utility>
#include <vector>

namespace infra::queue::sqlite {

/// Stands between a connection and its log. During a COMMIT it holds back the frames that are appended, and writes them with
/// the one that ends the transaction, whose failure is that of all. Nobody misses them: only thereafter does SQLite tell
/// others, or sync.
///
///     log_writes log;              // lives longer than the connection
///     log.attach(connection);      // in WAL mode
///     const log_writes::together one(log);
///     sqlite3_step(commit);
class log_writes {
public:
    log_writes() = default;
    log_writes(const log_writes&) = delete;
    log_writes& operator=(const log_writes&) = delete;

    /// Once. If the log is not open it does nothing, nor does `together` then.
    void attach(sqlite3* connection);

    /// Called when all of a transaction is in the log, while nobody else can write to it. Not for each, but for nearly all.
    void on_end(std::function<void()> call) { on_end_ = std::move(call); }

    /// Around a COMMIT. What a failed one has held back is forgotten.
    class together {
    public:
        explicit together(log_writes& log) noexcept : log_(log) { log_.holds_back_ = true; }
        ~together() {
            log_.holds_back_ = false;
            log_.forget_held();
        }
        together(const together&) = delete;
        together& operator=(const together&) = delete;

    private:
        log_writes& log_;
    };

private:
    /// What the open log has instead of its own.
    struct methods : sqlite3_io_methods {
        log_writes* owner = nullptr;
    };

    static log_writes& of(sqlite3_file* log) noexcept;
    static int write(sqlite3_file* log, const void* bytes, int size, sqlite3_int64 at) noexcept;
    static int read(sqlite3_file* log, void* to, int size, sqlite3_int64 at) noexcept;
    static int sync(sqlite3_file* log, int flags) noexcept;

    bool hold_back(const void* bytes, int size, sqlite3_int64 at) noexcept;
    int write_frames(sqlite3_file* log) noexcept; // those that are held back
    int write_held(sqlite3_file* log) noexcept;
    void forget_held() noexcept;

    methods ours_{};
    const sqlite3_io_methods* theirs_ = nullptr;
    bool holds_back_ = false;
    bool is_last_ = false;   // the frame under way ends its transaction
    sqlite3_int64 end_ = -1; // of what was appended last, held back or not; -1: of nothing
    std::vector<char> held_; // up to end_
    std::function<void()> on_end_;
};

} // namespace infra::queue::sqlite
