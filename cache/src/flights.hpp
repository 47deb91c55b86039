#pragma once

// One load at a time for a key. Who asks first leads; the others sit and wait. A leader that leaves without a result, by
// cancellation or with its loop, hands the lead to the one who has waited longest.

#include "envelope.hpp"

#include <infra/cache/payload.hpp>
#include <infra/runtime/promise.hpp>

#include <exception>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache {

/// What the leader gave.
struct flight_result {
    std::optional<payload> value{};
    std::exception_ptr failure{};
    std::vector<tag_version> tags{}; ///< what it was made under: who asked after one was made void asks again
};

/// Threads: any member from any thread; a seat from one coroutine at a time.
class flights : public std::enable_shared_from_this<flights> {
    struct waiter {
        explicit waiter(const executor& ex) : turn(ex) {}
        /// A result, or null: lead yourself.
        promise<std::shared_ptr<const flight_result>> turn;
        enum class state { sitting, told_result, told_to_lead } is = state::sitting; // guarded by mutex_
        std::list<waiter*>::iterator place{};                                        // while sitting
    };

public:
    class seat {
    public:
        seat() noexcept = default;
        seat(seat&& other) noexcept = default;
        seat& operator=(seat&&) = delete;
        ~seat();

        bool leads() const noexcept { return leads_; }

        /// The leader's result; null once this seat leads.
        awaitable<std::shared_ptr<const flight_result>> wait();

        /// By the leader, once: all who sit get it, and the flight is over.
        void finish(flight_result r);

    private:
        friend class flights;
        std::shared_ptr<flights> of_{};
        std::string key_{};
        std::unique_ptr<waiter> me_{}; // null: nobody need tell me anything
        bool leads_ = false;
    };

    seat join(std::string key, const executor& ex);

    /// The lead, or nothing where somebody has it.
    std::optional<seat> try_lead(std::string key);

    std::size_t size() const;

private:
    using waiting = std::list<waiter*>; // front: longest
    static void tell(waiter& w, std::shared_ptr<const flight_result> result) noexcept;
    void leave(seat& s) noexcept;

    mutable std::mutex mutex_;
    std::map<std::string, waiting, std::less<>> under_way_; // guarded by mutex_
};

} // namespace infra::cache
