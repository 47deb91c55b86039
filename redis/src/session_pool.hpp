#pragma once

// Connections for one caller at a time.

#include "pipeline.hpp"

#include <infra/redis/session.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace infra::redis::detail {

class session_pool;

/// What a session is a handle of. On its executor.
class own_connection : public std::enable_shared_from_this<own_connection> {
public:
    own_connection(executor ex, std::shared_ptr<common> shared, std::optional<address> at);

    awaitable<void> open(deadline limit);
    bool is_open() const noexcept { return pipeline_->attached() && !pipeline_->closed(); }
    bool is_clean() const noexcept { return state_ == memory::clean && is_open() && pipeline_->is_idle(); }
    const address* node() const noexcept { return pipeline_->node(); } ///< of a cluster
    const executor& get_executor() const noexcept { return pipeline_->get_executor(); }
    common& shared() const noexcept { return pipeline_->shared(); }
    const std::shared_ptr<loop_gate>& gate() const noexcept { return gate_; }
    const std::weak_ptr<session_pool>& pool() const noexcept { return pool_; }

    /// What fails, times out or is cancelled takes the connection with it.
    static awaitable<std::vector<reply>> execute(std::shared_ptr<own_connection> self, std::vector<command> commands,
                                                 bool atomic, deadline limit);

    void close() { pipeline_->close(); }
    void leave_unless_at(const address& there) { pipeline_->leave_unless_at(there); }

    /// Asks for its end after `idle`, unless it is leased by then.
    void rest(std::chrono::milliseconds idle, std::function<void()> over);
    void wake() { resting_.reset(); }

private:
    // What the server remembers of it. A transaction, or UNWATCH, takes WATCH off again.
    enum class memory : std::uint8_t { clean, watched, changed };
    void remember(std::span<const command> commands);

    friend class session_pool;
    const std::shared_ptr<pipeline> pipeline_;
    const std::shared_ptr<loop_gate> gate_;
    std::unique_ptr<alarm> resting_;
    memory state_ = memory::clean;
    std::weak_ptr<session_pool> pool_;
};

/// Threads: any, but give_back(), which is for the connection's executor.
class session_pool : public std::enable_shared_from_this<session_pool> {
public:
    explicit session_pool(std::shared_ptr<common> shared) : common_(std::move(shared)) {}

    /// One for the calling coroutine's executor, to a cluster's node if one is named: kept or new. errc::exhausted when none
    /// comes free in time.
    awaitable<std::shared_ptr<own_connection>> lease(deadline limit, std::optional<address> at = {});
    void give_back(std::shared_ptr<own_connection> one) noexcept;

    void stop_accepting();

    /// The server that matters is there now: connections to any other are given up.
    void leave_unless_at(const address& there);

    /// Returns once none is leased.
    awaitable<void> all_returned();
    void close_all() noexcept;
    std::size_t open() const;

private:
    // Room for one more, and perhaps one that is there already.
    awaitable<std::shared_ptr<own_connection>> take_room(executor ex, std::optional<address> at, deadline limit);
    struct waiting {
        std::uint64_t ticket;
        promise<void> turn;
    };
    struct taken {
        std::shared_ptr<own_connection> found{};
        std::shared_ptr<own_connection> evicted{}; ///< to be closed
    };
    bool try_take(const executor& ex, const std::optional<address>& at, taken& out);
    void enlist(const std::shared_ptr<own_connection>& one);
    bool keep(const std::shared_ptr<own_connection>& one);
    void free_room();
    std::uint64_t wait_in_line(const promise<void>& turn);
    void give_up_waiting(std::uint64_t ticket);
    void wake_one();
    void tell_returned();
    void forget_resting(const own_connection* one);
    static void close_there(std::shared_ptr<own_connection> one) noexcept;

    const std::shared_ptr<common> common_;
    mutable std::mutex mutex_;
    std::size_t taken_ = 0;                                // guarded by mutex_: leased and resting
    std::vector<std::shared_ptr<own_connection>> resting_; // guarded by mutex_
    std::vector<std::weak_ptr<own_connection>> all_;       // guarded by mutex_
    std::deque<waiting> waiting_;                          // guarded by mutex_
    std::uint64_t last_ticket_ = 0;                        // guarded by mutex_
    std::vector<promise<void>> until_returned_;            // guarded by mutex_
    bool accepting_ = true;                                // guarded by mutex_
};

} // namespace infra::redis::detail
