#include "retry_policy.hpp"

#include <infra/base/json.hpp>

#include <map>

namespace infra::queue {
namespace {

outcome retry(outcome recorded, const claimed_job& job, std::optional<std::chrono::milliseconds> chosen, wall_time now,
              double random01) {
    const auto pause = chosen.value_or(delay_before_retry(job.options.backoff, job.attempts_made + 1, random01));
    recorded.as = outcome::kind::retry;
    if (pause > std::chrono::milliseconds::zero())
        recorded.run_at = saturating_add(now, pause);
    return recorded;
}

outcome fail(outcome recorded, const claimed_job& job) {
    recorded.as = outcome::kind::failed;
    recorded.keep = job.options.keep_failed;
    return recorded;
}

outcome give_back(outcome recorded, std::optional<wall_time> run_at) {
    recorded.as = outcome::kind::returned;
    recorded.run_at = run_at;
    return recorded;
}

// Cuts before the first byte of a character that would not fit whole.
std::string_view cut(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes)
        return text;
    auto end = max_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return text.substr(0, end);
}

} // namespace

outcome after(const claimed_job& job, attempt ended, wall_time now, double random01) {
    outcome recorded{.held = job.held, .reason = std::move(ended.reason), .at = now};
    switch (ended.how) {
    case attempt::end::returned:
        recorded.as = outcome::kind::completed;
        recorded.result = std::move(ended.result);
        recorded.keep = job.options.keep_completed;
        return recorded;
    case attempt::end::threw:
        if (job.attempts_made + 1 < job.options.attempts)
            return retry(std::move(recorded), job, ended.pause, now, random01);
        return fail(std::move(recorded), job);
    case attempt::end::threw_final: return fail(std::move(recorded), job);
    case attempt::end::waits: recorded.as = outcome::kind::waits; return recorded;
    case attempt::end::snoozed:
        return give_back(std::move(recorded), saturating_add(now, ended.pause.value_or(std::chrono::milliseconds(0))));
    case attempt::end::cancelled:
        recorded.reason = recorded.reason.empty() ? std::string(cancelled_reason)
                                                  : std::string(cancelled_reason).append(": ").append(recorded.reason);
        return fail(std::move(recorded), job);
    case attempt::end::skipped: recorded.as = outcome::kind::dropped; return recorded;
    case attempt::end::interrupted:
    case attempt::end::not_begun:
    case attempt::end::held: return give_back(std::move(recorded), std::nullopt);
    case attempt::end::unknown_job: return give_back(std::move(recorded), saturating_add(now, unknown_job_pause));
    }
    return recorded;
}

std::vector<prune_request> to_prune(const std::vector<std::shared_ptr<const known_job>>& jobs, wall_time now) {
    std::map<std::string, prune_request> by_queue;
    const auto widen = [](keep& to, const keep& other) {
        if (to.age && (!other.age || *other.age > *to.age))
            to.age = other.age;
    };
    for (const auto& job : jobs) {
        const keep completed{.age = job->options.keep_completed.age}, failed{.age = job->options.keep_failed.age};
        const auto [place, first] = by_queue.try_emplace(
            job->queue, prune_request{.queue = job->queue, .completed = completed, .failed = failed, .now = now});
        widen(place->second.completed, completed);
        widen(place->second.failed, failed);
    }
    std::vector<prune_request> requests;
    for (auto& [queue, request] : by_queue)
        if (request.completed.age || request.failed.age)
            requests.push_back(std::move(request));
    return requests;
}

bool is_poison(const claimed_job& job, int max_stalls) noexcept { return job.stalls > max_stalls; }

std::string readable(std::string_view text, std::size_t max_bytes) {
    constexpr std::string_view ellipsis = "…";
    std::string shown(cut(text, max_bytes));
    // Writing JSON replaces what is not UTF-8; reading it back gives the text.
    shown = json::parse<std::string>(json::to_text(shown), {.max_bytes = 8 * max_bytes + 2}).value();
    for (char& c : shown)
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
            c = ' ';
    return text.size() > max_bytes ? shown.append(ellipsis) : shown;
}

std::chrono::milliseconds pause_after_trouble(int failures, double random01) {
    const backoff policy{.type = backoff::kind::exponential,
                         .delay = std::chrono::milliseconds(100),
                         .max = std::chrono::seconds(5),
                         .jitter = 0.5};
    return delay_before_retry(policy, failures, random01);
}

} // namespace infra::queue
