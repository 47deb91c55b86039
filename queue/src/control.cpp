#include <infra/queue/control.hpp>

#include "cancel_bell.hpp"
#include "recurrence.hpp"

#include <infra/base/with_deadline.hpp>

#include <algorithm>
#include <limits>

namespace infra::queue {
namespace {

// The functions that await take what they need by value: the control that was asked may be a temporary.

// Those that run hear of it at once, as far as they run here.
awaitable<change_result> apply(control on, change_request request) {
    const bool cancels = request.what == job_change::cancel;
    auto done = co_await on.stored()->change(std::move(request));
    if (cancels && done.changed > 0)
        cancel_bell::ring(*on.stored());
    co_return done;
}

// Each call takes up where the last one left off, so that others come in between.
awaitable<std::size_t> change_all(control on, job_change what, job_filter which,
                                  std::size_t most = std::numeric_limits<std::size_t>::max()) {
    change_request request{.what = what, .filter = std::move(which), .now = on.time().wall()};
    std::size_t changed = 0;
    do {
        request.max = std::min<std::size_t>(request.max, most - changed);
        const auto part = co_await apply(on, request);
        changed += part.changed;
        request.cursor = part.next;
    } while (!request.cursor.empty() && changed < most);
    co_return changed;
}

// With the unfinished ones that it waits for: nobody would want them.
awaitable<bool> change_one_of(control on, job_change what, job_key job) {
    change_request request{.what = what, .now = on.time().wall(), .with_children = true};
    request.jobs.push_back(std::move(job));
    co_return (co_await apply(on, std::move(request))).changed > 0;
}

awaitable<queue_settings> configure(const control& on, settings_change change) {
    check_name("control: the queue", change.queue);
    change.now = on.time().wall();
    return on.stored()->configure(std::move(change));
}

void check_rate(const rate_limit& limit) {
    if (limit.max > 0 && limit.duration < std::chrono::milliseconds(1))
        throw std::invalid_argument("queue::rate_limit::duration must be at least 1 ms");
}

awaitable<void> wait_until_none_runs(control on, std::string queue) {
    while ((co_await on.stored()->counts({queue})).at(0).active > 0)
        co_await on.time().sleep_for(std::chrono::milliseconds(20));
}

awaitable<void> end_all_that_run(control on, std::string queue, std::optional<deadline> force) {
    if (force) {
        co_await change_all(on, job_change::cancel, {.queue = queue, .states = {job_state::active}});
        co_await with_deadline(wait_until_none_runs(on, queue), *force, on.time());
    } else if ((co_await on.stored()->counts({queue})).at(0).active > 0) {
        throw error(infra::errc::invalid_state, "jobs of the queue \"" + queue +
                                                    "\" run; it is paused now, so obliterate it once they are over, or "
                                                    "pass a deadline to have them cancelled");
    }
}

awaitable<void> obliterate_all(control on, std::string queue, std::optional<deadline> force) {
    co_await on.pause(queue);
    co_await end_all_that_run(on, queue, force);
    std::vector<schedule_key> keys;
    for (const auto& s : co_await on.stored()->schedules(queue))
        keys.push_back({s.queue, s.id});
    if (!keys.empty())
        co_await on.stored()->remove_schedules(std::move(keys));
    co_await change_all(on, job_change::remove, {.queue = queue});
    if (!co_await on.stored()->forget_queue(queue))
        throw error(infra::errc::invalid_state,
                    "jobs were added to the queue \"" + queue + "\" while it was obliterated; those are still there");
}

awaitable<bool> remove_one(control on, schedule_key key) {
    std::vector<schedule_key> one;
    one.push_back(std::move(key));
    co_return (co_await on.stored()->remove_schedules(std::move(one))).at(0);
}

awaitable<bool> pause_one(control on, schedule_key key) {
    std::vector<schedule_key> one;
    one.push_back(std::move(key));
    co_return (co_await on.stored()->pause_schedules(std::move(one), on.time().wall())).at(0);
}

awaitable<std::optional<schedule_info>> find_schedule(control on, schedule_key key) {
    for (auto& each : co_await on.stored()->schedules(key.queue))
        if (each.id == key.id)
            co_return std::move(each);
    co_return std::nullopt;
}

resume_request resumed(const schedule_info& s, wall_time now) {
    return {.of = {s.queue, s.id}, .when = s.when, .next = resumed_run(s.when, s.last, s.runs, now), .now = now};
}

// What was worked out of one that somebody changed meanwhile is worked out anew.
awaitable<bool> resume_one(control on, schedule_key key) {
    constexpr int most_looks = 20;
    for (int looks = 0; looks < most_looks; ++looks) {
        const auto known = co_await find_schedule(on, key);
        if (!known || !known->paused_since)
            co_return known.has_value();
        std::vector<resume_request> one;
        one.push_back(resumed(*known, on.time().wall()));
        if ((co_await on.stored()->resume_schedules(std::move(one))).at(0))
            co_return true;
    }
    throw error(errc::unavailable,
                "the schedule \"" + key.id + "\" is changed by others all the time; try again later");
}

awaitable<std::vector<cron_job>> stored_schedules(control on, std::optional<std::string> queue) {
    std::vector<cron_job> all;
    for (auto& s : co_await on.stored()->schedules(std::move(queue)))
        all.push_back({.queue = std::move(s.queue),
                       .name = std::move(s.id),
                       .when = std::move(s.when),
                       .runs = s.runs,
                       .next = s.next,
                       .last = s.last,
                       .paused_since = s.paused_since,
                       .orphaned = saturating_sub(on.time().wall(), s.defined_at) >= orphaned_after});
    co_return all;
}

} // namespace

// --- a queue ------------------------------------------------------------------------------------------------------

awaitable<queue_settings> control::pause(std::string queue) const {
    return configure(*this, {.queue = std::move(queue), .paused = true});
}

awaitable<queue_settings> control::resume(std::string queue) const {
    return configure(*this, {.queue = std::move(queue), .paused = false});
}

awaitable<queue_settings> control::set_concurrency(std::string queue, std::size_t most) const {
    return configure(*this, {.queue = std::move(queue), .concurrency = most});
}

awaitable<queue_settings> control::set_rate_limit(std::string queue, rate_limit limit) const {
    check_rate(limit);
    return configure(*this, {.queue = std::move(queue), .rate = limit});
}

awaitable<queue_settings> control::set_group_limits(std::string queue, group_limits limits) const {
    check_rate(limits.rate);
    return configure(*this, {.queue = std::move(queue), .per_group = limits});
}

awaitable<queue_settings> control::set_max_length(std::string queue, std::size_t most) const {
    return configure(*this, {.queue = std::move(queue), .max_length = most});
}

awaitable<queue_settings> control::settings(std::string queue) const { return stored_->settings(std::move(queue)); }

awaitable<std::size_t> control::drain(std::string queue, bool also_delayed) const {
    check_name("control::drain: the queue", queue);
    std::vector<job_state> states{job_state::waiting};
    if (also_delayed)
        states.push_back(job_state::delayed);
    return change_all(*this, job_change::remove, {.queue = std::move(queue), .states = std::move(states)});
}

awaitable<std::size_t> control::clean(std::string queue, job_state state, std::chrono::milliseconds older_than,
                                      std::size_t most) const {
    check_name("control::clean: the queue", queue);
    const bool is_over = state == job_state::completed || state == job_state::failed;
    job_filter which{.queue = std::move(queue), .states = {state}};
    (is_over ? which.finished_before : which.created_before) = saturating_add(time_->wall(), -older_than);
    return change_all(*this, job_change::remove, std::move(which), most);
}

awaitable<void> control::obliterate(std::string queue, std::optional<deadline> force) const {
    return obliterate_all(*this, std::move(queue), force);
}

// --- jobs ---------------------------------------------------------------------------------------------------------

awaitable<job_page> control::list(job_filter filter, std::size_t max, std::string cursor) const {
    return list({.filter = std::move(filter), .max = max, .cursor = std::move(cursor)});
}

awaitable<job_page> control::list(list_request request) const {
    if (request.max < 1 || request.max > 10'000)
        throw std::invalid_argument("queue::list_request::max must be from 1 to 10000");
    return stored_->list(std::move(request));
}

awaitable<bool> control::change_one(job_change what, job_key job) const {
    return change_one_of(*this, what, std::move(job));
}

awaitable<std::size_t> control::retry_all(job_filter which) const {
    return change_all(*this, job_change::retry, std::move(which));
}

awaitable<std::size_t> control::promote_all(job_filter which) const {
    return change_all(*this, job_change::promote, std::move(which));
}

awaitable<std::size_t> control::cancel_all(job_filter which) const {
    return change_all(*this, job_change::cancel, std::move(which));
}

awaitable<std::size_t> control::remove_all(job_filter which) const {
    return change_all(*this, job_change::remove, std::move(which));
}

awaitable<change_result> control::change(change_request request) const {
    request.now = time_->wall();
    return apply(*this, std::move(request));
}

awaitable<children_page> control::children(job_key job, std::size_t max, std::string cursor) const {
    if (max < 1 || max > 10'000)
        throw std::invalid_argument("queue::children_request::max must be from 1 to 10000");
    return stored_->children({.parent = std::move(job), .max = max, .cursor = std::move(cursor)});
}

awaitable<std::vector<log_line>> control::logs(job_key job) const { return stored_->logs(std::move(job)); }

// --- schedules ----------------------------------------------------------------------------------------------------

awaitable<void> control::upsert_schedule(new_schedule s) const {
    check_name("new_schedule::queue", s.queue);
    check_name("new_schedule::id", s.id);
    check_name("new_schedule::name", s.name);
    check(s.when);
    check(s.options, "new_schedule::options");
    s.now = time_->wall();
    s.next = first_run(s.when, s.now);
    std::vector<new_schedule> one;
    one.push_back(std::move(s));
    return stored_->upsert(std::move(one));
}

awaitable<bool> control::remove_schedule(schedule_key key) const { return remove_one(*this, std::move(key)); }

awaitable<bool> control::pause_schedule(schedule_key key) const { return pause_one(*this, std::move(key)); }

awaitable<bool> control::resume_schedule(schedule_key key) const { return resume_one(*this, std::move(key)); }

awaitable<std::vector<cron_job>> control::schedules(std::optional<std::string> queue) const {
    return stored_schedules(*this, std::move(queue));
}

} // namespace infra::queue
