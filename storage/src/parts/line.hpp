#pragma once

/// A stock of something that several share, given out in the order in which it is asked for.
///
///     line memory(128u << 20);
///     auto mine = co_await line::take(memory, 8u << 20, limit, time);    // waits while there is less
///     …                                                                  // gives back when destroyed

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/runtime/promise.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace infra::storage {

class line;

/// A share of the stock. Move-only.
///
/// Threads: any; one at a time.
class ticket {
public:
    ticket() noexcept = default;
    ticket(ticket&& other) noexcept : of_(std::exchange(other.of_, nullptr)), amount_(other.amount_) {}
    ticket& operator=(ticket&& other) noexcept {
        std::swap(of_, other.of_);
        std::swap(amount_, other.amount_);
        return *this;
    }
    ~ticket();

    explicit operator bool() const noexcept { return of_ != nullptr; }

private:
    friend class line;
    ticket(std::shared_ptr<line> of, std::size_t amount) noexcept : of_(std::move(of)), amount_(amount) {}

    std::shared_ptr<line> of_;
    std::size_t amount_ = 0;
};

/// Threads:  any member from any.
/// Errors:   take() throws infra::error with errc::timed_out where the limit passes while it waits.
/// Cancel:   take(): all types; whoever is next moves up.
/// Lifetime: as long as one of its tickets.
class line : public std::enable_shared_from_this<line> {
public:
    /// `told` hears of every change, with the difference, under a lock.
    explicit line(std::size_t most, std::function<void(std::ptrdiff_t)> told = {})
        : most_(most), told_(std::move(told)) {}

    /// Who asks for more than there ever is gets it when nobody else has anything.
    awaitable<ticket> take(std::size_t amount, deadline limit, clock& time);

    std::size_t taken() const;
    std::size_t waiting() const;

private:
    friend class ticket;
    class place;
    using places = std::list<place*>;

    bool has(std::size_t amount) const noexcept { return amount <= most_ - std::min(taken_, most_) || taken_ == 0; }
    void give(std::ptrdiff_t amount) noexcept;
    void give_back(std::size_t amount) noexcept;
    void serve() noexcept;

    const std::size_t most_;
    const std::function<void(std::ptrdiff_t)> told_;
    mutable std::mutex mutex_;
    std::size_t taken_ = 0; // guarded by mutex_
    places waiting_;        // guarded by mutex_
};

} // namespace infra::storage
