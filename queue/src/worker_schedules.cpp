#include "recurrence.hpp"
#include "worker_run.hpp"

#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <set>

namespace infra::queue {
namespace {

/// Another program may have stored one that cannot be worked out: it hurts itself alone.
template <class Decide>
std::optional<advance_request> unless_unreadable(const schedule_info& s, Decide decide) {
    try {
        return decide();
    } catch (const std::exception& e) {
        telemetry::log(level::warn, "queue", "a schedule cannot be worked out, and has no further run",
                       {{"schedule", s.id}, {"queue", s.queue}, {"reason", e.what()}});
        return std::nullopt;
    }
}

} // namespace

// Once a minute, and soon after a definition came or went.
awaitable<void> worker_run::keep_schedules_if_due() {
    const auto definitions = jobs_.jobs()->revision();
    if (limit_ || (time_.steady() < next_look_at_schedules_ && definitions == definitions_))
        co_return;
    definitions_ = definitions;
    next_look_at_schedules_ = saturating_add(time_.steady(), schedule_interval);
    std::exception_ptr thrown;
    try {
        co_await keep_schedules();
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown)
        co_await pause_after("keep schedules", thrown);
}

// Any number of workers may do so at the same time: what one has done the others find done.
awaitable<void> worker_run::keep_schedules() {
    const auto served = queues();
    auto defined = to_define(jobs_.jobs()->all(), served, time_.wall());
    if (!defined.empty())
        co_await stored_->upsert(defined);
    std::vector<new_schedule> others;
    std::vector<advance_request> repairs;
    for (const auto& s : co_await stored_->schedules(std::nullopt)) {
        if (!jobs_.jobs()->runner_of(s.name) || std::ranges::count(served, s.queue) == 0)
            continue;
        if (std::ranges::none_of(defined, [&](const auto& d) { return d.queue == s.queue && d.id == s.id; }))
            others.push_back(again(s, time_.wall()));
        if (auto repair = unless_unreadable(s, [&] { return to_repair(s, time_.wall()); })) {
            telemetry::log(level::warn, "queue", "a schedule had lost its next run; it has one again",
                           {{"schedule", s.id}, {"queue", s.queue}});
            repairs.push_back(std::move(*repair));
        }
    }
    if (!others.empty())
        co_await stored_->upsert(std::move(others));
    if (!repairs.empty())
        co_await stored_->advance(std::move(repairs));
}

/// Before the runs among `taken` are performed, so that one that fails or hangs costs no other; also of those that have
/// expired. Gives those that are not to be performed: missed, or returned since the storage refuses now.
awaitable<worker_run::not_performed> worker_run::advance_runs(std::vector<running_job> taken,
                                                              std::vector<job_key> expired) {
    std::vector<scheduled_run> runs;
    for (const auto& r : taken)
        if (r->known && run_of(r->job.held.job.id))
            runs.push_back({r->job.held.job, r});
    for (auto& each : expired)
        if (run_of(each.id))
            runs.push_back({std::move(each)});
    if (runs.empty())
        co_return not_performed();
    std::exception_ptr thrown;
    try {
        co_return co_await decide_runs(runs);
    } catch (...) {
        thrown = std::current_exception();
    }
    note_trouble("advance schedules", thrown);
    not_performed all;
    for (const auto& run : runs)
        if (run.taken)
            all.emplace(run.taken, attempt::end::interrupted);
    co_return all;
}

awaitable<std::vector<schedule_info>> worker_run::schedules_of(std::vector<scheduled_run> runs) {
    std::set<std::string> queues;
    for (const auto& each : runs)
        queues.insert(each.job.queue);
    std::vector<schedule_info> all;
    for (const auto& queue : queues)
        std::ranges::move(co_await stored_->schedules(queue), std::back_inserter(all));
    co_return all;
}

awaitable<worker_run::not_performed> worker_run::decide_runs(std::vector<scheduled_run> runs) {
    const auto known = co_await schedules_of(runs);
    not_performed left_out;
    std::vector<advance_request> requests;
    for (const auto& each : runs) {
        const auto run = run_of(each.job.id);
        const auto s = std::ranges::find_if(
            known, [&](const schedule_info& one) { return one.queue == each.job.queue && one.id == run->first; });
        if (s == known.end() || !jobs_.jobs()->runner_of(s->name))
            continue;
        const auto request = unless_unreadable(*s, [&] { return to_advance(*s, run->second, time_.wall()); });
        if (!request)
            continue;
        requests.push_back(*request);
        if (request->made || !each.taken)
            continue;
        left_out.emplace(each.taken, attempt::end::skipped);
        telemetry::log(level::info, "queue", "a scheduled run was missed and is skipped",
                       {{"schedule", s->id}, {"queue", s->queue}});
    }
    if (!requests.empty())
        co_await stored_->advance(std::move(requests));
    co_return left_out;
}

} // namespace infra::queue
