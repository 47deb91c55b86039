#include <infra/queue/job.hpp>

#include <infra/base/telemetry.hpp>
#include <infra/queue/schedules.hpp>

namespace infra::queue {

std::optional<wall_time> job_context::scheduled_for() const {
    const auto run = run_of(id());
    return run ? std::optional(run->second) : std::nullopt;
}

void job_context::extend(std::chrono::milliseconds more) {
    const auto until = saturating_add(facts_.time->steady(), more);
    auto known = deadline_.load(std::memory_order_relaxed);
    while (known < until && !deadline_.compare_exchange_weak(known, until, std::memory_order_relaxed))
        ;
}

awaitable<void> job_context::tell(std::string progress) {
    if (tell_)
        co_await tell_(std::move(progress), std::nullopt);
}

awaitable<void> job_context::log(std::string message) {
    telemetry::log(level::info, "queue", message,
                   {{"job", id()}, {"name", name()}, {"queue", queue()}, {"attempt", attempt()}});
    if (tell_)
        co_await tell_(std::nullopt, std::move(message));
}

} // namespace infra::queue
