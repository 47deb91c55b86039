#include "recurrence.hpp"

#include <algorithm>

namespace infra::queue {

std::vector<new_schedule> to_define(const std::vector<std::shared_ptr<const known_job>>& jobs,
                                    const std::vector<std::string>& queues, wall_time now) {
    std::vector<new_schedule> all;
    for (const auto& job : jobs)
        if (job->when && std::ranges::count(queues, job->queue) > 0)
            all.push_back({.queue = job->queue,
                           .id = job->name,
                           .when = *job->when,
                           .name = job->name,
                           .options = job->options,
                           .next = first_run(*job->when, now),
                           .now = now});
    return all;
}

new_schedule again(const schedule_info& s, wall_time now) {
    return {.queue = s.queue,
            .id = s.id,
            .when = s.when,
            .name = s.name,
            .data = s.data,
            .options = s.options,
            .next = s.next,
            .now = now};
}

// A run that somebody promoted is early; what follows it is what would have followed at its time.
std::optional<advance_request> to_advance(const schedule_info& s, wall_time run, wall_time now) {
    if (s.next != run)
        return std::nullopt;
    const auto then = follow(s.when, run, s.runs, std::max(now, run));
    return advance_request{.of = {s.queue, s.id}, .run = run, .made = then.run, .next = then.next, .now = now};
}

std::optional<advance_request> to_repair(const schedule_info& s, wall_time now) {
    const bool is_over = s.pending == job_state::completed || s.pending == job_state::failed;
    if (!s.next || (s.pending && !is_over))
        return std::nullopt;
    auto repair = to_advance(s, *s.next, now);
    if (!s.pending && *s.next > now)
        repair->next = s.next; // it only vanished
    repair->made = false;
    return repair;
}

} // namespace infra::queue
