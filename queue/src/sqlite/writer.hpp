#pragma once

// The one thread that uses the file: it takes all operations that wait and performs them in one transaction, so that they
// share its fsync. One that fails is undone alone.

#include "store.hpp"

#include <infra/queue/arrivals.hpp>
#include <infra/runtime/promise.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace infra::queue::sqlite {

/// Something to do in a transaction. perform() may be called again after the transaction of a first time was lost.
class operation {
public:
    operation(access what, std::size_t payload_bytes, bool always)
        : needed(what), bytes(payload_bytes), urgent(always) {}
    virtual ~operation() = default;
    virtual void perform(store& s) = 0;
    virtual void succeed() noexcept = 0;
    virtual void fail(std::exception_ptr why) noexcept = 0;

    const access needed;
    const std::size_t bytes; ///< counted against sqlite_options::max_waiting_bytes
    const bool urgent;       ///< never refused for want of room: a worker's
};

/// Threads:  post(), stop() and arrived() from any thread. Lifetime: cold until the first post(); destruction abandons and
///           joins the thread, which may be in the middle of a transaction.
class writer {
public:
    explicit writer(sqlite_options options);
    ~writer();
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    /// Throws infra::errc::closed or overloaded.
    void post(std::unique_ptr<operation> work);

    /// Takes no more. `drained` is told once what waits is done and the file closed.
    void stop(const promise<void>& drained);
    /// Takes no more, fails what still waits with infra::errc::closed, and waits for no lock.
    void abandon() noexcept;

    const std::shared_ptr<arrivals>& arrived() const noexcept { return arrivals_; }
    const sqlite_options& options() const noexcept { return options_; }

private:
    using batch = std::vector<std::unique_ptr<operation>>;

    void work();
    batch next_batch();
    void look_for_others();
    void perform(batch& all);
    bool perform_together(batch& all);
    void begin(const std::unique_ptr<operation>& most_demanding);
    void perform_part(operation& one, bool alone, std::exception_ptr& failure);
    void open();
    void drop_if_broken(const std::exception_ptr& why);
    void end();

    const sqlite_options options_;
    const std::shared_ptr<arrivals> arrivals_;
    std::atomic<bool> hurry_{false};

    std::mutex mutex_;
    std::condition_variable changed_;
    batch waiting_;                   // guarded by mutex_
    std::size_t waiting_bytes_ = 0;   // guarded by mutex_
    bool stopping_ = false;           // guarded by mutex_
    bool ended_ = false;              // guarded by mutex_
    std::vector<promise<void>> told_; // guarded by mutex_
    std::thread thread_;              // guarded by mutex_

    std::optional<store> store_; // the thread's own
};

} // namespace infra::queue::sqlite
