#include "registry_state.hpp"

#include "redaction.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace infra::health {

using namespace detail;

namespace {

constexpr double seconds_buckets[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

const telemetry::instrument status_gauge{
    .kind = telemetry::instrument_kind::gauge,
    .name = "health_check_status",
    .help = "Status of a check in the last report: 1 healthy, 0.5 degraded, 0 unhealthy, NaN once removed."};
const telemetry::instrument duration_histogram{.kind = telemetry::instrument_kind::histogram,
                                               .name = "health_check_duration_seconds",
                                               .help = "Time a check took until it returned.",
                                               .buckets = seconds_buckets};

error closed_error() { return {errc::closed, "the health registry is gone and runs no more checks"}; }

const steady_time process_start = std::chrono::steady_clock::now();

// A clock that was handed in knows nothing of the process.
steady_time start_of_uptime(const clock& time) { return &time == &real_clock() ? process_start : time.steady(); }

} // namespace

// --- Entries and runs -------------------------------------------------------------------------------------------

detail::entry::entry(std::string n, checker c, check_options o)
    : name(std::move(n)),
      check(std::move(c)),
      options(o),
      status(status_gauge, {{"check", name}}),
      duration(duration_histogram, {{"check", name}}) {}

steady_time detail::run::due() const noexcept {
    auto last = began;
    for (const auto& each : slots)
        if (each.awaited)
            last = std::max(last, each.awaited->limit);
    return std::min(last, deadline);
}

steady_time detail::run::next_look(steady_time now) const noexcept {
    auto next = deadline;
    for (const auto& each : slots)
        if (each.awaited && each.awaited->limit > now)
            next = std::min(next, each.awaited->limit);
    return next;
}

/// One check's line in the latest report, on its way to the log and the metrics.
struct registry::state::news {
    std::shared_ptr<entry> of;
    health_status was;
    health_status is;
    std::string message;

    void tell() const noexcept {
        of->status.record(gauge_value(is));
        if (is == was)
            return;
        constexpr level levels[] = {level::info, level::warn, level::error};
        constexpr std::string_view sentences[] = {"check recovered", "check is degraded", "check is unhealthy"};
        const auto at = static_cast<std::size_t>(is);
        telemetry::log(levels[at], "health", sentences[at],
                       {{"check", of->name}, {"was", to_string(was)}, {"reason", message}});
    }
};

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
    const std::scoped_lock lock(mutex);
    const auto same = std::ranges::find(entries, added->name, [](const auto& e) -> const auto& { return e->name; });
    if (same == entries.end())
        return entries.push_back(std::move(added));
    added->standing = (*same)->standing;
    std::swap(*same, added);
}

bool registry::state::remove(std::string_view name) {
    std::shared_ptr<entry> removed;
    const std::scoped_lock lock(mutex);
    const auto found = std::ranges::find(entries, name, [](const auto& e) -> std::string_view { return e->name; });
    if (found == entries.end())
        return false;
    removed = std::move(*found);
    entries.erase(found);
    removed->standing->removed = true;
    post([status = removed->status] { status.record(std::numeric_limits<double>::quiet_NaN()); });
    if (coroutines.contains(removed->in_flight))
        cancel({removed->in_flight});
    leave_out(*removed->standing, options.time->steady());
    return true;
}

void registry::state::close() {
    std::vector<std::shared_ptr<entry>> dropped;
    std::shared_ptr<detail::run> unfinished;
    const std::scoped_lock lock(mutex);
    closed = true;
    dropped.swap(entries);
    unfinished.swap(current);
    cancel({coroutines.begin(), coroutines.end()});
    coroutines.clear();
    if (unfinished)
        for (const auto* each : unfinished->seated)
            each->set_value();
}

// --- Asking -----------------------------------------------------------------------------------------------------

awaitable<health_report> registry::state::ask(std::shared_ptr<state> self) {
    const auto ex = co_await asio::this_coro::executor;
    const auto run = self->current_or_new();
    while (true) {
        const seat here(self, run, ex); // taken before looking, so that no call is missed
        const auto again = self->look(*run);
        if (!again)
            co_return *run->report;
        try {
            co_await with_deadline(here.called(), *again, *self->options.time);
        } catch (const error& e) {
            if (e.code() != errc::timed_out)
                throw;
        }
    }
}

std::shared_ptr<detail::run> registry::state::current_or_new() {
    const std::scoped_lock lock(mutex);
    if (closed)
        throw closed_error();
    const auto now = options.time->steady();
    if (current && now >= current->due())
        settle(*current, now); // those who waited have all gone
    if (current)
        return current;
    const auto fresh = std::make_shared<detail::run>();
    fresh->began = now;
    fresh->deadline = saturating_add(now, options.deadline);
    for (const auto& each : entries)
        fresh->slots.push_back(begin(each, now));
    current = fresh;
    if (now >= fresh->due())
        settle(*fresh, now);
    return fresh;
}

/// When to look again; empty once there is a report.
std::optional<steady_time> registry::state::look(detail::run& r) {
    const std::scoped_lock lock(mutex);
    if (r.report)
        return std::nullopt;
    if (closed)
        throw closed_error();
    const auto now = options.time->steady();
    if (now < r.due())
        return r.next_look(now);
    settle(r, now);
    return std::nullopt;
}

// --- Under the mutex --------------------------------------------------------------------------------------------

detail::run::slot registry::state::begin(const std::shared_ptr<entry>& e, steady_time now) {
    if (e->last && may_be_given_again(*e->last, e->options, now))
        return {.of = e, .awaited = {}, .outcome = answered(*e->last, e->options, now)};
    if (const auto& flying = e->in_flight) {
        if (now < flying->limit)
            return {.of = e, .awaited = flying, .outcome = {}};
        return {.of = e, .awaited = {}, .outcome = unanswered(flying->started, e->options, now, now)};
    }
    const auto fresh = std::make_shared<flight>();
    fresh->started = now;
    fresh->limit = saturating_add(now, e->options.timeout);
    if (launch(e, fresh))
        return {.of = e, .awaited = e->in_flight = fresh, .outcome = {}};
    const auto refusal = unhealthy("not started: the threads for checks are all taken");
    return {.of = e, .awaited = {}, .outcome = answered({refusal, {}, now}, e->options, now)};
}

bool registry::state::launch(const std::shared_ptr<entry>& e, const std::shared_ptr<flight>& f) {
    if (!e->check.is_coroutine())
        return threads.post([self = shared_from_this(), e, f] { self->fly(e, f); });
    coroutines.insert(f);
    // Posted, for co_spawn would run the beginning of the check here and now. If land() ever throws for want of memory, the
    // check stays in the air and is reported as stuck: hence a handler that only keeps the signal alive.
    post([self = shared_from_this(), e, f] {
        asio::co_spawn(self->options.executor, fly_coroutine(self, e, f),
                       asio::bind_cancellation_slot(f->cancel.slot(), [f](const std::exception_ptr&) {}));
    });
    return true;
}

/// Gives the run in progress, if it waits for this flight, its outcome.
void registry::state::fill(const flight& f, check_report outcome, steady_time now) {
    if (!current)
        return;
    const auto slot =
        std::ranges::find(current->slots, &f, [](const auto& s) -> const flight* { return s.awaited.get(); });
    if (slot == current->slots.end())
        return;
    slot->awaited.reset();
    slot->outcome = std::move(outcome);
    if (now >= current->due())
        settle(*current, now);
}

/// Nobody waits any more for what is removed, nor for what it had replaced.
void registry::state::leave_out(const standing& removed, steady_time now) {
    if (!current)
        return;
    for (auto& each : current->slots)
        if (each.of->standing.get() == &removed)
            each.awaited.reset();
    if (now >= current->due())
        settle(*current, now);
}

void registry::state::settle(detail::run& r, steady_time now) {
    health_report report{.timestamp = options.time->wall(), .uptime = saturating_sub(now, started)};
    std::vector<news> told;
    for (auto& [of, awaited, outcome] : r.slots) {
        if (of->standing->removed)
            continue;
        if (awaited) {
            outcome = unanswered(awaited->started, of->options, r.began, now);
            report.partial = report.partial || now < awaited->limit;
        }
        told.push_back({of, std::exchange(of->standing->shown, outcome->status), outcome->status, outcome->message});
        report.checks.add(of->name, *std::move(outcome));
    }
    report.status = overall(report.checks);
    r.report = std::move(report);
    for (const auto* each : r.seated)
        each->set_value();
    // With the slots goes perhaps the last hold on a check: it is the user's, whose destructor may call us.
    post([told = std::move(told), slots = std::move(r.slots)] {
        for (const auto& each : told)
            each.tell();
    });
    current.reset(); // the last hold on the run, if nobody waits any more
}

void registry::state::cancel(std::vector<std::shared_ptr<flight>> flights) const {
    if (!flights.empty())
        post([flights = std::move(flights)] {
            for (const auto& each : flights)
                each->cancel.emit(asio::cancellation_type::terminal);
        });
}

// Under no context: what the checks do belongs to nobody's request, least of all to that of the probe that came first.
template <class F>
void registry::state::post(F f) const {
    asio::post(options.executor, [f = std::move(f)] {
        const context_scope nobodys{context()};
        f();
    });
}

// --- In the air -------------------------------------------------------------------------------------------------

void registry::state::fly(const std::shared_ptr<entry>& e, const std::shared_ptr<flight>& f) {
    check_result result;
    try {
        result = clean(e->check.call());
    } catch (...) {
        result = failure(std::current_exception());
    }
    land(e, f, std::move(result));
}

awaitable<void> registry::state::fly_coroutine(std::shared_ptr<state> self, std::shared_ptr<entry> e,
                                               std::shared_ptr<flight> f) {
    check_result result;
    try {
        result = clean(co_await with_deadline(e->check.start(), f->limit, *self->options.time));
    } catch (const error& thrown) {
        const bool cut_off = thrown.code() == errc::timed_out && self->options.time->steady() >= f->limit;
        result = cut_off ? timed_out(e->options) : failure(std::current_exception());
    } catch (...) {
        result = failure(std::current_exception());
    }
    self->land(e, f, std::move(result));
}

void registry::state::land(const std::shared_ptr<entry>& e, const std::shared_ptr<flight>& f, check_result result) {
    const std::scoped_lock lock(mutex);
    if (closed)
        return; // neither the clock nor the loop need still be there
    const auto now = options.time->steady();
    const auto took = saturating_sub(now, f->started);
    coroutines.erase(f);
    e->in_flight.reset();
    e->last = {.result = std::move(result), .latency = took, .at = now};
    post([duration = e->duration, took] { duration.record(std::chrono::duration<double>(took).count()); });
    fill(*f, now > f->limit ? too_late(e->options, took) : answered(*e->last, e->options, now), now);
}

} // namespace infra::health
