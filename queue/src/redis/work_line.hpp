#pragma once

// The way of a worker's operations to the server: what comes while two calls are under way is one call next, of any number of
// ends and one claim. A claim that finds nothing waits here, and is asked for again when the bell rings for one of its queues,
// or when this process has added something to it.

#include "bell.hpp"
#include "claims_in_wait.hpp"
#include "fair_turns.hpp"
#include "inbox.hpp"
#include "last_look.hpp"
#include "receipts.hpp"
#include "sweeper.hpp"
#include "work.hpp"

#include <infra/runtime/promise.hpp>

#include <deque>
#include <map>
#include <set>
#include <span>
#include <variant>

namespace infra::queue::redis_backend {

class finish_operation final : public completion {
public:
    finish_operation(const executor& ex, std::vector<outcome> ends) : completion(ex), outcomes(std::move(ends)) {}

    std::vector<outcome> outcomes;
    std::vector<bool> recorded{};
};
using shared_finish = std::shared_ptr<finish_operation>;

/// What has come to a queue.
struct arrivals {
    std::string queue{};
    std::size_t jobs = 0;           ///< that may be taken now
    std::optional<wall_time> due{}; ///< of the others: the first

    friend bool operator==(const arrivals&, const arrivals&) = default;
};

/// What one call carries.
struct work_batch {
    shared_claim claim{}; ///< or null
    std::vector<shared_finish> finishes{};

    bool empty() const noexcept { return !claim && finishes.empty(); }
};

/// Takes of what waits what goes next: one claim, and ends up to about `most_ends`, of one operation at least.
work_batch next_batch(std::deque<shared_claim>& claims, std::deque<shared_finish>& finishes, std::size_t most_ends);

/// One for each slot.
///
/// Threads:  as they say. The loop is the store's own.
/// Lifetime: the store's; what is under way keeps that.
class work_line final : bell_listener {
public:
    explicit work_line(const home& at) : at_(at), inbox_(at), bell_(at, *this) {}

    // From any thread:
    void post(shared_store s, shared_claim c) { bring(std::move(s), {std::move(c)}); }
    void post(shared_store s, shared_finish f) { bring(std::move(s), {std::move(f)}); }
    /// It is delivered soon: with what it took, or with operation_aborted.
    void withdraw(shared_store s, shared_claim c) { bring(std::move(s), {withdrawal{std::move(c)}}); }
    /// Fails the claims that wait with infra::errc::closed; `drained`, if any, is told when all else is done.
    void close(shared_store s, std::optional<promise<void>> drained) { bring(std::move(s), {closing{drained}}); }

    /// On the loop: what this process itself has added.
    void came(const shared_store& s, std::span<const arrivals> what);

private:
    struct withdrawal {
        shared_claim of;
    };
    struct closing {
        std::optional<promise<void>> drained;
    };
    using errand = std::variant<shared_claim, shared_finish, withdrawal, closing>;

    void bring(shared_store s, errand what);
    void see_to_all(const shared_store& s);
    void see_to(const shared_store& s, shared_claim c);
    void see_to(const shared_store& s, shared_finish f);
    void see_to(const shared_store& s, withdrawal w);
    void see_to(const shared_store& s, closing c);

    void rang(const shared_store& s, const std::string& queue) override;
    void told_of_due(const shared_store& s, const std::string& queue, wall_time at) override;
    void look(const shared_store& s) override;

    void go_on(const shared_store& s);
    void start(const shared_store& s, work_batch batch);
    awaitable<void> perform(shared_store s, work_batch batch, receipt as);
    work_request request_of(store& s, const work_batch& batch, receipt as);
    void end(const shared_store& s, std::vector<shared_finish>& finishes, const work_done& done);
    void fail(const shared_store& s, work_batch batch, std::exception_ptr failure);
    void end(const shared_store& s, const shared_claim& c, std::exception_ptr failure = nullptr);
    awaitable<void> read_and_answer(shared_store s, shared_claim c, work_done done, std::string token);
    awaitable<std::vector<stored_job>> read_unread(shared_store s, std::vector<job_key> unread,
                                                   std::chrono::milliseconds patience);
    void answer(const shared_store& s, const shared_claim& c, work_done& done, const std::string& token);
    void sweep_if_due(const shared_store& s, const claim_request& r);
    awaitable<void> sweep(shared_store s, sweep_request request);
    void wait_on(const shared_store& s, shared_claim c);
    void jobs_came(const shared_store& s, std::string_view queue, std::size_t jobs);
    void something_is_due(const shared_store& s, std::string_view queue, wall_time at);
    void wake(const shared_store& s, std::string_view queue, std::vector<shared_claim> woken);
    void tell_who_waits(const shared_store& s, const finish_operation& f);
    void ask_again(std::vector<shared_claim> woken);
    void pass_on(const shared_store& s, const claim_operation& gone);
    void ring_for_others(const shared_store& s);
    bool is_named(std::string_view queue) const;
    shared_claim one_that_is_asked_for(std::string_view queue) const;

    const home& at_;
    inbox<errand> inbox_;

    // The rest on the loop alone.
    std::deque<shared_claim> claims_;
    std::deque<shared_finish> finishes_;
    std::set<shared_claim> asked_; ///< claims that are under way
    claims_in_wait waiting_;
    fair_turns turns_;
    bell bell_;
    sweeper sweeper_;
    std::vector<job_key> swept_;                ///< that no claim has told of yet
    std::map<std::string, wall_time> promised_; ///< of a queue: due then, as nobody else was told
    lanes lanes_;
    last_look last_look_;
    std::size_t reads_ = 0; ///< of jobs that were taken, under way
    bool closed_ = false;
    std::vector<promise<void>> drained_;
};

} // namespace infra::queue::redis_backend
