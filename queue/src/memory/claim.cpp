#include "storage.hpp"

#include <algorithm>
#include <limits>

namespace infra::queue {
namespace {

bool lease_is_over(wall_time until, const claim_request& by) {
    return until <= by.expired_before.value_or(by.now) || until > saturating_add(by.now, longest_lease);
}

} // namespace

claim_result memory_storage::claim(const claim_request& request) {
    claim_result result;
    rescue(request, result);
    promote(request.now);
    open_groups(request.now);
    expire(request, result);
    take_in_turns(request, result);
    if (result.jobs.size() < request.max)
        result.next_due = next_due(request);
    return result;
}

void memory_storage::rescue(const claim_request& by, claim_result& result) {
    names touched;
    for (auto* r : sorted(in(job_state::active), [](const record* each) { return each->lease_until; })) {
        if (!lease_is_over(r->lease_until, by))
            continue;
        touched.insert(r->info.queue);
        ++r->info.stalls;
        result.rescued.push_back({r->info.queue, r->info.id});
        record_event(*r, kind::stalled, by.now);
        if (r->info.cancel_requested)
            end(*r, job_state::failed, std::string(cancelled_reason), by.now, r->info.options.keep_failed);
        else if (const auto& doomed_by = at_end(*r).doomed_by; !doomed_by.empty())
            end(*r, job_state::failed, reason_of_failed_child(doomed_by), by.now, r->info.options.keep_failed);
        else
            wait_again(*r, -++numbers_, by.now);
    }
    publish(touched);
}

void memory_storage::promote(wall_time now) {
    names touched;
    for (auto* r : sorted(in(job_state::delayed), [](const record* each) { return *each->info.run_at; }))
        if (*r->info.run_at <= now) {
            wait_again(*r, ++numbers_, r->waiting_since);
            touched.insert(r->info.queue);
        }
    publish(touched);
}

void memory_storage::expire(const claim_request& by, claim_result& result) {
    names touched;
    std::vector<std::uint64_t> late;
    for (const auto& queue : by.queues)
        for (auto* r : sorted(in(job_state::waiting, queue), [](const record* each) { return each->info.expires_at; }))
            if (r->info.expires_at && *r->info.expires_at <= by.now)
                late.push_back(r->number);
    for (const auto number : late)
        if (auto* r = at(number); r && r->info.state == job_state::waiting) { // its child may have failed it
            result.expired.push_back({r->info.queue, r->info.id});
            touched.insert(r->info.queue);
            end(*r, job_state::failed, std::string(expired_reason), by.now, r->info.options.keep_failed);
        }
    publish(touched); // a duplicate that was kept may wait now
}

/// How many jobs of the queue may be started now.
std::size_t memory_storage::allowance(const std::string& queue, wall_time now) {
    auto& q = queue_of(queue);
    auto left = q.settings.paused ? 0 : std::numeric_limits<std::size_t>::max();
    if (const auto most = q.settings.concurrency; most > 0)
        left = std::min(left, most - std::min(most, count(job_state::active, queue)));
    if (const auto& rate = q.settings.rate; rate.max > 0) {
        if (q.rate && is_over(*q.rate, rate, now))
            q.rate.reset();
        left = std::min(left, rate.max - std::min(rate.max, q.rate ? q.rate->started : 0));
    }
    return left;
}

claimed_job memory_storage::take(record& r, const claim_request& by) {
    r.info.state = job_state::active;
    r.family_changed = false;
    count_start(r, by.now);
    r.info.started_at = by.now;
    r.info.worker = by.worker.substr(0, max_worker_bytes);
    r.info.fence = static_cast<std::uint64_t>(++numbers_);
    r.token = "lease " + std::to_string(r.info.fence);
    r.lease_until = saturating_add(by.now, by.lease);
    record_event(r, kind::active, by.now);
    return {.held = {.job = {r.info.queue, r.info.id}, .fence = r.info.fence, .token = r.token},
            .name = r.info.name,
            .data = r.info.data,
            .options = r.info.options,
            .carrier = r.carrier,
            .attempts_made = r.info.attempts_made,
            .stalls = r.info.stalls,
            .waiting_since = r.waiting_since};
}

void memory_storage::take_from(const std::string& queue, std::size_t most, const claim_request& by,
                               claim_result& taken) {
    auto waiting = line(queue);
    most = std::min(most, allowance(queue, by.now));
    if (most > 0 && !waiting.empty())
        queue_of(queue).last_served = ++turns_;
    for (; most > 0 && !waiting.empty(); waiting = line(queue))
        for (auto* each : waiting) {
            taken.jobs.push_back(take(*each, by));
            if (--most == 0 || !each->info.group.empty()) // the next of its group is in the line now
                break;
        }
}

// First an equal share for each queue that has something, then what is left; who waited longest comes first.
void memory_storage::take_in_turns(const claim_request& by, claim_result& taken) {
    auto queues = by.queues;
    std::erase_if(queues, [&](const auto& each) { return line(each).empty() || allowance(each, by.now) == 0; });
    if (queues.empty())
        return;
    std::ranges::sort(queues, {}, [this](const auto& each) { return std::pair(queue_of(each).last_served, each); });
    for (const auto most : {std::max<std::size_t>(1, by.max / queues.size()), by.max})
        for (const auto& each : queues)
            take_from(each, std::min(most, by.max - taken.jobs.size()), by, taken);
}

std::optional<wall_time> memory_storage::next_due(const claim_request& by) {
    std::optional<wall_time> next;
    const auto may_be = [&next](std::optional<wall_time> due) {
        if (due && (!next || *due < *next))
            next = due;
    };
    for (const auto& [number, each] : jobs_)
        if (each.info.state == job_state::active)
            may_be(each.lease_until);
        else if (each.info.state == job_state::delayed)
            may_be(each.info.run_at);
    for (const auto& each : by.queues) {
        const auto& q = queue_of(each);
        if (q.settings.paused)
            continue;
        if (q.rate && count(job_state::waiting, each) > 0)
            may_be(saturating_add(q.rate->from, q.settings.rate.duration));
        may_be(next_opening(each));
    }
    return next;
}

std::vector<renewal> memory_storage::extend(const std::vector<lease>& leases, wall_time until) {
    std::vector<renewal> answers;
    for (const auto& each : leases) {
        auto* r = held(each);
        if (r)
            r->lease_until = until;
        answers.push_back(!r ? renewal::lost : r->info.cancel_requested ? renewal::cancel_requested : renewal::held);
    }
    return answers;
}

} // namespace infra::queue
