#pragma once

/// Connections for one mail at a time, kept for the next.

#include "connection.hpp"

#include <list>
#include <memory>
#include <utility>
#include <vector>

namespace infra::email::smtp {

/// Threads:  the executor given.
/// Lifetime: held by a shared_ptr; leases keep it.
class pool : public std::enable_shared_from_this<pool> {
public:
    pool(executor ex, std::shared_ptr<const smtp_options> options);
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;

    /// The right to use one connection. What it leaves clean or dirty is kept when it ends.
    class lease {
    public:
        explicit lease(std::shared_ptr<pool> from);
        ~lease();
        lease(lease&&) noexcept = default;
        lease& operator=(lease&&) = delete;

        const std::shared_ptr<connection>& get() const noexcept { return connection_; }

        /// It was opened for another mail, and may have ended since.
        bool reused() const noexcept { return reused_; }

    private:
        std::shared_ptr<pool> pool_;
        std::shared_ptr<connection> connection_;
        bool reused_ = false;
    };

    /// First come, first served.
    static awaitable<lease> take(std::shared_ptr<pool> self);

    /// Closes what is unused; what is in use is closed when its lease ends.
    void close() noexcept;

private:
    struct turn;
    struct resting {
        std::shared_ptr<connection> one;
        std::chrono::steady_clock::time_point since;
    };

    std::shared_ptr<connection> wake_one();
    void give_back(std::shared_ptr<connection> one) noexcept;
    void pass_on() noexcept;
    void watch_the_idle();
    void close_old() noexcept;

    const executor executor_;
    const std::shared_ptr<const smtp_options> options_;
    std::size_t free_;
    std::list<turn*> waiting_;
    std::vector<resting> idle_; // the longest unused first
    asio::steady_timer old_;
    bool closed_ = false;
};

} // namespace infra::email::smtp
