#include "deduplication.hpp"
#include "families.hpp"
#include "family_rows.hpp"
#include "look.hpp"
#include "schedules.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

// Behind those that wait.
void wait_now(store& s, const job_row& job, std::optional<std::int64_t> expires_at, std::int64_t place) {
    stand_in_line(s, *job.queue, {job.priority, place, job.seq, expires_at});
    s.queues.moved(*job.queue, job.state, job_state::waiting);
}

bool retry(store& s, const job_row& job, wall_time now) {
    if (!is_over(job))
        return false;
    const auto end = *s.ended.find(s.db, job.seq);
    leave_finished(s, *job.queue, end);
    const auto place = s.queues.next_number();
    query(s.db,
          "UPDATE infra_jobs SET state = 0, place = ?2, attempts_made = 0, stalls = 0, expires_at = NULL, result = "
          "NULL, fence = iif(?3, ?3, fence), started_at = iif(?3, ?4, started_at), waiting_since = ?5 WHERE seq = ?1")
        .bind(job.seq, place, end.fence, end.started_at, to_unix_ms(now))
        .run();
    if (forgive_children(s, job.seq) > 0) {
        begin_to_wait(s, *job.queue, job.seq, job.state);
        record(s, *job.queue, job_event::kind::waiting_children, job.id, now);
    } else {
        wait_now(s, job, std::nullopt, place);
        record(s, *job.queue, job_event::kind::waiting, job.id, now);
    }
    expect_again(s, job.seq);
    return true;
}

bool promote(store& s, const job_row& job, wall_time now) {
    if (job.state != job_state::delayed)
        return false;
    leave_place(s, *job.queue, job.seq);
    const auto place = s.queues.next_number();
    query(s.db, "UPDATE infra_jobs SET state = 0, place = ?2, waiting_since = ?3 WHERE seq = ?1")
        .bind(job.seq, place, to_unix_ms(now))
        .run();
    wait_now(s, job, job.expires_at, place);
    record(s, *job.queue, job_event::kind::waiting, job.id, now);
    return true;
}

// Its worker is told when it renews its lease.
bool ask_for_the_end(store& s, const job_row& job, wall_time now) {
    if (s.leases.find(job.seq)->has(lease_row::cancelled))
        return false;
    s.leases.mark(job.seq, lease_row::cancelled);
    record(s, *job.queue, job_event::kind::cancel_requested, job.id, now);
    return true;
}

bool cancel(store& s, const job_row& job, wall_time now) {
    if (job.state == job_state::active)
        return ask_for_the_end(s, job, now);
    if (is_over(job) || is_pending_run(s, job))
        return false;
    leave_place(s, *job.queue, job.seq);
    fail_job(s, *job.queue, job.seq, job.state, cancelled_reason, now);
    return true;
}

// Who names a job has its parent go on without it; who clears up need not know that it is a child.
bool remove(store& s, const job_row& job, const change_request& by) {
    if (job.state == job_state::active || is_pending_run(s, job))
        return false;
    record(s, *job.queue, job_event::kind::removed, job.id, by.now);
    auto doomed = by.jobs.empty() ? tell_parent_of_removal(s, job, by.now) : std::nullopt;
    remove_job(s, job, by.now);
    fail_parents(s, std::move(doomed), by.now);
    return true;
}

bool change_one(store& s, const job_row& job, const change_request& by) {
    switch (by.what) {
    case job_change::retry: return retry(s, job, by.now);
    case job_change::promote: return promote(s, job, by.now);
    case job_change::cancel: return cancel(s, job, by.now);
    case job_change::remove: return remove(s, job, by);
    }
    return false;
}

// Above before below, so that none is released meanwhile. How many were changed.
std::size_t change_family(store& s, const job_row& job, const change_request& by) {
    const bool takes_children = by.what == job_change::cancel || by.what == job_change::remove;
    const auto below = takes_children ? pending_below(s, job.seq) : std::vector<std::int64_t>();
    if (!change_one(s, job, by))
        return 0;
    std::size_t changed = 1;
    for (const auto seq : below)
        if (const auto row = find_row(s, seq))
            changed += change_one(s, *row, by);
    return changed;
}

// What is retried waits again with all that it waits for: children first, and they are the newer ones. Those of a page keep
// their order.
found_jobs page_of(store& s, const change_request& by) {
    const bool retries = by.what == job_change::retry;
    auto found = look(s, {.filter = by.filter, .max = by.max, .newest_first = retries, .cursor = by.cursor});
    if (!retries)
        return found;
    std::ranges::reverse(found.jobs);
    for (const auto& each : found.jobs)
        if (each.info.finished_at)
            expect_again(s, each.seq);
    return found;
}

} // namespace

void remove_job(store& s, const job_row& job, wall_time now) {
    if (is_over(job))
        leave_finished(s, *job.queue, job_end(*s.ended.find(s.db, job.seq)));
    else
        leave_place(s, *job.queue, job.seq);
    free_deduplication(s, *job.queue, job.seq);
    forget_job(s, *job.queue, job.seq, job.state, now);
    note_removal(s, job.seq);
}

change_result change(store& s, const change_request& request) {
    change_result result;
    const auto change_if_there = [&](const std::optional<job_row>& job) {
        if (job)
            result.changed += request.with_children ? change_family(s, *job, request) : change_one(s, *job, request);
    };
    if (!request.jobs.empty()) {
        for (const auto& key : request.jobs)
            change_if_there(find_row(s, key));
        return result;
    }
    const auto found = page_of(s, request);
    for (const auto& each : found.jobs)
        change_if_there(find_row(s, each.seq));
    result.next = found.next;
    return result;
}

} // namespace infra::queue::sqlite
