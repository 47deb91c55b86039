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
    if (!known.is->is_over && !known.pending)
        change.run = known.is->next;
    return change;
}

// One that is over had all its runs made, and counts none that is pending.
void count_pending(stored_scheduler& becomes, bool was_over) {
    if (was_over && !becomes.is_over)
        ++becomes.iterations;
    else if (!was_over && becomes.is_over)
        --becomes.iterations;
}

} // namespace

schedule_change upserted(const known_schedule& known, const new_schedule& asked) {
    if (known.is && is_as_asked(*known.is, asked))
        return spoken_of_again(known, asked.now);
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
    count_pending(becomes, known.is && known.is->is_over);
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
    take_handed_on(change, schedule);
    return change;
}

std::optional<schedule_change> advanced(const known_schedule& known, const advance_request& asked) {
    if (!known.is || known.is->is_over || known.is->next != asked.run)
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

wall_time score_of(const stored_scheduler& s) noexcept { return s.next.value_or(s.last.value_or(s.defined_at)); }

} // namespace infra::queue::redis_backend
