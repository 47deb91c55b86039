#pragma once

// The one thread that uses the file: it takes all operations that wait and performs them in one transaction, so that they
// share its fsync. One that fails is undone alone. A claim that finds nothing is parked, and tried again at the end of each
// transaction that may have brought it something: so there is one commit, and one wake-up, from a job to its handler.

#include "../completion.hpp"
#include "log_watch.hpp"
#include "look_plan.hpp"
#include "store.hpp"

#include <infra/runtime/promise.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace infra::queue::sqlite {

/// Something to do in a transaction. perform() may be called again after the transaction of a first time was lost.
/// Completed, it was done, or it has failed.
class operation : public completion {
public:
    operation(const executor& ex, access what, std::size_t payload_bytes, bool always)
        : completion(ex), needed(what), bytes(payload_bytes), urgent(always) {}
    virtual void perform(store& s) = 0;

    /// True: it takes what others bring, and so goes behind them.
    virtual bool is_claim() const noexcept { return false; }

    /// True, after perform(): it waits for more to come, and is neither done nor failed.
    virtual bool waits() const noexcept { return false; }
    /// Whether try_again() would be for something. May read only.
    virtual bool may_go_on(store&) { return false; }
    virtual void try_again(store& s) { perform(s); }
    /// The transaction of a try_again() was lost: what that found is not there, and it waits as before.
    virtual void take_back() {}
    /// True: it takes nothing, and sees what the others of a transaction did.
    virtual bool watches() const noexcept { return false; }

    const access needed;
    const std::size_t bytes; ///< counted against sqlite_options::max_waiting_bytes
    const bool urgent;       ///< never refused for want of room: a worker's

private:
    friend class writer;
    std::uint64_t ticket_ = 0;
};

/// Threads:  post(), withdraw() and stop() from any thread. Lifetime: cold until the first post(); destruction abandons and
///           joins the thread, which may be in the middle of a transaction.
class writer {
public:
    explicit writer(sqlite_options options, const side_work_limits& side_work = {});
    ~writer();
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    /// Throws infra::errc::closed or overloaded. A number for withdraw().
    std::uint64_t post(std::shared_ptr<operation> work);

    /// Fails one that has not begun, or waits, with operation_aborted: at once, or when the thread has it out of its hands.
    void withdraw(std::uint64_t ticket) noexcept;

    /// Takes no more. `drained` is told once what waits is done and the file closed.
    void stop(const promise<void>& drained);
    /// Takes no more, fails what still waits with infra::errc::closed, and waits for no lock.
    void abandon() noexcept;

    const sqlite_options& options() const noexcept { return options_; }

private:
    using batch = std::vector<std::shared_ptr<operation>>;
    enum class undo { everything, parts }; // when one operation of several fails

    void wake(bool watches) noexcept;
    void work();
    batch next_batch();
    bool sleep(std::unique_lock<std::mutex>& lock);
    batch take_some();
    batch take_parked();
    void park(batch all);
    std::shared_ptr<operation> take(std::uint64_t ticket); // with mutex_
    void look_for_others();
    bool offer_to_parked();
    std::optional<bool> others_brought_work(const batch& parked);
    void perform(batch all);
    bool perform_together(batch& all, batch& parked, undo how);
    void begin(const batch& all, bool offering);
    void perform_all(batch& all, batch& parked, undo how, std::vector<std::exception_ptr>& failures);
    std::exception_ptr perform_or_refuse(operation& one, void (operation::*how)(store&));
    std::exception_ptr perform_part(operation& one, void (operation::*how)(store&));
    void fail_all(batch all, std::exception_ptr why);
    void tell(batch& all, batch& parked, std::vector<std::exception_ptr> failures);
    void open();
    void drop() noexcept;
    void log_is_written();
    void miss();
    void drop_if_broken(const std::exception_ptr& why);
    void end();

    const sqlite_options options_;
    const side_work_limits side_work_;
    std::atomic<bool> hurry_{false};

    std::mutex mutex_;
    std::condition_variable changed_;
    batch waiting_;                        // guarded by mutex_
    batch parked_;                         // guarded by mutex_; while the thread performs, it has them
    std::vector<std::uint64_t> withdrawn_; // guarded by mutex_; of what the thread has
    bool performing_ = false;              // guarded by mutex_: the thread has some
    std::uint64_t last_ticket_ = 0;        // guarded by mutex_
    std::size_t waiting_bytes_ = 0;        // guarded by mutex_
    bool stopping_ = false;                // guarded by mutex_
    bool watches_ = false;                 // guarded by mutex_: the thread sleeps where only watch_ wakes it
    bool ended_ = false;                   // guarded by mutex_
    std::vector<promise<void>> told_;      // guarded by mutex_
    std::thread thread_;                   // guarded by mutex_

    // The thread's own:
    completion_batch done_;     // of this transaction
    std::size_t told_of_ = 0;   // how many were told of the last one
    bool offer_to_all_ = false; // to those parked: another process has written, or is gone
    presence alive_;
    log_watch watch_;
    look_plan plan_;
    std::optional<store> store_;
};

} // namespace infra::queue::sqlite
