#include "following.hpp"
#include "found_jobs.hpp"
#include "naming.hpp"
#include "scripts.hpp"
#include "slots.hpp"

#include "../is_over.hpp"

#include <infra/base/with_deadline.hpp>

namespace infra::queue::redis_backend {
namespace {

using kind = job_event::kind;

// Who clears a queue by other means than ours may tell nobody of it.
constexpr std::chrono::seconds look_again{15};

/// A job at a moment, and what its queue's stream had come to by then.
struct moment {
    entry_id after{};
    std::optional<job_info> job{};
};

awaitable<moment> look(shared_store s, job_key job) {
    const auto in = s->keys(job.queue);
    redis::batch both;
    both.add(last_entry_command(in));
    both.add(scripts::read_jobs.call(std::vector{in.base()}, std::vector{job.id}).again(redis::replay::read));
    auto answers = co_await s->ask(std::move(both));
    for (const auto& each : answers)
        redis::throw_if_error(each);
    auto found = std::move(answers.at(1)).take_items();
    co_return moment{.after = read_last_entry(std::move(answers[0])),
                     .job = read_found(job.queue, std::move(found.at(0)))};
}

awaitable<tidings> hear_for_a_while(const hearing& of, clock& time) {
    try {
        co_return co_await with_deadline(of.heard(), deadline::after(look_again, time.steady()), time);
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
        co_return std::nullopt;
    }
}

/// How it ends, or nothing after a while, or when something else became of it.
awaitable<tidings> next_tidings(shared_store s, job_key job, entry_id after) {
    auto& ear = s->lines_of(job.queue).hears;
    const hearing end(s, ear, {job.queue, after, job.id}, co_await asio::this_coro::executor);
    const auto begun = co_await end.begun();
    if (auto passed = co_await find_end(s, job, after, begun))
        co_return passed;
    co_return co_await hear_for_a_while(end, s->time());
}

/// What is known of a job of which nothing was kept.
job_info as_told(job_info job, const job_event& end) {
    const bool completed = end.what == kind::completed;
    job.state = completed ? job_state::completed : job_state::failed;
    (completed ? job.result : job.failed_reason) = end.data;
    job.finished_at = end.at;
    job.run_at.reset();
    job.worker.clear();
    ++job.attempts_made;
    return job;
}

} // namespace

awaitable<std::optional<job_info>> wait_for_end(shared_store s, job_key job) {
    job = (co_await with_queues(s, {std::move(job)})).front();
    if (job.queue.empty())
        co_return std::nullopt;
    auto seen = co_await look(s, job);
    while (seen.job && !is_over(*seen.job)) {
        const auto told = co_await next_tidings(s, job, seen.after);
        auto now = co_await look(s, job);
        const bool ended = told && (told->what == kind::completed || told->what == kind::failed);
        if (ended && (!now.job || !is_over(*now.job)))
            co_return as_told(*std::move(seen.job), *told);
        seen = std::move(now);
    }
    co_return std::move(seen.job);
}

} // namespace infra::queue::redis_backend
