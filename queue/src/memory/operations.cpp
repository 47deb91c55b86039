#include "storage.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace infra::queue {
namespace {

constexpr std::size_t most_looked_at = 1000; // in one call

std::uint64_t number_at_cursor(std::string_view cursor, std::uint64_t without) {
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), without);
    return without;
}

} // namespace

queue_settings memory_storage::configure(const settings_change& change) {
    auto& now = queue_of(change.queue).settings;
    const bool was_paused = now.paused;
    now.paused = change.paused.value_or(now.paused);
    now.concurrency = change.concurrency.value_or(now.concurrency);
    now.rate = change.rate.value_or(now.rate);
    now.max_length = change.max_length.value_or(now.max_length);
    if (change.rate)
        queue_of(change.queue).rate.reset();
    if (change.per_group) {
        if (change.per_group->rate != now.per_group.rate)
            for (auto& [name, group] : queue_of(change.queue).groups)
                group.rate.reset();
        now.per_group = *change.per_group;
        settle_all(change.queue);
    }
    if (now.paused != was_paused)
        record_event(change.queue, now.paused ? kind::paused : kind::resumed, {}, change.now);
    publish({change.queue});
    return now;
}

queue_settings memory_storage::settings(const std::string& queue) const {
    const auto* q = find_queue(queue);
    return q ? q->settings : queue_settings{.queue = queue};
}

bool memory_storage::forget_queue(const std::string& queue) {
    const auto* q = find_queue(queue);
    const bool has_jobs = std::ranges::any_of(jobs_, [&](const auto& each) { return each.second.info.queue == queue; });
    if (has_jobs || (q && !q->schedules.empty()))
        return false;
    queues_.erase(queue);
    return true;
}

job_page memory_storage::list(const list_request& request) const {
    job_page page;
    const auto look = [&](std::uint64_t number, const record& r) {
        if (page.jobs.size() == request.max || page.looked_at == most_looked_at)
            return false;
        ++page.looked_at;
        page.next = std::to_string(number);
        if (auto info = shown(r); matches(request.filter, info))
            page.jobs.push_back(std::move(info));
        return true;
    };
    bool all = true;
    if (request.newest_first) {
        const auto before =
            jobs_.lower_bound(number_at_cursor(request.cursor, std::numeric_limits<std::uint64_t>::max()));
        for (auto at = std::make_reverse_iterator(before); all && at != jobs_.rend(); ++at)
            all = look(at->first, at->second);
    } else {
        for (auto at = jobs_.upper_bound(number_at_cursor(request.cursor, 0)); all && at != jobs_.end(); ++at)
            all = look(at->first, at->second);
    }
    if (all)
        page.next.clear();
    return page;
}

change_result memory_storage::change(const change_request& request) {
    change_result result;
    names touched;
    const auto change_if_there = [&](const job_key& key) {
        auto* r = find(key.queue, key.id);
        touched.insert(r ? r->info.queue : key.queue);
        if (r)
            result.changed += request.with_children ? change_family(*r, request) : change(*r, request);
    };
    if (request.jobs.empty()) {
        const auto page = page_of(request);
        for (const auto& job : page.jobs)
            change_if_there({job.queue, job.id});
        result.next = page.next;
    } else {
        for (const auto& key : request.jobs)
            (void)find(key.queue, key.id); // refuses what is ambiguous before the first change
        std::ranges::for_each(request.jobs, change_if_there);
    }
    publish(touched);
    return result;
}

/// What is retried waits again with all that it waits for: children first, and they are the newer ones. Those of a page keep
/// their order.
job_page memory_storage::page_of(const change_request& by) {
    const bool retries = by.what == job_change::retry;
    auto page = list({.filter = by.filter, .max = by.max, .newest_first = retries, .cursor = by.cursor});
    if (!retries)
        return page;
    std::ranges::reverse(page.jobs);
    for (const auto& each : page.jobs)
        if (each.finished_at)
            expect_again(*find(each.queue, each.id));
    return page;
}

bool memory_storage::is_pending_run(const record& r) const {
    const auto run = run_of(r.info.id);
    const auto* q = find_queue(r.info.queue);
    if (!run || !q)
        return false;
    const auto s = q->schedules.find(run->first);
    return s != q->schedules.end() && s->second.next == run->second;
}

/// Above before below, so that none is released meanwhile. How many were changed.
std::size_t memory_storage::change_family(record& r, const change_request& by) {
    const bool takes_children = by.what == job_change::cancel || by.what == job_change::remove;
    const auto below = takes_children ? pending_below(r) : std::vector<std::uint64_t>();
    if (!change(r, by))
        return 0;
    std::size_t changed = 1;
    for (const auto number : below)
        if (auto* each = at(number))
            changed += change(*each, by);
    return changed;
}

bool memory_storage::change(record& r, const change_request& by) {
    auto& job = r.info;
    const bool stands =
        job.state == job_state::waiting || job.state == job_state::delayed || job.state == job_state::waiting_children;
    switch (by.what) {
    case job_change::retry:
        if (!job.finished_at)
            return false;
        job.attempts_made = job.stalls = 0;
        job.finished_at = job.expires_at = std::nullopt;
        job.result.clear();
        wait_as_retried(r, by.now);
        return true;
    case job_change::promote:
        if (job.state != job_state::delayed)
            return false;
        wait_again(r, ++numbers_, by.now);
        record_event(r, kind::waiting, by.now);
        return true;
    case job_change::cancel:
        if (job.state == job_state::active) {
            record_event(r, kind::cancel_requested, by.now);
            return !std::exchange(job.cancel_requested, true);
        }
        if (!stands || is_pending_run(r))
            return false;
        end(r, job_state::failed, std::string(cancelled_reason), by.now, job.options.keep_failed);
        return true;
    case job_change::remove:
        if (job.state == job_state::active || is_pending_run(r))
            return false;
        remove(r, by);
        return true;
    }
    return false;
}

/// Who names a job has its parent go on without it; who clears up need not know that it is a child.
void memory_storage::remove(record& r, const change_request& by) {
    record_event(r, kind::removed, by.now);
    const auto reason = reason_of_failed_child(r.info.queue + ":" + r.info.id);
    auto* fails = by.jobs.empty() ? tell_parent_of_removal(r, by.now) : nullptr;
    free_slot(r);
    forget(r, by.now);
    if (fails)
        end(*fails, job_state::failed, reason, by.now, fails->info.options.keep_failed);
}

std::vector<bool> memory_storage::tell(std::vector<note> notes) {
    std::vector<bool> kept;
    for (auto& each : notes) {
        auto* r = held(each.held);
        kept.push_back(r);
        if (!r)
            continue;
        for (auto& line : each.lines)
            r->log.push_back(std::move(line));
        while (r->log.size() > max_log_lines)
            r->log.pop_front();
        if (each.progress) {
            r->info.progress = *each.progress;
            record_event(*r, kind::progress, each.at, *each.progress);
        }
    }
    return kept;
}

std::vector<log_line> memory_storage::logs(const job_key& job) const {
    const auto* r = find(job.queue, job.id);
    return r ? std::vector(r->log.begin(), r->log.end()) : std::vector<log_line>();
}

std::uint64_t memory_storage::wait_for_end(const job_key& job, promise<std::optional<job_info>> end,
                                           memory_handle* by) {
    const auto number = static_cast<std::uint64_t>(++numbers_);
    end_waits_.push_back({number, job, std::move(end), by});
    return number;
}

void memory_storage::leave(std::uint64_t wait) {
    std::erase_if(end_waits_, [wait](const end_wait& w) { return w.number == wait; });
}

void memory_storage::close(memory_handle& which, const std::exception_ptr& why) {
    which.work.close(why);
    which.events.close(why);
    for (const auto& each : end_waits_)
        if (each.by == &which)
            each.end.set_exception(why);
    std::erase_if(end_waits_, [&which](const end_wait& w) { return w.by == &which; });
    std::erase_if(attendees_, [&which](const auto& each) { return each.second.through == &which; });
}

} // namespace infra::queue
