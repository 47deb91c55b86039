#include <infra/queue/job.hpp>

#include <infra/base/telemetry.hpp>
#include <infra/queue/schedules.hpp>

#include <algorithm>
#include <iterator>

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

awaitable<std::vector<child_info>> job_context::children() const {
    std::vector<child_info> all;
    std::string cursor;
    do {
        auto page = read_children_ ? co_await read_children_(cursor) : children_page();
        std::ranges::move(page.children, std::back_inserter(all));
        cursor = std::move(page.next);
    } while (!cursor.empty());
    co_return all;
}

awaitable<std::vector<child_info>> job_context::failed_children() const {
    auto all = co_await children();
    std::erase_if(all, [](const child_info& each) { return each.state != child_state::failed; });
    co_return all;
}

awaitable<children_counts> job_context::count_children() const {
    if (count_children_)
        co_return co_await count_children_();
    children_counts counts;
    for (const auto& each : co_await children())
        ++(each.state == child_state::pending     ? counts.pending
           : each.state == child_state::completed ? counts.completed
                                                  : counts.failed);
    co_return counts;
}

awaitable<child_info> job_context::last_completed() const {
    auto all = co_await children();
    std::erase_if(all, [](const child_info& each) { return each.state != child_state::completed; });
    if (all.empty())
        throw error(infra::errc::invalid_state, "the job \"" + id() + "\" has no step before it that completed");
    co_return std::move(all.back());
}

awaitable<void> job_context::log(std::string message) {
    telemetry::log(level::info, "queue", message,
                   {{"job", id()}, {"name", name()}, {"queue", queue()}, {"attempt", attempt()}});
    if (tell_)
        co_await tell_(std::nullopt, std::move(message));
}

} // namespace infra::queue
