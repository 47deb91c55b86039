#include "schedule_changes.hpp"

namespace infra::queue::redis_backend {

schedule_change upserted(const stored_scheduler* known, const new_schedule& asked) {
    schedule_change change{.becomes = to_stored(asked), .now = asked.now};
    auto& becomes = change.becomes;
    if (known) {
        becomes.iterations = known->iterations;
        becomes.last = known->last;
        if (!known->is_over)
            change.taken_away = known->next;
        if (is_same_recurrence(*known, asked.when)) {
            becomes.is_over = known->is_over;
            becomes.next = known->next;
        } else if (known->is_over && !becomes.is_over) {
            ++becomes.iterations; // all of them were made, and here is another
        } else if (!known->is_over && becomes.is_over) {
            --becomes.iterations;
        }
    } else if (becomes.is_over) {
        becomes.iterations = 0;
    }
    if (!becomes.is_over)
        change.run = becomes.next;
    return change;
}

std::optional<schedule_change> advanced(const stored_scheduler* known, const advance_request& asked) {
    if (!known || known->is_over || known->next != asked.run)
        return std::nullopt;
    schedule_change change{.becomes = *known, .run = asked.next, .now = asked.now};
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
