#include <infra/queue/schedule.hpp>

#include <infra/base/error.hpp>
#include <infra/queue/cron_expression.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::queue {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

[[noreturn]] void refuse_schedule(const std::string& what) { throw std::invalid_argument("queue::schedule::" + what); }

void check_interval(const schedule& s) {
    if (s.every < milliseconds(1))
        refuse_schedule("every must be at least 1 ms, or there must be a pattern");
    if (!s.tz.empty())
        refuse_schedule("tz is for a pattern, not for every");
    if (s.offset && (*s.offset < milliseconds(0) || *s.offset >= s.every))
        refuse_schedule("offset must be from 0 to less than every");
}

cron_expression pattern_of(const schedule& s) {
    auto read = cron_expression::try_parse(s.pattern);
    if (!read)
        refuse_schedule("pattern: " + to_string(read.error()));
    return *std::move(read);
}

time_zone zone_of(const schedule& s) {
    try {
        return s.tz.empty() ? time_zone() : time_zone::named(s.tz);
    } catch (const error& e) {
        refuse_schedule(std::string("tz: ") + e.what());
    }
}

void check_pattern(const schedule& s) {
    if (s.every != milliseconds(0) || s.offset)
        refuse_schedule("every and its offset are instead of a pattern");
    (void)pattern_of(s);
    (void)zone_of(s);
}

/// The times of a checked schedule, whatever its limits.
class times {
public:
    times(const schedule& s, wall_time due) : every_(s.every) {
        if (!s.pattern.empty()) {
            cron_ = pattern_of(s);
            zone_ = zone_of(s);
        } else {
            // Where no offset is given each run keeps the distance of the last.
            phase_ = s.offset ? nanoseconds(*s.offset) : due.time_since_epoch() % every_;
        }
    }

    std::optional<wall_time> after(wall_time t) const {
        if (cron_)
            return cron_->next(t, zone_);
        const auto next = saturating_add(slot(t), every_);
        return next == wall_time::max() ? std::nullopt : std::optional(next);
    }

    /// At `t` or before.
    std::optional<wall_time> up_to(wall_time t) const {
        return cron_ ? cron_->previous(saturating_add(t, nanoseconds(1)), zone_) : slot(t);
    }

private:
    wall_time slot(wall_time t) const {
        const auto since = saturating_sub(t, wall_time(phase_));
        const auto past = since % every_;
        return saturating_add(t, -(past < nanoseconds(0) ? past + every_ : past));
    }

    nanoseconds every_;
    nanoseconds phase_{0};
    std::optional<cron_expression> cron_{};
    time_zone zone_{};
};

std::optional<wall_time> unless_over(const schedule& s, std::optional<wall_time> t) {
    return t && s.end && *t > *s.end ? std::nullopt : t;
}

bool has_run_out(const schedule& s, wall_time due, std::size_t runs) {
    return (s.end && due > *s.end) || (s.limit && runs >= *s.limit);
}

bool is_late(const schedule& s, wall_time due, wall_time now) { return saturating_sub(now, due) > s.grace; }

// Of those that were missed the latest is still good, if it is not late.
std::optional<wall_time> next_of_skipping(const schedule& s, const times& of, wall_time due, wall_time now) {
    if (const auto latest = of.up_to(now); latest && *latest > due && !is_late(s, *latest, now))
        return latest;
    return of.after(now);
}

} // namespace

void check(const schedule& s) {
    if (s.pattern.empty())
        check_interval(s);
    else
        check_pattern(s);
    if (s.limit && *s.limit == 0)
        refuse_schedule("limit must be at least 1");
    if (s.start && s.end && *s.end < *s.start)
        refuse_schedule("end must not be before start");
    if (s.grace < milliseconds(0))
        refuse_schedule("grace must not be negative");
}

std::optional<wall_time> first_run(const schedule& s, wall_time now) {
    check(s);
    const auto begin = s.start ? std::max(*s.start, now) : now;
    if (s.immediately || (s.pattern.empty() && !s.offset))
        return unless_over(s, begin);
    const bool may_be_at_begin = begin > now || s.pattern.empty();
    return unless_over(s, times(s, begin).after(may_be_at_begin ? saturating_add(begin, -nanoseconds(1)) : begin));
}

std::optional<wall_time> resumed_run(const schedule& s, std::optional<wall_time> last, std::size_t runs,
                                     wall_time now) {
    check(s);
    if (s.limit && runs >= *s.limit)
        return std::nullopt;
    const auto begin = s.start && *s.start > now ? saturating_add(*s.start, -nanoseconds(1)) : now;
    const bool begins_then = begin != now && s.pattern.empty() && !s.offset && !last;
    return unless_over(s, begins_then ? s.start : times(s, last.value_or(now)).after(begin));
}

follow_up follow(const schedule& s, wall_time due, std::size_t runs, wall_time now) {
    check(s);
    if (has_run_out(s, due, runs))
        return {};
    if (now < due)
        return {.run = false, .next = due};
    const times of(s, due);
    const bool run = s.missed != missed_runs::skip || !is_late(s, due, now);
    if (run && s.limit && runs + 1 >= *s.limit)
        return {.run = true, .next = std::nullopt};
    switch (s.missed) {
    case missed_runs::skip: return {.run = run, .next = unless_over(s, next_of_skipping(s, of, due, now))};
    case missed_runs::one: return {.run = run, .next = unless_over(s, of.after(now))};
    case missed_runs::all: return {.run = run, .next = unless_over(s, of.after(due))};
    }
    return {};
}

due_runs runs_due(const schedule& s, wall_time due, std::size_t runs, wall_time now, std::size_t bound) {
    due_runs all{.runs = {}, .next = due};
    while (all.next && *all.next <= now && all.runs.size() < bound) {
        const auto at = *all.next;
        const auto [run, next] = follow(s, at, runs + all.runs.size(), now);
        if (run)
            all.runs.push_back(at);
        all.next = next;
    }
    return all;
}

} // namespace infra::queue
