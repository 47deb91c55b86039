#include "schedules.hpp"

#include "desk.hpp"

#include <algorithm>
#include <map>

namespace infra::dashboard {
namespace {

bool needs_somebody(const schedule_seen& s, wall_time now) {
    return !s.job.paused_since &&
           (s.job.orphaned || (!s.queue_paused && overdue(s.job, now) > std::chrono::milliseconds(0)));
}

// The last run may be forgotten, or on its way: the pending one.
awaitable<void> find_runs(queue::queue jobs, std::vector<schedule_seen>* all) {
    std::vector<queue::job_key> keys;
    for (const auto& each : *all)
        keys.push_back({each.job.queue, queue::run_id(each.job.name, each.job.last.value_or(wall_time{}))});
    auto found = co_await jobs.stored()->get(std::move(keys));
    for (std::size_t i = 0; i < all->size(); ++i)
        if (all->at(i).job.last)
            all->at(i).run = std::move(found.at(i));
}

awaitable<http::response> show_schedules(shared_desk desk) {
    const auto jobs = desk->jobs();
    const auto all = co_await look_at_schedules(jobs);
    json::array items;
    for (const auto& each : all)
        items.push_back(document_of(each, jobs.time().wall()));
    co_return page_of(std::move(items), {});
}

http::error_response no_schedule() {
    return {404, "no_schedule", "no such schedule is stored: a worker stores those it defines"};
}

awaitable<http::response> run_now(shared_desk desk, http::request r) {
    const std::string queue(r.param("queue")), name(r.param("name"));
    const auto id = co_await desk->jobs().run_cron({queue, name});
    if (!id)
        throw no_schedule();
    desk->forget(queue);
    co_return http::response::created({{"queue", queue}, {"id", *id}});
}

awaitable<http::response> steer_schedule(shared_desk desk, http::request r, bool paused) {
    const queue::schedule_key which{std::string(r.param("queue")), std::string(r.param("name"))};
    const auto jobs = desk->jobs();
    const bool is_there = paused ? co_await jobs.pause_schedule(which) : co_await jobs.resume_schedule(which);
    if (!is_there)
        throw no_schedule();
    desk->forget(which.queue);
    co_return http::response::ok({{"queue", which.queue}, {"name", which.id}, {"paused", paused}});
}

} // namespace

awaitable<std::vector<schedule_seen>> look_at_schedules(queue::queue jobs) {
    std::vector<schedule_seen> all;
    for (auto& each : co_await jobs.get_cron_jobs())
        all.push_back({.job = std::move(each)});
    std::map<std::string, bool> paused;
    for (const auto& each : co_await jobs.counts())
        paused[each.queue] = each.paused;
    for (auto& each : all)
        each.queue_paused = paused[each.job.queue];
    const auto now = jobs.time().wall();
    std::ranges::sort(all, [now](const auto& a, const auto& b) {
        const bool first = needs_somebody(a, now), second = needs_somebody(b, now);
        return first != second ? first : std::tie(a.job.name, a.job.queue) < std::tie(b.job.name, b.job.queue);
    });
    if (all.size() > most_schedules)
        all.resize(most_schedules);
    co_await find_runs(jobs, &all);
    co_return all;
}

void add_schedules(board& on, const shared_desk& desk) {
    on.show("/cron", [desk](const http::request&) { return show_schedules(desk); });
    on.act(http::method::post, "/cron/{queue}/{name}/run", "run a schedule now",
           [desk](const acting&, http::request r) { return run_now(desk, std::move(r)); });
    on.act(http::method::post, "/cron/{queue}/{name}/pause", "pause a schedule",
           [desk](const acting&, http::request r) { return steer_schedule(desk, std::move(r), true); });
    on.act(http::method::post, "/cron/{queue}/{name}/resume", "resume a schedule",
           [desk](const acting&, http::request r) { return steer_schedule(desk, std::move(r), false); });
}

} // namespace infra::dashboard
