#pragma once

// Connections for one caller at a time.

#include "own_connection.hpp"

#include <infra/redis/session.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace infra::redis::detail {

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
