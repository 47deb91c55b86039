#include <infra/queue/job.hpp>

#include <infra/base/telemetry.hpp>

namespace infra::queue {

awaitable<void> job_context::log(std::string message) {
    telemetry::log(level::info, "queue", message,
                   {{"job", id()}, {"name", name()}, {"queue", queue()}, {"attempt", attempt()}});
    co_return;
}

} // namespace infra::queue
