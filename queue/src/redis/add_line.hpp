#pragma once

// The way of jobs that are added to the server: what comes while two calls are under way is one call next, in which each
// caller's jobs are added all or none.

#include "../completion.hpp"
#include "inbox.hpp"
#include "receipts.hpp"
#include "work_line.hpp"

#include <infra/queue/backend.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

namespace infra::queue::redis_backend {

class add_operation final : public completion {
public:
    add_operation(const executor& ex, std::vector<new_job> what);

    std::vector<new_job> jobs;
    std::vector<added_job> added{};
    const std::size_t bytes; ///< about so many
};
using shared_add = std::shared_ptr<add_operation>;

/// How many jobs the next call should carry at most. Of many that come while nothing is under way half go first and the rest
/// right after them: so the server adds some while the callers of the others are told, and come again.
std::size_t most_of_next_add(std::size_t waiting, bool is_idle);

/// Takes what goes next: at least one, and no more jobs and bytes than that unless one alone has more.
std::vector<shared_add> next_adds(std::deque<shared_add>& waiting, std::size_t most_jobs, std::size_t most_bytes);

/// What that brought to each queue.
std::vector<arrivals> arrivals_of(const add_operation& done);

/// One for each slot.
///
/// Threads:  post() and close() from any.
/// Lifetime: the store's; what is under way keeps that.
class add_line {
public:
    add_line(const home& at, work_line& workers) : at_(at), inbox_(at), workers_(workers) {}

    /// Throws infra::errc::overloaded where too much waits.
    void post(shared_store s, shared_add what);
    /// Told when all is done that came before.
    void drain(shared_store s, promise<void> drained);

private:
    struct errand {
        shared_add add{};
        std::optional<promise<void>> drained{};
    };

    void make_room_for(const store& s, const add_operation& what);
    void see_to_all(const shared_store& s);
    std::size_t most_of_next() const;
    void start(const shared_store& s);
    void go_on(const shared_store& s);
    awaitable<void> perform(shared_store s, std::vector<shared_add> all, receipt as);
    void end(const shared_store& s, std::vector<shared_add> all, std::vector<std::exception_ptr> failures);

    const home& at_;
    inbox<errand> inbox_;
    work_line& workers_;
    std::atomic<std::size_t> operations_{0};
    std::atomic<std::size_t> bytes_{0};

    // On the loop alone:
    std::deque<shared_add> waiting_;
    bool is_about_to_start_ = false;
    lanes lanes_;
    std::vector<promise<void>> drained_;
};

} // namespace infra::queue::redis_backend
