#include "restore.hpp"

#include <stdexcept>

namespace infra::queue {
namespace redis_backend {
namespace {

class backend_on_redis final : public backend, public transferable_store {
public:
    backend_on_redis(redis_queue_options options, std::vector<executor> loops, clock& time)
        : store_(std::make_shared<store>(std::move(options), std::move(loops), time)) {}
    ~backend_on_redis() override { store_->close(); }

    awaitable<std::vector<added_job>> enqueue(std::vector<new_job> jobs) override {
        return redis_backend::enqueue(store_, std::move(jobs));
    }
    awaitable<claim_result> claim(claim_request request) override {
        return redis_backend::claim(store_, std::move(request));
    }
    awaitable<void> leave(std::string worker) override { return redis_backend::leave(store_, std::move(worker)); }
    awaitable<std::vector<renewal>> extend(std::vector<lease> leases, std::chrono::milliseconds length,
                                           wall_time now) override {
        return redis_backend::extend(store_, std::move(leases), length, now);
    }
    awaitable<std::vector<bool>> finish(std::vector<outcome> outcomes) override {
        return redis_backend::finish(store_, std::move(outcomes));
    }
    awaitable<std::vector<std::optional<job_info>>> get(std::vector<job_key> keys) override {
        return redis_backend::get(store_, std::move(keys));
    }
    awaitable<std::vector<queue_counts>> counts(std::vector<std::string> queues) override {
        return redis_backend::counts(store_, std::move(queues));
    }
    awaitable<std::size_t> prune(std::vector<prune_request> requests) override {
        return redis_backend::prune(store_, std::move(requests));
    }

    // --- operations ---

    awaitable<queue_settings> configure(settings_change change) override {
        return redis_backend::configure(store_, std::move(change));
    }
    awaitable<queue_settings> settings(std::string queue) override {
        return redis_backend::settings(store_, std::move(queue));
    }
    awaitable<bool> forget_queue(std::string queue) override {
        return redis_backend::forget_queue(store_, std::move(queue));
    }
    awaitable<job_page> list(list_request request) override { return redis_backend::list(store_, std::move(request)); }
    awaitable<change_result> change(change_request request) override {
        return redis_backend::change(store_, std::move(request));
    }
    awaitable<std::vector<bool>> tell(std::vector<note> notes) override {
        return redis_backend::tell(store_, std::move(notes));
    }
    awaitable<std::vector<log_line>> logs(job_key job) override { return redis_backend::logs(store_, std::move(job)); }
    awaitable<events_page> events(events_request request) override {
        return redis_backend::events(store_, std::move(request));
    }
    awaitable<std::vector<minute_counts>> history(std::string queue, wall_time from, wall_time to) override {
        return redis_backend::history(store_, std::move(queue), from, to);
    }
    awaitable<std::vector<worker_info>> workers(std::vector<std::string> queues) override {
        return redis_backend::workers(store_, std::move(queues));
    }
    awaitable<std::vector<std::optional<wall_time>>> waiting_since(std::vector<std::string> queues,
                                                                   wall_time now) override {
        return redis_backend::waiting_since(store_, std::move(queues), now);
    }
    awaitable<std::optional<job_info>> wait_for_end(job_key job) override {
        return redis_backend::wait_for_end(store_, std::move(job));
    }

    // --- schedules and children ---

    awaitable<void> upsert(std::vector<new_schedule> schedules) override {
        return redis_backend::upsert(store_, std::move(schedules));
    }
    awaitable<std::vector<bool>> remove_schedules(std::vector<schedule_key> keys) override {
        return redis_backend::remove_schedules(store_, std::move(keys));
    }
    awaitable<std::vector<bool>> pause_schedules(std::vector<schedule_key> keys, wall_time now) override {
        return redis_backend::pause_schedules(store_, std::move(keys), now);
    }
    awaitable<std::vector<bool>> resume_schedules(std::vector<resume_request> requests) override {
        return redis_backend::resume_schedules(store_, std::move(requests));
    }
    awaitable<std::vector<schedule_info>> schedules(std::optional<std::string> queue) override {
        return redis_backend::schedules(store_, std::move(queue));
    }
    awaitable<std::vector<bool>> advance(std::vector<advance_request> requests) override {
        return redis_backend::advance(store_, std::move(requests));
    }
    awaitable<children_page> children(children_request request) override {
        return redis_backend::children(store_, std::move(request));
    }

    // --- moves ---

    awaitable<std::vector<std::optional<carried_job>>> carry(std::vector<job_key> keys) override {
        return redis_backend::carry(store_, std::move(keys));
    }
    awaitable<std::vector<bool>> restore(std::vector<carried_job> jobs) override {
        return redis_backend::restore(store_, std::move(jobs));
    }
    awaitable<void> restore_children(job_key parent, std::vector<child_info> children) override {
        return redis_backend::restore_children(store_, std::move(parent), std::move(children));
    }
    std::string refusal_of(const carried_job& job) const override { return redis_backend::refusal_of(*store_, job); }
    awaitable<std::vector<carried_schedule>> carry_schedules(std::string queue) override {
        return redis_backend::carry_schedules(store_, std::move(queue));
    }
    awaitable<void> restore_schedules(std::vector<carried_schedule> schedules) override {
        return redis_backend::restore_schedules(store_, std::move(schedules));
    }
    awaitable<void> settle(std::string queue) override { return redis_backend::settle(store_, std::move(queue)); }
    awaitable<std::uint64_t> pass_numbers(std::string queue, std::uint64_t last) override {
        return redis_backend::pass_numbers(store_, std::move(queue), last);
    }
    awaitable<std::string> mark(move_mark asked) override {
        return redis_backend::mark_moving(store_, std::move(asked));
    }

    awaitable<void> stop(deadline limit) override { return redis_backend::stop(store_, limit); }

    std::chrono::milliseconds usual_lease() const override { return std::chrono::seconds(30); }
    std::string description() const override {
        const auto& o = store_->options();
        return redis::describe(o.server) + (o.prefix == default_prefix ? "" : "?prefix=" + o.prefix);
    }

private:
    const std::shared_ptr<store> store_;
};

} // namespace
} // namespace redis_backend

std::shared_ptr<backend> make_redis_backend(redis_queue_options options, std::vector<executor> loops, clock& time) {
    check(options);
    return std::make_shared<redis_backend::backend_on_redis>(std::move(options), std::move(loops), time);
}

} // namespace infra::queue
