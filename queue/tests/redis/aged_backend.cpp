#include "aged_backend.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

constexpr auto nearer = R"lua(
local cursor = '0'
repeat
    local page = redis.call('SCAN', cursor, 'COUNT', 1000)
    cursor = page[1]
    for _, key in ipairs(page[2]) do
        local left = redis.call('PTTL', key)
        if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
    end
until cursor == '0')lua";

template <class T, class Field>
wall_time latest_of(const std::vector<T>& all, Field of) {
    wall_time latest{};
    for (const auto& each : all)
        latest = std::max(latest, each.*of);
    return latest;
}

class aged_backend final : public backend {
public:
    aged_backend(std::shared_ptr<backend> inner, std::shared_ptr<server_time> time)
        : inner_(std::move(inner)), time_(std::move(time)) {}

    awaitable<std::vector<added_job>> enqueue(std::vector<new_job> jobs) override {
        co_await time_->pass_until(latest_of(jobs, &new_job::created_at));
        co_return co_await inner_->enqueue(std::move(jobs));
    }
    awaitable<claim_result> claim(claim_request request) override {
        co_await time_->pass_until(request.expired_before.value_or(request.now));
        co_return co_await inner_->claim(std::move(request));
    }
    awaitable<void> leave(std::string worker) override { return inner_->leave(std::move(worker)); }
    awaitable<std::vector<renewal>> extend(std::vector<lease> leases, std::chrono::milliseconds length,
                                           wall_time now) override {
        co_await time_->pass_until(now);
        co_return co_await inner_->extend(std::move(leases), length, now);
    }
    awaitable<std::vector<bool>> finish(std::vector<outcome> outcomes) override {
        co_await time_->pass_until(latest_of(outcomes, &outcome::at));
        co_return co_await inner_->finish(std::move(outcomes));
    }
    awaitable<std::vector<std::optional<job_info>>> get(std::vector<job_key> keys) override {
        return inner_->get(std::move(keys));
    }
    awaitable<std::vector<queue_counts>> counts(std::vector<std::string> queues) override {
        return inner_->counts(std::move(queues));
    }
    awaitable<std::size_t> prune(std::vector<prune_request> requests) override {
        co_await time_->pass_until(latest_of(requests, &prune_request::now));
        co_return co_await inner_->prune(std::move(requests));
    }
    awaitable<void> stop(deadline limit) override { return inner_->stop(limit); }
    awaitable<queue_settings> configure(settings_change change) override {
        co_await time_->pass_until(change.now);
        co_return co_await inner_->configure(std::move(change));
    }
    awaitable<queue_settings> settings(std::string queue) override { return inner_->settings(std::move(queue)); }
    awaitable<bool> forget_queue(std::string queue) override { return inner_->forget_queue(std::move(queue)); }
    awaitable<job_page> list(list_request request) override { return inner_->list(std::move(request)); }
    awaitable<change_result> change(change_request request) override {
        co_await time_->pass_until(request.now);
        co_return co_await inner_->change(std::move(request));
    }
    awaitable<std::vector<bool>> tell(std::vector<note> notes) override {
        co_await time_->pass_until(latest_of(notes, &note::at));
        co_return co_await inner_->tell(std::move(notes));
    }
    awaitable<std::vector<log_line>> logs(job_key job) override { return inner_->logs(std::move(job)); }
    awaitable<events_page> events(events_request request) override { return inner_->events(std::move(request)); }
    awaitable<std::vector<minute_counts>> history(std::string queue, wall_time from, wall_time to) override {
        return inner_->history(std::move(queue), from, to);
    }
    awaitable<std::vector<worker_info>> workers(std::vector<std::string> queues) override {
        return inner_->workers(std::move(queues));
    }
    awaitable<std::vector<std::optional<wall_time>>> waiting_since(std::vector<std::string> queues,
                                                                   wall_time now) override {
        co_await time_->pass_until(now);
        co_return co_await inner_->waiting_since(std::move(queues), now);
    }
    awaitable<std::optional<job_info>> wait_for_end(job_key job) override {
        return inner_->wait_for_end(std::move(job));
    }
    awaitable<void> upsert(std::vector<new_schedule> schedules) override {
        co_await time_->pass_until(latest_of(schedules, &new_schedule::now));
        co_return co_await inner_->upsert(std::move(schedules));
    }
    awaitable<std::vector<bool>> remove_schedules(std::vector<schedule_key> keys) override {
        return inner_->remove_schedules(std::move(keys));
    }
    awaitable<std::vector<bool>> pause_schedules(std::vector<schedule_key> keys, wall_time now) override {
        co_await time_->pass_until(now);
        co_return co_await inner_->pause_schedules(std::move(keys), now);
    }
    awaitable<std::vector<bool>> resume_schedules(std::vector<resume_request> requests) override {
        co_await time_->pass_until(latest_of(requests, &resume_request::now));
        co_return co_await inner_->resume_schedules(std::move(requests));
    }
    awaitable<std::vector<schedule_info>> schedules(std::optional<std::string> queue) override {
        return inner_->schedules(std::move(queue));
    }
    awaitable<std::vector<bool>> advance(std::vector<advance_request> requests) override {
        co_await time_->pass_until(latest_of(requests, &advance_request::now));
        co_return co_await inner_->advance(std::move(requests));
    }
    awaitable<children_page> children(children_request request) override {
        return inner_->children(std::move(request));
    }
    std::chrono::milliseconds usual_lease() const override { return inner_->usual_lease(); }
    std::string description() const override { return inner_->description(); }

private:
    const std::shared_ptr<backend> inner_;
    const std::shared_ptr<server_time> time_;
};

} // namespace

awaitable<void> server_time::pass_until(wall_time now) {
    if (now <= seen_)
        co_return;
    const auto passed = to_unix_ms(now) - to_unix_ms(seen_);
    seen_ = now;
    for (const auto& master : co_await direct_.masters())
        redis::throw_if_error(co_await direct_.execute_at(master, {"EVAL", nearer, 0, passed}));
}

std::shared_ptr<backend> make_aged(std::shared_ptr<backend> inner, std::shared_ptr<server_time> time) {
    return std::make_shared<aged_backend>(std::move(inner), std::move(time));
}

} // namespace infra::queue::redis_backend::tests
