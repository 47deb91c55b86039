// How a registry has its checks asked: on threads, on the executor, in the background.

#include "redaction.hpp"
#include "registry_state.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace infra::health {

using namespace detail;

// --- Under the mutex --------------------------------------------------------------------------------------------

/// Null if the check cannot be started.
std::shared_ptr<flight> registry::state::launch(const std::shared_ptr<entry>& e, steady_time now) {
    const auto fresh = std::make_shared<flight>();
    fresh->started = now;
    fresh->limit = saturating_add(now, e->options.timeout);
    if (!take_off(e, fresh))
        return nullptr;
    return e->in_flight = fresh;
}

bool registry::state::take_off(const std::shared_ptr<entry>& e, const std::shared_ptr<flight>& f) {
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

bool registry::state::awaited(const flight& f) const noexcept {
    return std::ranges::any_of(runs, [&f](const auto& run) {
        return std::ranges::any_of(run->slots, [&f](const auto& slot) { return slot.awaited.get() == &f; });
    });
}

/// Cancels what the check has on the executor. A plain function ends unheard.
void registry::state::end(const entry& e) const {
    std::vector<signal> signals;
    if (e.in_flight && coroutines.contains(e.in_flight))
        signals.emplace_back(e.in_flight, &e.in_flight->cancel);
    if (e.pulse)
        signals.push_back(e.pulse);
    cancel(std::move(signals));
}

void registry::state::cancel(std::vector<signal> signals) const {
    if (!signals.empty())
        post([signals = std::move(signals)] {
            for (const auto& each : signals)
                each->emit(asio::cancellation_type::terminal);
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
    if (now > f->limit)
        result = timed_out(e->options);
    coroutines.erase(f);
    e->in_flight.reset();
    e->last = {.result = std::move(result), .latency = took, .at = now};
    post([duration = e->duration, took] { duration.record(std::chrono::duration<double>(took).count()); });
    if (e->standing->removed || (e->options.every.count() == 0 && !awaited(*f)))
        return;
    e->last->noted = true;
    const auto line = note(e, e->last->result.status, answered(*e->last, e->options, now));
    for (const auto& run : std::vector(runs))
        for (auto& slot : run->slots)
            if (slot.awaited == f) {
                slot.awaited.reset();
                slot.outcome = line;
                go_on(*run, now);
                break; // the slots may be gone
            }
}

// --- In the background ------------------------------------------------------------------------------------------

void registry::state::start_pulse(const std::shared_ptr<entry>& e) {
    if (e->options.every.count() == 0)
        return;
    e->pulse = std::make_shared<asio::cancellation_signal>();
    post([self = shared_from_this(), e, pulse = e->pulse] {
        asio::co_spawn(self->options.executor, keep_asking(self, e),
                       asio::bind_cancellation_slot(pulse->slot(), [pulse](const std::exception_ptr&) {}));
    });
}

awaitable<void> registry::state::keep_asking(std::shared_ptr<state> self, std::shared_ptr<entry> e) {
    while (self->ask_in_background(e))
        co_await self->options.time->sleep_for(e->options.every);
}

/// False once nobody wants to know.
bool registry::state::ask_in_background(const std::shared_ptr<entry>& e) {
    const std::scoped_lock lock(mutex);
    if (closed || std::ranges::find(entries, e) == entries.end())
        return false;
    const auto now = options.time->steady();
    if (is_blocked(*e))
        forget(*e);
    else if (e->in_flight && now >= e->in_flight->limit)
        note(e, health_status::unhealthy, unanswered(e->in_flight->started, e->options, now, now));
    else if (!e->in_flight && !launch(e, now))
        note(e, health_status::unhealthy, answered({no_thread(), {}, now}, e->options, now));
    return true;
}

bool registry::state::is_blocked(const entry& e) const noexcept {
    return std::ranges::any_of(e.options.depends_on, [this](const auto& name) {
        const auto found = find(entries, name);
        return found != entries.end() && (*found)->standing->shown == health_status::unhealthy;
    });
}

} // namespace infra::health
