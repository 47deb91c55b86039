#pragma once

/// The queue in memory, gone with its process: for tests, and for work that need not outlive it.
///
///     infra::queue::queue jobs(infra::queue::make_memory_backend());
///     QUEUE_URL=memory:
///
/// It does all that a backend must but last: the conformance suite holds it, and it is the model that other backends are
/// compared with. A claim looks at every job there is, so keep it to some thousands. For jobs that are to run at a test's
/// word, see testing/inline_queue.hpp.

#include <infra/queue/backend.hpp>
#include <infra/queue/move.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace infra::queue {

class memory_storage;

/// Threads:  any member from any thread.
/// Errors:   errc::full; infra::errc::closed after stop(); none otherwise.
/// Cancel:   as every backend.
/// Lifetime: as every backend's.
class memory_backend final : public backend, public transferable_store {
public:
    memory_backend();
    ~memory_backend() override;

    /// The same jobs, as another process would open them: stopped by itself.
    std::shared_ptr<memory_backend> open_again() const;

    /// What is remembered of those that `which` picks, in the order in which they were added.
    std::vector<job_info> jobs(const std::function<bool(const job_info&)>& which) const;

    /// Called for each lease that ends, with the job as it is then, on the thread that ends it; must not call back.
    void on_finish(std::function<void(const job_info&, outcome::kind)> told);

    awaitable<std::vector<added_job>> enqueue(std::vector<new_job> jobs) override;
    awaitable<claim_result> claim(claim_request request) override;
    awaitable<void> leave(std::string worker) override;
    awaitable<std::vector<renewal>> extend(std::vector<lease> leases, std::chrono::milliseconds length,
                                           wall_time now) override;
    awaitable<std::vector<bool>> finish(std::vector<outcome> outcomes) override;
    awaitable<std::vector<std::optional<job_info>>> get(std::vector<job_key> keys) override;
    awaitable<std::vector<queue_counts>> counts(std::vector<std::string> queues) override;
    awaitable<std::size_t> prune(std::vector<prune_request> requests) override;
    awaitable<void> stop(deadline limit) override;
    std::string description() const override { return "memory:"; }

    awaitable<queue_settings> configure(settings_change change) override;
    awaitable<queue_settings> settings(std::string queue) override;
    awaitable<bool> forget_queue(std::string queue) override;
    awaitable<job_page> list(list_request request) override;
    awaitable<change_result> change(change_request request) override;
    awaitable<std::vector<bool>> tell(std::vector<note> notes) override;
    awaitable<std::vector<log_line>> logs(job_key job) override;
    awaitable<events_page> events(events_request request) override;
    awaitable<std::vector<minute_counts>> history(std::string queue, wall_time from, wall_time to) override;
    awaitable<std::vector<worker_info>> workers(std::vector<std::string> queues) override;
    awaitable<std::vector<std::optional<wall_time>>> waiting_since(std::vector<std::string> queues,
                                                                   wall_time now) override;
    awaitable<std::optional<job_info>> wait_for_end(job_key job) override;

    awaitable<children_page> children(children_request request) override;

    awaitable<void> upsert(std::vector<new_schedule> schedules) override;
    awaitable<std::vector<bool>> remove_schedules(std::vector<schedule_key> keys) override;
    awaitable<std::vector<bool>> pause_schedules(std::vector<schedule_key> keys, wall_time now) override;
    awaitable<std::vector<bool>> resume_schedules(std::vector<resume_request> requests) override;
    awaitable<std::vector<schedule_info>> schedules(std::optional<std::string> queue) override;
    awaitable<std::vector<bool>> advance(std::vector<advance_request> requests) override;

    awaitable<std::vector<std::optional<carried_job>>> carry(std::vector<job_key> keys) override;
    awaitable<std::vector<bool>> restore(std::vector<carried_job> jobs) override;
    awaitable<void> restore_children(job_key parent, std::vector<child_info> children) override;
    std::string refusal_of(const carried_job& job) const override;
    awaitable<std::vector<carried_schedule>> carry_schedules(std::string queue) override;
    awaitable<void> restore_schedules(std::vector<carried_schedule> schedules) override;
    awaitable<void> settle(std::string queue) override;
    awaitable<std::uint64_t> pass_numbers(std::string queue, std::uint64_t last) override;
    awaitable<std::string> mark(move_mark asked) override;

private:
    struct handle;
    explicit memory_backend(std::shared_ptr<memory_storage> shared);

    std::shared_ptr<handle> handle_; // closed when this is stopped; the storage is shared
};

std::shared_ptr<memory_backend> make_memory_backend();

} // namespace infra::queue
