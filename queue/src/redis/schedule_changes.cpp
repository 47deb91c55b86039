#include "schedule_changes.hpp"

#include "handed_on.hpp"

namespace infra::queue::redis_backend {

namespace {

bool is_as_asked(const stored_scheduler& known, const new_schedule& asked) {
    const auto info = to_info(known, {});
    return is_same_recurrence(known, asked.when) && info.name == asked.name && info.data == asked.data &&
           info.options == asked.options;
}

schedule_change spoken_of_again(const known_schedule& known, wall_time now) {
    schedule_change change{.becomes = *known.is, .now = now};
    change.becomes.defined_at = now;
    if (known.is->has_pending() && !known.pending)
        change.run = known.is->next;
    return change;
}

// One that is over, or paused, had all its runs made, and counts none that is pending.
void count_pending(stored_scheduler& becomes, bool had_pending) {
    if (!had_pending && becomes.has_pending())
        ++becomes.iterations;
    else if (had_pending && !becomes.has_pending())
        --becomes.iterations;
}

// Of one that is paused: what only its run said it says itself.
void forget_run(stored_scheduler& s) {
    s.is_over = s.has_data_of_run = s.has_opts_of_run = false;
    s.next.reset();
}

// Whoever defines it anew says what is to be once it is resumed.
schedule_change upserted_while_paused(const stored_scheduler& known, const new_schedule& asked) {
    schedule_change change{.becomes = to_stored(asked), .now = asked.now};
    auto& becomes = change.becomes;
    becomes.iterations = known.iterations;
    becomes.last = known.last;
    becomes.paused_since = known.paused_since;
    forget_run(becomes);
    return change;
}

bool stands(std::optional<job_state> run) { return run == job_state::waiting || run == job_state::delayed; }

} // namespace

schedule_change upserted(const known_schedule& known, const new_schedule& asked) {
    if (known.is && is_as_asked(*known.is, asked))
        return spoken_of_again(known, asked.now);
    if (known.is && known.is->paused_since)
        return upserted_while_paused(*known.is, asked);
    schedule_change change{.becomes = to_stored(asked), .now = asked.now};
    auto& becomes = change.becomes;
    if (known.is) {
        becomes.iterations = known.is->iterations;
        becomes.last = known.is->last;
        if (!known.is->is_over)
            change.taken_away = known.is->next;
        if (is_same_recurrence(*known.is, asked.when)) {
            becomes.is_over = known.is->is_over;
            becomes.next = known.is->next;
        }
    }
    count_pending(becomes, !known.is || known.is->has_pending());
    if (!becomes.is_over)
        change.run = becomes.next;
    return change;
}

schedule_change restored(const carried_schedule& schedule) {
    const auto& as = schedule.known;
    schedule_change change{.becomes = to_stored({.queue = as.queue,
                                                 .id = as.id,
                                                 .when = as.when,
                                                 .name = as.name,
                                                 .data = as.data,
                                                 .options = as.options,
                                                 .next = as.next,
                                                 .now = as.defined_at}),
                           .run = as.next,
                           .now = schedule.run_added_at.value_or(as.defined_at)};
    change.becomes.iterations = as.runs + (as.next ? 1 : 0);
    change.becomes.last = as.last;
    change.becomes.paused_since = as.paused_since;
    take_handed_on(change, schedule);
    if (as.paused_since)
        forget_run(change.becomes);
    return change;
}

std::optional<schedule_change> advanced(const known_schedule& known, const advance_request& asked) {
    if (!known.is || !known.is->has_pending() || known.is->next != asked.run)
        return std::nullopt;
    schedule_change change{.becomes = *known.is, .run = asked.next, .now = asked.now};
    auto& becomes = change.becomes;
    becomes.last = asked.run;
    becomes.is_over = !asked.next;
    if (asked.next) {
        becomes.next = asked.next;
        becomes.iterations += asked.made;
    } else if (!asked.made) {
        --becomes.iterations;
    }
    return change;
}

// A run that does not stand although it is there was begun before, and goes on.
std::optional<schedule_change> paused(const known_schedule& known, wall_time now) {
    if (!known.is)
        return std::nullopt;
    schedule_change change{.becomes = *known.is, .now = now};
    auto& becomes = change.becomes;
    if (becomes.paused_since)
        return change;
    const bool has_begun = becomes.has_pending() && known.pending && !stands(known.pending);
    if (has_begun)
        becomes.last = becomes.next;
    else if (becomes.has_pending()) {
        --becomes.iterations;
        change.taken_away = becomes.next;
    }
    becomes.paused_since = now;
    forget_run(becomes);
    return change;
}

std::optional<schedule_change> resumed(const known_schedule& known, const resume_request& asked) {
    if (!known.is || !known.is->paused_since || known.is->when != asked.when)
        return std::nullopt;
    schedule_change change{.becomes = *known.is, .run = asked.next, .now = asked.now};
    auto& becomes = change.becomes;
    becomes.paused_since.reset();
    becomes.is_over = !asked.next;
    becomes.next = asked.next;
    count_pending(becomes, false);
    return change;
}

wall_time score_of(const stored_scheduler& s) noexcept { return s.next.value_or(s.last.value_or(s.defined_at)); }

} // namespace infra::queue::redis_backend
