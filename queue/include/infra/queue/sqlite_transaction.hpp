#pragma once

/// The queue inside a transaction of your own, on the same file: jobs that exist if and only if what you wrote does, and a
/// job that is done if and only if what its handler wrote is. Link infra::queue_sqlite.
///
///     exec(db, "BEGIN IMMEDIATE");                                  // a connection of yours to the queue's file
///     exec(db, "INSERT INTO orders …");
///     infra::queue::sqlite_transaction jobs(db);
///     jobs.enqueue(send_receipt, {.order = 17});
///     exec(db, "COMMIT");                                           // both, or neither
///
/// In a handler, an effect that happens exactly once:
///
///     exec(db, "BEGIN IMMEDIATE");
///     exec(db, "UPDATE accounts SET …");
///     infra::queue::sqlite_transaction(db).complete(context);       // throws if another worker has the job: roll back
///     exec(db, "COMMIT");

#include <infra/queue.hpp>

#include <memory>
#include <type_traits>
#include <vector>

struct sqlite3;

namespace infra::queue {

namespace sqlite {
class joined_backend;
}

/// What it does is done when your transaction commits, and undone when that is rolled back; each call is all or nothing
/// within it. Nothing suspends or waits, but for the connection's own busy handler, when the first call takes the write lock.
///
/// As long as your transaction is open it holds the file's one write lock: workers and `enqueue` of all processes wait for it, at
/// most sqlite_options::busy_timeout. So keep it short, and await nothing in it. Workers of this process notice what came
/// within sqlite_options::poll of the COMMIT, as they do with what other processes add.
///
/// Threads:  one at a time, with the connection.
/// Errors:   infra::error with infra::errc::invalid_state when no transaction is open; errc::unavailable when the lock is not
///           to be had, or others have written since a plain BEGIN first read (hence IMMEDIATE); those of queue::enqueue. SQLite
///           may have rolled back all of your transaction when the disk is full (sqlite3_get_autocommit tells).
/// Lifetime: `db` must be open and outlive it. One may be kept as long as the connection: its statements are then prepared
///           once. It keeps nothing of the file between calls, so that a rollback is safe at any time.
///
/// What a COMMIT survives is up to your connection: `PRAGMA synchronous = FULL` for power cuts, in WAL mode; NORMAL otherwise.
class sqlite_transaction {
public:
    /// `like`: whose definitions, options and clock apply. Its storage is not touched.
    explicit sqlite_transaction(sqlite3* db, queue like);
    explicit sqlite_transaction(sqlite3* db) : sqlite_transaction(db, default_queue()) {}
    ~sqlite_transaction();
    sqlite_transaction(const sqlite_transaction&) = delete;
    sqlite_transaction& operator=(const sqlite_transaction&) = delete;

    /// As queue::enqueue. `wait_for_room` counts as unset: no room comes while the transaction is open.
    template <class T>
    job_id enqueue(const job<T>& to, const std::type_identity_t<T>& data, enqueue_options options = {}) {
        options.wait_for_room.reset();
        return run(inside_.enqueue(to, data, std::move(options)));
    }
    template <class T = json::value>
    job_id enqueue(std::string_view name, const T& data, enqueue_options options = {}) {
        options.wait_for_room.reset();
        return run(inside_.enqueue(name, data, std::move(options)));
    }
    template <class T>
    std::vector<job_id> enqueue_bulk(const job<T>& to, const std::vector<std::type_identity_t<T>>& data,
                                     enqueue_options options = {}) {
        options.wait_for_room.reset();
        return run(inside_.enqueue_bulk(to, data, std::move(options)));
    }

    /// As queue::enqueue_flow: all of it, or nothing.
    job_id enqueue_flow(flow what);
    /// As queue::enqueue_children, of the job in the handler's hands: it has them if what it wrote is there. Whether to wait for
    /// them the handler says as ever, when it returns.
    void enqueue_children(const job_context& of, std::vector<flow> children,
                          child_failure on_failure = child_failure::fail_parent);

    /// Ends the job in the handler's hands. What the handler returns or throws after the COMMIT changes nothing any more; if the
    /// transaction is rolled back it is as if this had not been called. Throws errc::lease_lost when the job is somebody
    /// else's by now, or over: roll back, and nothing of this run remains. Throws infra::errc::invalid_state, and has done
    /// nothing, while children of its own are pending or one has failed it.
    void complete(job_context& context) { complete_with(context, {}); }
    template <class T>
    void complete(job_context& context, const T& result) {
        complete_with(context, json::to_text(result));
    }

private:
    class runner;
    template <class T>
    T run(awaitable<T> operation);
    void complete_with(job_context& context, std::string result);

    std::unique_ptr<runner> runner_;
    std::shared_ptr<sqlite::joined_backend> stored_;
    queue inside_;
    clock& time_;
};

} // namespace infra::queue
