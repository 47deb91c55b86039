#pragma once

// SQLite's handle: opening, prepared statements, and errors as sentences. Knows nothing of jobs.
//
// One thread at a time. SQL texts are string literals: a prepared statement is found again by its address.

#include "log_writes.hpp"

#include <infra/queue/error.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace infra::queue::sqlite {

/// What a SQLite result code means to who uses the queue.
error make_error(int code, int system_errno, std::string_view message, const std::filesystem::path& file);

struct connection_deleter {
    bool is_ours = true;
    void operator()(sqlite3* db) const noexcept;
};

/// Which file it is, whatever its name. Nobody else is given these numbers while it is open.
struct file_identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    friend bool operator==(const file_identity&, const file_identity&) = default;
};

class database {
public:
    /// Called while another process holds the lock; false gives up.
    using busy_policy = bool (*)(void* context, int tries);

    enum class opening { make, existing };

    /// Opens the file, or makes it, with its folder. Throws infra::error.
    explicit database(std::filesystem::path file, opening how = opening::make);
    /// A connection that is somebody else's, who closes it later.
    explicit database(sqlite3* theirs);
    ~database();
    database(const database&) = delete;
    database& operator=(const database&) = delete;

    void set_busy_policy(busy_policy policy, void* context);

    /// One or more statements without results.
    void execute(const char* sql);

    /// True between a BEGIN and its end; also tells whether a failure has rolled everything back.
    bool in_transaction() const noexcept;

    /// True if the file that is open is no longer the one at its path.
    bool has_moved() const noexcept;

    /// Empty if the file that is open is no longer the one at its path.
    std::optional<file_identity> identity() const noexcept;

    std::int64_t changes() const noexcept; ///< of the last statement

    /// COMMIT. Once the log was attached, with one write to it.
    void commit();
    void attach_log();
    /// As log_writes::on_end(). Once the log was attached.
    void on_logged(std::function<void()> call) { log_.on_end(std::move(call)); }

    /// From now on `*pages` is how long the log was after this connection's last COMMIT, and no COMMIT copies it.
    void watch_log(int* pages);
    /// Copies of the log into the file what nobody needs to read there, and waits for nobody. False if others are doing that.
    bool checkpoint();
    /// Has the disk keep what was copied so far.
    void sync();
    /// Ends a checkpoint() of another thread's.
    void interrupt() noexcept;

    const std::filesystem::path& file() const noexcept { return file_; }
    /// Where its write-ahead log is: not beside a link to it.
    std::filesystem::path log_file() const;

    /// Throws what `code` means.
    [[noreturn]] void fail(int code) const;

private:
    friend class query;
    sqlite3_stmt* prepared(const char* literal);

    struct finalize {
        void operator()(sqlite3_stmt* s) const noexcept;
    };

    std::filesystem::path file_;
    std::pair<busy_policy, void*> busy_{};
    log_writes log_;
    std::unique_ptr<sqlite3, connection_deleter> db_;
    std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, finalize>> statements_;
};

/// Bytes that are no text.
struct blob_view {
    const void* data = nullptr;
    std::size_t size = 0;
};

/// One use of a prepared statement. Texts that are bound must live until it is gone.
///
///     query q(db, "SELECT name FROM pets WHERE age > ?1");
///     q.bind(3);
///     while (q.step()) use(q.text(0));
class query {
public:
    query(database& db, const char* literal) : db_(db), statement_(db.prepared(literal)) {}
    ~query();
    query(const query&) = delete;
    query& operator=(const query&) = delete;

    /// From ?1 on. An empty optional is NULL.
    template <class... Values>
    query& bind(const Values&... values) {
        int index = 0;
        (bind_at(++index, values), ...);
        return *this;
    }

    /// True: there is a row. Throws infra::error.
    bool step();
    /// For statements without rows. May be bound and run again.
    void run() {
        while (step()) {
        }
        reset();
    }
    void reset() noexcept;

    bool is_null(int column) const noexcept;
    std::int64_t integer(int column) const noexcept;
    double real(int column) const noexcept;
    std::string text(int column) const { return std::string(view(column)); }
    std::string_view view(int column) const; ///< until the next step
    blob_view blob(int column) const;        ///< until the next step
    std::optional<std::int64_t> maybe_integer(int column) const {
        return is_null(column) ? std::nullopt : std::optional(integer(column));
    }

    /// What was read cannot be.
    [[noreturn]] void fail_corrupt() const;

private:
    template <std::integral I>
    void bind_at(int index, I value) {
        bind_int64(index, static_cast<std::int64_t>(value));
    }
    void bind_int64(int index, std::int64_t value);
    void bind_at(int index, double value);
    void bind_at(int index, std::string_view value);
    void bind_at(int index, blob_view value);
    void bind_null(int index);
    template <class T>
    void bind_at(int index, const std::optional<T>& value) {
        value ? bind_at(index, *value) : bind_null(index);
    }

    database& db_;
    sqlite3_stmt* statement_;
};

/// As it is bound: an empty text is NULL.
inline std::optional<std::string_view> non_empty(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

} // namespace infra::queue::sqlite
