#include <infra/queue/queue.hpp>

#include <infra/base/id.hpp>
#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>

#include "instruments.hpp"
#include "to_store.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue {
namespace {

queue_options checked(queue_options options) {
    constexpr std::size_t most = 512u << 20;
    if (options.max_payload_bytes < 1 || options.max_payload_bytes > most)
        throw std::invalid_argument("queue::queue_options::max_payload_bytes must be from 1 to 512 MiB");
    return options;
}

job_options merged(job_options with, const enqueue_options& call) {
    with.attempts = call.attempts.value_or(with.attempts);
    with.backoff = call.backoff.value_or(with.backoff);
    with.timeout = call.timeout ? call.timeout : with.timeout;
    with.priority = call.priority.value_or(with.priority);
    with.lifo = call.lifo;
    with.ttl = call.ttl ? call.ttl : with.ttl;
    with.keep_completed = call.keep_completed.value_or(with.keep_completed);
    with.keep_failed = call.keep_failed.value_or(with.keep_failed);
    return with;
}

} // namespace

job_options checked(job_options defaults, const enqueue_options& call) {
    check(call);
    auto how = merged(std::move(defaults), call);
    check(how, "enqueue_options");
    return how;
}

namespace {

std::optional<wall_time> asked_run_at(const enqueue_options& call, wall_time now) {
    if (call.run_at && *call.run_at > now)
        return call.run_at;
    return call.delay > std::chrono::milliseconds::zero() ? std::optional(saturating_add(now, call.delay))
                                                          : std::nullopt;
}

void refuse_too_large(const detail::to_add& job, std::size_t max_bytes) {
    if (job.data.size() > max_bytes)
        throw error(errc::too_large,
                    "a payload of the job \"" + job.name + "\" has " + std::to_string(job.data.size()) +
                        " bytes, more than the " + std::to_string(max_bytes) +
                        " allowed (queue_options::max_payload_bytes); store it elsewhere and enqueue its name");
}

// Of JSON text that is valid.
std::size_t depth_of(std::string_view text) {
    std::size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{'))
            deepest = std::max(deepest, ++depth);
        else if (!quoted && (c == ']' || c == '}'))
            --depth;
    }
    return deepest;
}

// Each level takes two bytes, so that most payloads need no look.
void refuse_too_deep(const detail::to_add& job) {
    if (job.data.size() / 2 > detail::max_payload_depth && depth_of(job.data) > detail::max_payload_depth)
        throw detail::misfit_error(
            job.name, {{}, "nested deeper than " + std::to_string(detail::max_payload_depth) + " arrays and objects"});
}

} // namespace

new_job to_store(detail::to_add job, const std::string& queue, const job_options& how, const enqueue_options& call,
                 const origin& from, std::size_t max_payload_bytes) {
    refuse_too_large(job, max_payload_bytes);
    refuse_too_deep(job);
    const auto run_at = asked_run_at(call, from.now);
    return {.queue = queue,
            .id = call.id.value_or(job_id()),
            .name = std::move(job.name),
            .data = std::move(job.data),
            .options = how,
            .carrier = from.carrier,
            .created_at = from.now,
            .run_at = run_at,
            .expires_at = how.ttl ? std::optional(saturating_add(run_at.value_or(from.now), *how.ttl)) : std::nullopt,
            .deduplicate = call.deduplicate,
            .group = call.group.value_or(std::string())};
}

namespace {

/// One call of enqueue: what is checked before anything is stored, its span, and what its jobs have in common.
class addition_call {
public:
    addition_call(std::string queue, job_options defaults, const enqueue_options& options, const std::string& job,
                  std::size_t jobs)
        : options_(options),
          queue_(options.queue ? *options.queue : std::move(queue)),
          how_(checked(std::move(defaults), options)),
          span_(name_of(queue_, job), span_kind::producer) {
        if (span_.recording())
            span_.set({{"messaging.system", "infra"},
                       {"messaging.destination.name", queue_},
                       {"messaging.batch.message_count", jobs}});
    }

    std::vector<new_job> to_store(std::vector<detail::to_add> jobs, wall_time now, std::size_t max_payload_bytes) {
        const origin from{now, to_carrier(inject())};
        std::vector<new_job> all;
        all.reserve(jobs.size());
        for (auto& job : jobs)
            all.push_back(infra::queue::to_store(std::move(job), queue_, how_, options_, from, max_payload_bytes));
        return all;
    }

    void count(const std::vector<added_job>& added) const {
        const auto created = std::ranges::count_if(added, &added_job::created);
        if (created > 0)
            instruments_of(queue_).enqueued.add(static_cast<double>(created));
    }

    void failed(const std::exception& why) { span_.fail(why.what()); }

private:
    static std::string name_of(const std::string& queue, const std::string& job) {
        std::string name;
        name.reserve(5 + queue.size() + job.size());
        return name.append("add ").append(queue).append(".").append(job);
    }

    const enqueue_options& options_;
    const std::string queue_;
    const job_options how_;
    telemetry::span span_;
};

// Looks again and again, more and more seldom: a full queue is not to be kept busy by those whom it refuses.
awaitable<std::vector<added_job>> store_once_there_is_room(std::shared_ptr<backend> stored, std::vector<new_job> all,
                                                           deadline limit, clock* time) {
    std::chrono::milliseconds pause{5};
    for (;;) {
        try {
            co_return co_await stored->enqueue(all);
        } catch (const error& e) {
            if (e.code() != errc::full || limit.passed(time->steady()))
                throw;
        }
        const auto left = limit.remaining(time->steady());
        co_await time->sleep_for(std::min<std::chrono::nanoseconds>(pause, left));
        pause = std::min(2 * pause, std::chrono::milliseconds(500));
    }
}

std::vector<job_id> ids_of(std::vector<added_job> added) {
    std::vector<job_id> ids;
    ids.reserve(added.size());
    for (auto& each : added)
        ids.push_back(std::move(each.id));
    return ids;
}

} // namespace

queue::queue(std::shared_ptr<backend> stored, queue_options options, std::shared_ptr<registry> jobs, clock& time)
    : control(stored, time),
      state_(std::make_shared<const state>(state{std::move(stored), checked(options), std::move(jobs), &time})) {
    if (!state_->stored || !state_->jobs)
        throw std::invalid_argument("queue::queue needs a backend and a registry");
}

// The many jobs that are added one by one are spared a coroutine.
awaitable<job_id> queue::add_one(shared s, std::string queue, job_options defaults, detail::to_add job,
                                 enqueue_options options) {
    addition_call call(std::move(queue), std::move(defaults), options, job.name, 1);
    std::vector<detail::to_add> one;
    one.push_back(std::move(job));
    try {
        auto added = co_await store(*s, call.to_store(std::move(one), s->time->wall(), s->options.max_payload_bytes),
                                    options.wait_for_room);
        call.count(added);
        co_return std::move(added.front().id);
    } catch (const std::exception& e) {
        call.failed(e);
        throw;
    }
}

awaitable<job_id> queue::add_by_name(shared s, detail::to_add job, enqueue_options options) {
    const auto known = s->jobs->find(job.name);
    if (!known) {
        check_name("enqueue: the job's name", job.name);
        auto queue = job.name;
        co_return co_await add_one(std::move(s), std::move(queue), {}, std::move(job), std::move(options));
    }
    if (const auto why = known->misfit(*std::exchange(job.unchecked, {})))
        throw detail::misfit_error(job.name, *why);
    co_return co_await add_one(std::move(s), known->queue, known->options, std::move(job), std::move(options));
}

awaitable<std::vector<job_id>> queue::add(shared s, std::string queue, job_options defaults,
                                          std::vector<detail::to_add> jobs, enqueue_options options) {
    if (options.id && jobs.size() != 1)
        throw std::invalid_argument("queue::enqueue_options::id names one job; enqueue_bulk adds several");
    if (options.deduplicate && jobs.size() != 1)
        throw std::invalid_argument("queue::enqueue_options::deduplicate leaves one of several; enqueue_bulk adds all");
    if (jobs.empty()) {
        checked(std::move(defaults), options);
        co_return std::vector<job_id>();
    }
    addition_call call(std::move(queue), std::move(defaults), options, jobs.front().name, jobs.size());
    try {
        auto added = co_await store(*s, call.to_store(std::move(jobs), s->time->wall(), s->options.max_payload_bytes),
                                    options.wait_for_room);
        call.count(added);
        co_return ids_of(std::move(added));
    } catch (const std::exception& e) {
        call.failed(e);
        throw;
    }
}

awaitable<std::vector<added_job>> queue::store(const state& s, std::vector<new_job> jobs,
                                               std::optional<std::chrono::milliseconds> wait_for_room) {
    if (!wait_for_room)
        return s.stored->enqueue(std::move(jobs));
    return store_once_there_is_room(s.stored, std::move(jobs), deadline::after(*wait_for_room, s.time->steady()),
                                    s.time);
}

awaitable<std::optional<job_info>> queue::find(shared s, job_key key) {
    std::vector<job_key> one;
    one.push_back(std::move(key));
    auto found = co_await s->stored->get(std::move(one));
    co_return std::move(found.front());
}

awaitable<std::vector<queue_counts>> queue::counts(std::vector<std::string> queues) const {
    return state_->stored->counts(std::move(queues));
}

// --- schedules ----------------------------------------------------------------------------------------------------

awaitable<std::vector<cron_job>> queue::get_cron_jobs() const { return cron_jobs(state_); }
awaitable<std::optional<cron_job>> queue::get_cron_job(std::string name) const {
    return find_cron(state_, std::move(name));
}
awaitable<bool> queue::remove_cron(std::string name) const { return forget_cron(state_, std::move(name)); }
awaitable<std::optional<job_id>> queue::run_cron(schedule_key which) const { return add_run(state_, std::move(which)); }

awaitable<std::vector<cron_job>> queue::cron_jobs(shared s) {
    auto all = co_await control(s->stored, *s->time).schedules();
    for (const auto& known : s->jobs->all()) {
        if (!known->when)
            continue;
        const auto stored = std::ranges::find_if(
            all, [&](const cron_job& each) { return each.queue == known->queue && each.name == known->name; });
        if (stored != all.end())
            stored->defined_here = true;
        else
            all.push_back({.queue = known->queue,
                           .name = known->name,
                           .when = *known->when,
                           .next = first_run(*known->when, s->time->wall()),
                           .defined_here = true,
                           .stored = false});
    }
    std::ranges::sort(all, {}, [](const cron_job& each) { return std::pair(each.queue, each.name); });
    co_return all;
}

awaitable<std::optional<cron_job>> queue::find_cron(shared s, std::string name) {
    for (auto& each : co_await cron_jobs(s))
        if (each.name == name)
            co_return std::move(each);
    co_return std::nullopt;
}

awaitable<bool> queue::forget_cron(shared s, std::string name) {
    const auto found = co_await find_cron(s, name);
    s->jobs->remove_cron_job(name);
    if (found && found->stored)
        co_await control(s->stored, *s->time).remove_schedule({found->queue, name});
    co_return found.has_value();
}

awaitable<std::optional<job_id>> queue::add_run(shared s, schedule_key of) {
    const auto all = co_await s->stored->schedules(of.queue);
    const auto found = std::ranges::find(all, of.id, &schedule_info::id);
    if (found == all.end())
        co_return std::nullopt;
    co_return co_await add_one(s, of.queue, found->options, {found->name, found->data}, {});
}

awaitable<void> queue::stop(deadline limit) const { return state_->stored->stop(limit); }

} // namespace infra::queue
