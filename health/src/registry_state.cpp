#include "registry_state.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <limits>

namespace infra::health {

using namespace detail;

namespace {

error closed_error() { return {errc::closed, "the health registry is gone and runs no more checks"}; }

const steady_time process_start = std::chrono::steady_clock::now();

// A clock that was handed in knows nothing of the process.
steady_time start_of_uptime(const clock& time) { return &time == &real_clock() ? process_start : time.steady(); }

/// The line with the status that the check is shown with.
check_report as_shown(const entry& e, check_report line) {
    line.status = shown(*e.standing, e.options);
    line.last_success = e.standing->last_success;
    line.last_failure = e.standing->last_failure;
    line.failures = e.standing->failures;
    return line;
}

check_report as_registered(const entry& e, check_report line) {
    line.critical = e.options.critical;
    return line;
}

} // namespace

/// A caller's place in a run, for one wait.
class registry::state::seat {
public:
    seat(std::shared_ptr<state> in, std::shared_ptr<detail::run> at, executor ex)
        : in_(std::move(in)), at_(std::move(at)), called_(std::move(ex)) {
        const std::scoped_lock lock(in_->mutex);
        at_->seated.insert(&called_);
    }
    ~seat() {
        const std::scoped_lock lock(in_->mutex);
        at_->seated.erase(&called_);
    }
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;

    awaitable<void> called() const { return called_.get(); }

private:
    std::shared_ptr<state> in_;
    std::shared_ptr<detail::run> at_;
    promise<void> called_;
};

// --- The registry's own life ------------------------------------------------------------------------------------

registry::state::state(registry_options o)
    : options(std::move(o)), started(start_of_uptime(*options.time)), threads(options.max_threads) {}

// Whatever is thrown out is destroyed after the mutex: it is the user's, and may call us.
void registry::state::add(std::shared_ptr<entry> added) {
    std::shared_ptr<entry> replaced;
    const std::scoped_lock lock(mutex);
    check_dependencies(entries, *added);
    const auto same = entries.begin() + (find(entries, added->name) - entries.begin());
    if (same == entries.end()) {
        entries.push_back(added);
    } else {
        replaced = std::exchange(*same, added);
        added->standing = replaced->standing;
        if (replaced->pulse)
            cancel({replaced->pulse});
    }
    start_pulse(added);
}

bool registry::state::remove(std::string_view name) {
    std::shared_ptr<entry> removed;
    const std::scoped_lock lock(mutex);
    const auto found = find(entries, name);
    if (found == entries.end())
        return false;
    removed = *found;
    entries.erase(found);
    removed->standing->removed = true;
    forget(*removed);
    end(*removed);
    leave_out(*removed->standing, options.time->steady());
    look_at_the_whole();
    return true;
}

void registry::state::close() {
    entry_list dropped;
    std::vector<std::shared_ptr<detail::run>> unfinished;
    const std::scoped_lock lock(mutex);
    closed = true;
    dropped.swap(entries);
    unfinished.swap(runs);
    std::vector<signal> ends;
    for (const auto& each : coroutines)
        ends.emplace_back(each, &each->cancel);
    for (const auto& each : dropped)
        if (each->pulse)
            ends.push_back(each->pulse);
    cancel(std::move(ends));
    coroutines.clear();
    for (const auto& run : unfinished)
        for (const auto* each : run->seated)
            each->set_value();
}

// --- Asking -----------------------------------------------------------------------------------------------------

awaitable<health_report> registry::state::ask(std::shared_ptr<state> self, std::string group) {
    const auto ex = co_await asio::this_coro::executor;
    const auto run = self->current_or_new(std::move(group));
    while (true) {
        const seat here(self, run, ex); // taken before looking, so that no call is missed
        const auto again = self->look(run);
        if (!again)
            co_return self->report_of(*run);
        try {
            co_await with_deadline(here.called(), *again, *self->options.time);
        } catch (const error& e) {
            if (e.code() != errc::timed_out)
                throw;
        }
    }
}

std::shared_ptr<detail::run> registry::state::current_or_new(std::string group) {
    const std::scoped_lock lock(mutex);
    if (closed)
        throw closed_error();
    const auto now = options.time->steady();
    const auto fresh = std::make_shared<detail::run>();
    fresh->group = std::move(group);
    if ((fresh->report = refusal(fresh->group)))
        return fresh;
    if (const auto same = std::ranges::find(runs, fresh->group, &detail::run::group); same != runs.end()) {
        const auto current = *same;
        if (now < current->due())
            return current;
        settle(*current, now); // those who waited have all gone
    }
    fresh->began = now;
    fresh->deadline = saturating_add(now, options.deadline);
    fresh->seat_checks(members(entries, fresh->group));
    runs.push_back(fresh);
    go_on(*fresh, now);
    return fresh;
}

/// When to look again; empty once there is a report.
std::optional<steady_time> registry::state::look(const std::shared_ptr<detail::run>& r) {
    const std::scoped_lock lock(mutex);
    if (r->report)
        return std::nullopt;
    if (closed)
        throw closed_error();
    const auto now = options.time->steady();
    if (now < r->due())
        return r->next_look(now);
    settle(*r, now);
    return std::nullopt;
}

health_report registry::state::report_of(const detail::run& r) {
    const std::scoped_lock lock(mutex);
    if (auto refused = refusal(r.group))
        return *std::move(refused);
    return *r.report;
}

std::optional<health_report> registry::state::refusal(std::string_view group) const {
    const bool refuses =
        (group == "ready" && life != service_state::serving) || (group == "start" && life == service_state::starting);
    if (!refuses)
        return std::nullopt;
    auto report = blank_report(options.time->steady());
    report.checks.add("service", {.status = health_status::unhealthy,
                                  .message = life == service_state::starting ? "starting" : "stopping"});
    report.status = health_status::unhealthy;
    return report;
}

health_report registry::state::blank_report(steady_time now) const {
    return {.timestamp = options.time->wall(), .uptime = saturating_sub(now, started)};
}

// --- A run, under the mutex -------------------------------------------------------------------------------------

void registry::state::go_on(detail::run& r, steady_time now) {
    begin_what_may(r, now);
    if (now >= r.due())
        settle(r, now);
}

void registry::state::begin_what_may(detail::run& r, steady_time now) {
    for (bool moved = true; moved;) {
        moved = false;
        for (auto& each : r.slots)
            if (r.may_begin(each)) {
                begin(r, each, now);
                moved = true;
            }
    }
}

void registry::state::begin(detail::run& r, detail::run::slot& s, steady_time now) {
    const auto& e = s.of;
    s.begun = true;
    if (e->standing->removed)
        return;
    if (const auto* obstacle = r.obstacle(s)) {
        s.outcome = skipped(obstacle->name);
        return forget(*e);
    }
    if (r.over) {
        r.partial = true;
        s.outcome = not_asked(e->options);
        return;
    }
    if (e->in_flight && now >= e->in_flight->limit) {
        s.outcome = note(e, health_status::unhealthy, unanswered(e->in_flight->started, e->options, now, now));
        return;
    }
    if (e->last && may_be_given_again(*e->last, e->options, now)) {
        auto line = answered(*e->last, e->options, now);
        const bool noted = std::exchange(e->last->noted, true);
        s.outcome = noted ? as_shown(*e, std::move(line)) : note(e, e->last->result.status, std::move(line));
        return;
    }
    s.awaited = e->in_flight ? e->in_flight : launch(e, now);
    if (!s.awaited)
        s.outcome = note(e, health_status::unhealthy, answered({no_thread(), {}, now}, e->options, now));
}

/// The caller holds the run.
void registry::state::settle(detail::run& r, steady_time now) {
    stop_waiting(r, now);
    auto report = blank_report(now);
    report.partial = r.partial;
    for (auto& each : r.slots)
        if (each.outcome && !each.of->standing->removed)
            report.checks.add(each.of->name, as_registered(*each.of, *std::move(each.outcome)));
    report.status = overall(report.checks);
    r.report = std::move(report);
    for (const auto* each : r.seated)
        each->set_value();
    // With the slots goes perhaps the last hold on a check: it is the user's, whose destructor may call us.
    post([slots = std::move(r.slots)] {});
    std::erase_if(runs, [&r](const auto& each) { return each.get() == &r; });
}

void registry::state::stop_waiting(detail::run& r, steady_time now) {
    for (auto& [of, after, begun, flying, outcome] : r.slots) {
        if (!flying || of->standing->removed)
            continue;
        const auto f = std::exchange(flying, nullptr);
        r.partial = r.partial || now < f->limit;
        auto line = unanswered(f->started, of->options, r.began, now);
        const bool news = !std::exchange(f->counted, true);
        outcome = news ? note(of, health_status::unhealthy, std::move(line)) : as_shown(*of, std::move(line));
    }
    r.over = true;
    begin_what_may(r, now);
}

/// Nobody waits any more for what is removed, nor for what it had replaced.
void registry::state::leave_out(const standing& removed, steady_time now) {
    for (const auto& run : std::vector(runs)) {
        for (auto& each : run->slots)
            if (each.of->standing.get() == &removed)
                each.awaited.reset();
        go_on(*run, now);
    }
}

check_report registry::state::note(const std::shared_ptr<entry>& e, health_status answer, check_report line) {
    const auto was = shown(*e->standing, e->options);
    detail::note(*e->standing, answer, e->options, options.time->wall());
    line = as_shown(*e, std::move(line));
    tell({.of = e, .was = was, .is = line.status, .message = line.message});
    look_at_the_whole();
    return line;
}

// --- What is told, under the mutex ------------------------------------------------------------------------------

void registry::state::tell(news n) const {
    post([n = std::move(n), to = listeners] { n.tell(to); });
}

void registry::state::forget(const entry& e) const {
    post([status = e.status] { status.record(std::numeric_limits<double>::quiet_NaN()); });
}

void registry::state::look_at_the_whole() {
    auto worst = health_status::healthy;
    for (const auto& each : entries)
        worst = std::max(worst, shown(*each->standing, each->options));
    if (const auto was = std::exchange(whole, worst); was != worst)
        tell({.of = {}, .was = was, .is = worst, .message = {}});
}

} // namespace infra::health
