#include "storage.hpp"

namespace infra::queue {
namespace {

outcome failed_instead(outcome o, const job_info& job, std::string reason) {
    o.as = outcome::kind::failed;
    o.reason = std::move(reason);
    o.keep = job.options.keep_failed;
    return o;
}

// A job that somebody wants to end does not run again; one whose children are not done, or failed it, is not completed.
outcome decided(outcome o, const job_info& job, const children_at_end& children) {
    if (o.as == outcome::kind::failed)
        return o;
    if (job.cancel_requested && o.as != outcome::kind::completed)
        return failed_instead(std::move(o), job, std::string(cancelled_reason));
    if (auto reason = failure_by_children(end_of_run(o.as), children); !reason.empty())
        return failed_instead(std::move(o), job, std::move(reason));
    return o;
}

void remember(job_info& job, const outcome& o) {
    job.failed_reason = o.reason;
    job.errors.push_back({.attempt = job.attempts_made, .at = o.at, .reason = o.reason});
    if (job.errors.size() > max_job_errors)
        job.errors.erase(job.errors.begin());
}

} // namespace

std::vector<bool> memory_storage::finish(const std::vector<outcome>& outcomes) {
    std::vector<bool> recorded;
    names touched;
    for (const auto& each : outcomes) {
        recorded.push_back(finish(each));
        touched.insert(each.held.job.queue);
    }
    publish(touched);
    return recorded;
}

bool memory_storage::finish(const outcome& asked) {
    auto* r = held(asked.held);
    if (!r)
        return false;
    if (asked.as == outcome::kind::dropped)
        return drop(*r, asked.at);
    auto& job = r->info;
    const auto o = decided(asked, job, at_end(*r));
    job.attempts_made += asked.as != outcome::kind::returned && asked.as != outcome::kind::waits;
    if (o.as == outcome::kind::retry || o.as == outcome::kind::failed)
        remember(job, o);
    const bool goes_on = o.as != outcome::kind::completed && o.as != outcome::kind::failed;
    if (o.as == outcome::kind::waits) {
        wait_for_children(*r, o.at);
    } else if (goes_on) {
        const bool in_front = o.as == outcome::kind::returned || job.options.lifo || !job.group.empty();
        wait_again(*r, in_front ? -++numbers_ : ++numbers_, o.at, o.run_at);
        record_event(*r, o.as == outcome::kind::retry ? kind::retrying : kind::returned, o.at, o.reason);
    }
    if (o.as == outcome::kind::completed)
        job.result = o.result;
    if (on_finish) {
        auto seen = shown(*r);
        if (!goes_on) {
            seen.state = o.as == outcome::kind::completed ? job_state::completed : job_state::failed;
            seen.finished_at = o.at;
            seen.worker.clear();
        }
        on_finish(seen, o.as);
    }
    if (!goes_on)
        end(*r, o.as == outcome::kind::completed ? job_state::completed : job_state::failed, o.reason, o.at, o.keep);
    return true;
}

bool memory_storage::drop(record& r, wall_time at) {
    record_event(r, kind::removed, at);
    release_slot(r, at);
    forget(r, at);
    return true;
}

void memory_storage::count_end(const record& r, wall_time at) {
    auto& minutes = queue_of(r.info.queue).minutes;
    const auto minute = std::chrono::floor<std::chrono::minutes>(at);
    auto& counted = minutes[minute];
    counted.minute = minute;
    ++(r.info.state == job_state::completed ? counted.completed : counted.failed);
    minutes.erase(minutes.begin(), minutes.lower_bound(saturating_add(minutes.rbegin()->first, -history_kept)));
}

std::vector<minute_counts> memory_storage::history(const std::string& queue, wall_time from, wall_time to) const {
    std::vector<minute_counts> found;
    if (const auto* q = find_queue(queue))
        for (const auto& [minute, counted] : q->minutes)
            if (minute >= from && minute < to)
                found.push_back(counted);
    return found;
}

} // namespace infra::queue
