#pragma once

/// How a bucket is asked: in turn, within a time, and again where that may help.
///
///     const auto once = [bucket, key](attempt a) { return bucket->head(key, {}, a.limit); };
///     auto info = co_await core->calls.run<object_info>({.op = "head", .key = key}, once, limit);

#include "attempts.hpp"
#include "instruments.hpp"
#include "pace.hpp"
#include "turns.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/storage/bucket.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace infra::storage {

struct storage_options;

/// What is asked.
struct request_kind {
    std::string_view op;                             ///< "put": a word for sentences; outlives the run
    std::string key{};                               ///< for sentences
    bool idempotent = true;                          ///< what may have been done may be done again
    std::uint64_t body = 0;                          ///< bytes that it moves: an attempt has so much more time
    std::optional<std::chrono::milliseconds> time{}; ///< of an attempt, instead of storage_options::attempt_timeout
    bool only_once =
        false; ///< it cannot be made again, since it moves what comes; and takes no turn, since it lasts as long
};

/// One of the times that it is asked.
struct attempt {
    deadline limit{};        ///< a little before the end of the attempt, so that the bucket can still say what it knows
    int number = 1;          ///< from 1
    bool maybe_done = false; ///< an answer was lost before: it may have been done
};

template <class T>
using asking = std::function<awaitable<T>(attempt)>;

/// What a bucket threw, as a storage_error. Rethrows a cancellation, and what is none of ours (a caller's source's).
storage_error failure_of(const std::exception_ptr& thrown);

/// Threads:  any member from any.
/// Errors:   run() throws the last attempt's storage_error, with how often it was tried; infra::errc::timed_out where an attempt, or
///           `limit`, ended first; overloaded where no turn came. What `once` throws that is no infra::error passes through.
/// Cancel:   as `once`.
/// Lifetime: outlives its runs.
class requests {
public:
    requests(const storage_options& options, const bucket& asked, const instruments& told);

    template <class T>
    awaitable<T> run(request_kind how, asking<T> once, deadline limit) const;

    /// What an attempt may take.
    std::chrono::milliseconds attempt_time(const request_kind& how) const noexcept;

    /// A pause before another attempt, where the rules, the deadline and the budget leave one: for what goes on by itself after a
    /// failure. `made` is how often it has failed. Tells of it.
    next_attempt plan(const storage_error& failure, int made, bool idempotent, deadline limit) const;

    /// Takes one from the budget, for a request beside one that is under way. False: it is used up.
    bool spend_one() const;

    turns& in_turn() const noexcept { return turns_; }

private:
    class attempts_made;

    void succeeded(std::optional<turn>& mine) const;

    const storage_options& options_;
    const bucket& bucket_;
    const instruments& told_;
    clock& time_;
    mutable turns turns_;
    mutable std::mutex mutex_;
    mutable retry_budget budget_; // guarded by mutex_
};

/// What is known of one run.
class requests::attempts_made {
public:
    attempts_made(const requests& of, request_kind how, deadline limit);

    std::string what() const; ///< "put a.txt"
    deadline turn_limit() const;

    /// The next one. Throws where the limit has passed.
    attempt begin();
    deadline end_of_attempt() const noexcept { return until_; }

    bool takes_turn() const noexcept { return !how_.only_once; }

    /// Throws unless there is another attempt, and tells of it.
    std::chrono::milliseconds pause_after(const std::exception_ptr& thrown, std::optional<turn>& mine);

private:
    storage_error failure_of_attempt(const std::exception_ptr& thrown) const;

    const requests& of_;
    const request_kind how_;
    const deadline limit_;
    deadline until_{};
    int made_ = 0;
    bool uncertain_ = false;
};

template <class T>
awaitable<T> requests::run(request_kind how, asking<T> once, deadline limit) const {
    attempts_made so_far(*this, std::move(how), limit);
    while (true) {
        std::chrono::milliseconds pause{};
        {
            std::optional<turn> mine;
            if (so_far.takes_turn()) {
                mine.emplace(turns_);
                co_await mine->come(so_far.turn_limit(), so_far.what());
            }
            const auto next = so_far.begin();
            std::exception_ptr thrown;
            try {
                if constexpr (std::is_void_v<T>) {
                    co_await with_deadline(once(next), so_far.end_of_attempt(), time_);
                    succeeded(mine);
                    co_return;
                } else {
                    auto result = co_await with_deadline(once(next), so_far.end_of_attempt(), time_);
                    succeeded(mine);
                    co_return result;
                }
            } catch (...) {
                thrown = std::current_exception();
            }
            pause = so_far.pause_after(thrown, mine);
        }
        co_await time_.sleep_for(pause);
    }
}

} // namespace infra::storage
