#include "perform.hpp"

#include "instruments.hpp"

#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <algorithm>

namespace infra::queue {
namespace {

bool is_final(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const unrecoverable&) {
        return true;
    } catch (const error& e) {
        return e.code() == errc::invalid_payload;
    } catch (...) {
        return false;
    }
}

// What the definition says, or `otherwise` where it says nothing or throws.
template <class T, class Rule>
T ask(const Rule& rule, const failed_attempt& failed, T otherwise) {
    if (!rule)
        return otherwise;
    try {
        return rule(failed);
    } catch (...) {
        telemetry::log(level::warn, "queue", "a job's own rule of retries threw; it is left aside",
                       {{"error", describe(std::current_exception())}});
        return otherwise;
    }
}

attempt after_failure(const task& t, failed_attempt failed) {
    const auto& rules = t.known->rules;
    if (is_final(failed.thrown) || !ask(rules.retry_if, failed, true))
        return {.how = attempt::end::threw_final, .reason = std::move(failed.reason)};
    auto pause = ask<std::optional<std::chrono::milliseconds>>(rules.backoff_by, failed, std::nullopt);
    if (pause)
        pause = std::max(*pause, std::chrono::milliseconds::zero());
    return {.how = attempt::end::threw, .reason = std::move(failed.reason), .pause = pause};
}

failed_attempt timed_out(const task& t) {
    auto reason = "timed out after " + std::to_string(t.job.options.timeout->count()) + " ms";
    return {t.context->attempt(), reason, std::make_exception_ptr(error(infra::errc::timed_out, reason))};
}

attempt after_verdict(const verdict& v) {
    switch (v.what()) {
    case verdict::kind::completed: return {.how = attempt::end::returned, .result = v.text()};
    case verdict::kind::snoozed:
        return {.how = attempt::end::snoozed, .pause = std::max(v.pause(), std::chrono::milliseconds::zero())};
    case verdict::kind::waits_for_children: return {.how = attempt::end::waits};
    case verdict::kind::cancelled: return {.how = attempt::end::cancelled, .reason = readable(v.text())};
    }
    return {};
}

/// Sleeps until the attempt's deadline, which its handler may put off meanwhile.
class attempt_clock final : public clock {
public:
    attempt_clock(const job_context& of, clock& time) : of_(of), time_(time) {}
    wall_time wall() const noexcept override { return time_.wall(); }
    steady_time steady() const noexcept override { return time_.steady(); }
    awaitable<void> sleep_until(steady_time) override {
        while (!of_.deadline().passed(time_.steady()))
            co_await time_.sleep_until(of_.deadline().time());
    }

private:
    const job_context& of_;
    clock& time_;
};

// What the producer told, and nothing of whatever the worker was started in.
context producer_of(const claimed_job& job) {
    const bool silent = context::current().telemetry_suppressed();
    return extract(from_carrier(job.carrier), silent ? context().with_telemetry_suppressed() : context());
}

// A handler may keep its context for longer than the attempt lasts; nobody needs the payload afterwards.
awaitable<attempt> try_handler(std::shared_ptr<task> held, std::shared_ptr<blocking_pool> pool) {
    auto& t = *held;
    std::exception_ptr thrown;
    try {
        auto handler = t.known->perform(std::move(t.job.data), {held, &*t.context}, *pool);
        if (t.context->deadline().is_never())
            co_return after_verdict(co_await std::move(handler));
        attempt_clock time(*t.context, *t.time);
        co_return after_verdict(co_await with_deadline(std::move(handler), t.context->deadline(), time));
    } catch (...) {
        thrown = std::current_exception();
    }
    // The deadline's own exception, or what a handler made of it.
    if (t.context->deadline().passed(t.time->steady())) {
        t.context->request_stop();
        co_return after_failure(t, timed_out(t));
    }
    co_return after_failure(t, {t.context->attempt(), readable(describe(thrown)), thrown});
}

// What the storage does not take must not fail the job.
awaitable<void> keep_told(std::shared_ptr<backend> stored, note told) {
    std::exception_ptr thrown;
    const auto job = told.held.job;
    try {
        std::vector<note> one;
        one.push_back(std::move(told));
        co_await stored->tell(std::move(one));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown)
        telemetry::log(level::warn, "queue", "what a handler told was not kept",
                       {{"job", job.id}, {"queue", job.queue}, {"error", describe(thrown)}});
}

// Of a task, of which the context is a part.
job_context::teller teller_of(task& t) {
    return [&t](std::optional<std::string> progress, std::optional<std::string> line) {
        note told{.held = t.job.held, .progress = std::move(progress), .at = t.time->wall()};
        if (line)
            told.lines.push_back({told.at, readable(*line)});
        return keep_told(t.stored, std::move(told));
    };
}

job_context::children_reader children_reader_of(task& t) {
    return [&t](std::string cursor) {
        return t.stored->children({.parent = t.job.held.job, .cursor = std::move(cursor)});
    };
}

awaitable<children_counts> counted(std::shared_ptr<backend> stored, std::vector<job_key> one) {
    const auto known = (co_await stored->get(std::move(one))).at(0);
    co_return known ? known->children : children_counts();
}

job_context::children_counter children_counter_of(task& t) {
    return [&t] { return counted(t.stored, std::vector{t.job.held.job}); };
}

// Clocks of two machines may differ, and one may be put back.
double seconds_between(wall_time from, wall_time to) {
    return std::max(0.0, std::chrono::duration<double>(saturating_sub(to, from)).count());
}

} // namespace

context context_of(const task& t) {
    return context::current().with_span(t.span.valid() ? t.span : producer_of(t.job).span());
}

void begin(task& t) {
    const auto& how = t.job.options;
    t.context.emplace(
        job_context::facts{.job = t.job.held.job,
                           .name = t.job.name,
                           .attempt = t.job.attempts_made + 1,
                           .attempts = how.attempts,
                           .fence = t.job.held.fence,
                           .deadline = how.timeout ? deadline::after(*how.timeout, t.time->steady()) : deadline(),
                           .time = t.time,
                           .token = t.job.held.token,
                           .keep_completed = how.keep_completed},
        teller_of(t), children_reader_of(t), children_counter_of(t));
}

awaitable<attempt> perform(std::shared_ptr<task> t, std::shared_ptr<blocking_pool> pool) {
    const auto& queue = t->job.held.job.queue;
    telemetry::span span("process " + queue, span_kind::consumer, producer_of(t->job));
    t->span = span.context();
    if (span.recording())
        span.set({{"messaging.system", "infra"},
                  {"messaging.destination.name", queue},
                  {"messaging.message.id", t->job.held.job.id},
                  {"job.name", t->job.name},
                  {"job.attempt", t->context->attempt()}});
    const auto& counted = instruments_of(queue);
    if (t->job.waiting_since)
        counted.wait.record(seconds_between(*t->job.waiting_since, t->time->wall()));
    const auto started = t->time->steady();
    auto ended = co_await try_handler(t, std::move(pool));
    counted.duration.record(std::chrono::duration<double>(t->time->steady() - started).count());
    if (ended.how != attempt::end::returned && ended.how != attempt::end::snoozed && ended.how != attempt::end::waits)
        span.fail(ended.reason);
    co_return ended;
}

} // namespace infra::queue
