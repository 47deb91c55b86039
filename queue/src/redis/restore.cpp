#include "restore.hpp"

#include "add_jobs.hpp"
#include "error_traces.hpp"
#include "handed_on.hpp"
#include "job_hash.hpp"
#include "log_rows.hpp"
#include "naming.hpp"
#include "scores.hpp"
#include "scripts.hpp"
#include "slots.hpp"

#include "../is_over.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <span>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;

// --- A job's hash -------------------------------------------------------------------------------------------------

void put_time(hash_fields& into, std::string_view name, const std::optional<wall_time>& at) {
    if (at)
        into.emplace_back(name, std::to_string(to_unix_ms(*at)));
}

void put_text(hash_fields& into, std::string_view name, const std::string& text) {
    if (!text.empty())
        into.emplace_back(name, text);
}

void put_number(hash_fields& into, std::string_view name, std::uint64_t number) {
    if (number > 0)
        into.emplace_back(name, std::to_string(number));
}

std::string traces_of(const std::vector<job_error>& errors) {
    std::string text;
    for (const auto& each : errors)
        text = with_error(text.empty() ? words() : read_traces(text), each, max_job_errors);
    return text;
}

void put_past(hash_fields& into, const carried_job& job) {
    const auto& known = job.known;
    put_number(into, "atm", static_cast<std::uint64_t>(known.attempts_made));
    put_number(into, "ats", known.fence);
    put_number(into, "stc", static_cast<std::uint64_t>(known.stalls));
    put_time(into, "processedOn", known.started_at);
    put_text(into, "failedReason", known.failed_reason);
    put_text(into, "stacktrace", traces_of(known.errors));
    put_text(into, "progress", known.progress);
    if (!is_over(known))
        return;
    into.emplace_back("finishedOn", std::to_string(to_unix_ms(known.finished_at.value_or(known.created_at))));
    if (known.state == job_state::completed)
        into.emplace_back("returnvalue", known.result.empty() ? "null" : known.result);
}

// --- Where it stands ----------------------------------------------------------------------------------------------

std::string place_of_job(const carried_job& job) {
    switch (job.known.state) {
    case job_state::delayed: return "delayed";
    case job_state::completed: return "completed";
    case job_state::failed: return "failed";
    case job_state::waiting_children: return "waiting-children";
    default: return job.in_front ? "front" : "line";
    }
}

std::string time_of_place(const job_info& job) {
    if (job.state == job_state::delayed)
        return std::to_string(to_due_ms(job.run_at.value_or(job.created_at)));
    return std::to_string(to_unix_ms(is_over(job) ? job.finished_at.value_or(job.created_at) : job.created_at));
}

bool may_expire(const job_info& job) noexcept {
    return job.expires_at && (job.state == job_state::waiting || job.state == job_state::delayed);
}

std::string hold_of(const carried_job& job, wall_time now) {
    if (!job.held_until)
        return "";
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(saturating_sub(*job.held_until, now));
    return std::to_string(std::max<std::int64_t>(1, left.count()));
}

void put_carried(words& into, const carried_job& job, std::string_view prefix, wall_time now) {
    const auto& known = job.known;
    into.insert(into.end(), {known.id, place_of_job(job), time_of_place(known), std::to_string(known.options.priority),
                             known.group.empty() ? "" : "grouped",
                             may_expire(known) ? std::to_string(to_unix_ms(*known.expires_at)) : "",
                             job.holds_deduplication ? known.deduplication_id : "", hold_of(job, now)});
    put_hash(into, hash_of(job, prefix));
    into.push_back(std::to_string(job.log.size()));
    std::ranges::transform(job.log, std::back_inserter(into), to_row);
}

// Ids that a queue counts by itself: none that comes later gets one of these.
std::uint64_t number_of_id(std::string_view id) {
    constexpr std::size_t most_digits = 15; // what a double holds
    std::uint64_t number = 0;
    const auto* end = id.data() + id.size();
    const auto read = std::from_chars(id.data(), end, number);
    return id.size() <= most_digits && read.ec == std::errc() && read.ptr == end ? number : 0;
}

std::size_t size_of_carried(const carried_job& job) {
    auto size = job.known.data.size() + job.known.result.size() + job.carrier.size() + job.handed_on.size();
    for (const auto& line : job.log)
        size += line.text.size();
    return size;
}

/// Of one queue, as many as go into one call from there on.
std::size_t end_of_call(const std::vector<carried_job>& jobs, const std::vector<std::size_t>& which, std::size_t from) {
    std::size_t bytes = 0, at = from;
    for (; at < which.size() && at - from < most_in_a_call; ++at)
        if (bytes += size_of_carried(jobs[which[at]]); bytes > most_bytes_of_call && at > from)
            break;
    return at;
}

redis::command restore_command(const store& s, const std::vector<carried_job>& jobs,
                               std::span<const std::size_t> which) {
    const auto& queue = jobs[which.front()].known.queue;
    std::uint64_t highest = 0;
    words all{""};
    for (const auto i : which) {
        highest = std::max(highest, number_of_id(jobs[i].known.id));
        put_carried(all, jobs[i], s.options().prefix, s.time().wall());
    }
    all.front() = std::to_string(highest);
    // Sent again it finds what it did the first time.
    return scripts::restore_jobs.call(std::vector{s.keys(queue).base()}, all).again(redis::replay::idempotent);
}

awaitable<void> restore_in_queue(shared_store s, std::string queue, const std::vector<carried_job>& jobs,
                                 std::vector<std::size_t> which, std::vector<bool>& restored) {
    slot_of(s->options(), queue);
    co_await make_known(s, {queue});
    for (std::size_t from = 0, to = 0; from < which.size(); from = to) {
        to = end_of_call(jobs, which, from);
        const auto answers = co_await s->ask(restore_command(*s, jobs, std::span(which).subspan(from, to - from)));
        if (answers.is_null())
            throw not_paused_error(queue);
        for (auto i = from; i < to; ++i)
            restored[which[i]] = answers.items().at(i - from).as_integer() == 1;
    }
}

// --- Children -----------------------------------------------------------------------------------------------------

std::string kind_of(const child_info& child) {
    switch (child.state) {
    case child_state::completed: return "processed";
    case child_state::failed: return child.on_failure == child_failure::fail_parent ? "unsuccessful" : "failed";
    default: return "dependencies";
    }
}

std::string text_of_child(const child_info& child) {
    if (child.state == child_state::completed)
        return child.result.empty() ? "null" : child.result;
    return child.failed_reason;
}

redis::command children_command(const store& s, const job_key& parent, const std::vector<child_info>& children) {
    words all{std::to_string(to_unix_ms(s.time().wall()))};
    for (const auto& each : children) {
        all.push_back(kind_of(each));
        all.push_back(s.keys(each.job.queue).of_job(each.job.id));
        all.push_back(text_of_child(each));
    }
    return scripts::restore_children
        .call(words{s.keys(parent.queue).base(), s.keys(parent.queue).of_job(parent.id)}, all)
        .again(redis::replay::idempotent);
}

} // namespace

hash_fields hash_of(const carried_job& job, std::string_view prefix) {
    std::optional<parent_link> link;
    if (const auto& parent = job.known.parent)
        link = parent_link{queue_keys(prefix, parent->queue).base(), parent->id, job.on_failure};
    auto added = as_added(job);
    if (job.known.state != job_state::delayed && job.known.state != job_state::waiting_children)
        added.run_at.reset();
    auto hash = hash_of(added, link, job.known.state == job_state::waiting_children);
    put_past(hash, job);
    return with_handed_on(std::move(hash), job, link);
}

awaitable<std::vector<bool>> restore(shared_store s, std::vector<carried_job> jobs) {
    std::map<std::string, std::vector<std::size_t>> by_queue;
    for (std::size_t i = 0; i < jobs.size(); ++i)
        by_queue[jobs[i].known.queue].push_back(i);
    std::vector<bool> restored(jobs.size(), false);
    for (auto& [queue, which] : by_queue)
        co_await restore_in_queue(s, queue, jobs, std::move(which), restored);
    co_return restored;
}

awaitable<void> restore_children(shared_store s, job_key parent, std::vector<child_info> children) {
    for (std::size_t from = 0; from < children.size(); from += most_in_a_call) {
        const auto to = std::min(children.size(), from + most_in_a_call);
        const std::vector<child_info> piece(children.begin() + static_cast<std::ptrdiff_t>(from),
                                            children.begin() + static_cast<std::ptrdiff_t>(to));
        if ((co_await s->ask(children_command(*s, parent, piece))).is_null())
            throw not_paused_error(parent.queue);
    }
}

} // namespace infra::queue::redis_backend
