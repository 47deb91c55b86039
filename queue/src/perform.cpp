#include "perform.hpp"

#include "instruments.hpp"

#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

namespace infra::queue {
namespace {

attempt failed_attempt(std::exception_ptr thrown) {
    const bool is_final = [&] {
        try {
            std::rethrow_exception(thrown);
        } catch (const unrecoverable&) {
            return true;
        } catch (const error& e) {
            return e.code() == errc::invalid_payload;
        } catch (...) {
            return false;
        }
    }();
    return {.how = is_final ? attempt::end::threw_final : attempt::end::threw, .reason = readable(describe(thrown))};
}

attempt timed_out(const claimed_job& job) {
    return {.how = attempt::end::threw,
            .reason = "timed out after " + std::to_string(job.options.timeout->count()) + " ms"};
}

// What the producer told, and nothing of whatever the worker was started in.
context producer_of(const claimed_job& job) {
    const bool silent = context::current().telemetry_suppressed();
    return extract(from_carrier(job.carrier), silent ? context().with_telemetry_suppressed() : context());
}

awaitable<attempt> try_handler(const task& t) {
    std::exception_ptr thrown;
    try {
        auto result =
            co_await with_deadline(t.known->perform(t.job.data, t.context, *t.pool), t.context->deadline(), *t.time);
        co_return attempt{.how = attempt::end::returned, .result = std::move(result)};
    } catch (...) {
        thrown = std::current_exception();
    }
    // The deadline's own exception, or what a handler made of it.
    if (t.context->deadline().passed(t.time->steady())) {
        t.context->request_stop();
        co_return timed_out(t.job);
    }
    co_return failed_attempt(thrown);
}

} // namespace

std::shared_ptr<job_context> context_for(const claimed_job& job, steady_time now) {
    return std::make_shared<job_context>(
        job_context::facts{.job = job.held.job,
                           .name = job.name,
                           .attempt = job.attempts_made + 1,
                           .attempts = job.options.attempts,
                           .fence = job.held.fence,
                           .deadline = job.options.timeout ? deadline::after(*job.options.timeout, now) : deadline()});
}

awaitable<attempt> perform(task t) {
    const auto& queue = t.job.held.job.queue;
    telemetry::span span("process " + queue, span_kind::consumer, producer_of(t.job));
    span.set({{"messaging.system", "infra"},
              {"messaging.destination.name", queue},
              {"messaging.message.id", t.job.held.job.id},
              {"job.name", t.job.name},
              {"job.attempt", t.context->attempt()}});
    const auto started = t.time->steady();
    auto ended = co_await try_handler(t);
    instruments_of(queue).duration.record(std::chrono::duration<double>(t.time->steady() - started).count());
    if (ended.how != attempt::end::returned)
        span.fail(ended.reason);
    co_return ended;
}

} // namespace infra::queue
