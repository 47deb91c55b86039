#pragma once

/// The queue's storage in memory, gone with the test.
///
///     auto stored = std::make_shared<infra::testing::memory_backend>();
///     queue::queue jobs(stored, {}, std::make_shared<queue::registry>(), time);
///
/// It does all that a backend must (the conformance suite says so) but outlive its process. For jobs that are to run at a
/// test's word, see testing/inline_queue.hpp.

#include <infra/queue/backend.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace infra::queue {
class arrivals;
}

namespace infra::testing {

/// Made for tests: a claim looks at every job there is.
///
/// Threads:  any member from any thread.
/// Errors:   infra::errc::closed after stop(), none otherwise.
/// Cancel:   as every backend.
/// Lifetime: as every backend's.
class memory_backend final : public queue::backend {
public:
    memory_backend();
    ~memory_backend() override;

    /// The same jobs, as another process would open them: stopped by itself.
    std::shared_ptr<memory_backend> open_again() const;

    /// What is remembered of those that `which` picks, in the order in which they were added.
    std::vector<queue::job_info> jobs(const std::function<bool(const queue::job_info&)>& which) const;

    /// Called for each lease that ends, with the job as it is then, on the thread that ends it; must not call back.
    void on_finish(std::function<void(const queue::job_info&, queue::outcome::kind)> told);

    awaitable<std::vector<queue::added_job>> enqueue(std::vector<queue::new_job> jobs) override;
    awaitable<queue::claim_result> claim(queue::claim_request request) override;
    awaitable<std::vector<queue::renewal>> extend(std::vector<queue::lease> leases, wall_time until) override;
    awaitable<std::vector<bool>> finish(std::vector<queue::outcome> outcomes) override;
    awaitable<std::vector<std::optional<queue::job_info>>> get(std::vector<queue::job_key> keys) override;
    awaitable<std::vector<queue::queue_counts>> counts(std::vector<std::string> queues) override;
    awaitable<std::size_t> prune(std::vector<queue::prune_request> requests) override;
    awaitable<void> stop(deadline limit) override;
    std::string description() const override { return "memory:"; }

private:
    struct storage;
    explicit memory_backend(std::shared_ptr<storage> shared);

    std::shared_ptr<storage> storage_;
    std::shared_ptr<queue::arrivals> arrivals_; // this handle's: closed when it is stopped
};

} // namespace infra::testing
