#include "move_plan.hpp"
#include "move_route.hpp"

#include <algorithm>
#include <iterator>

namespace infra::queue {
namespace {

/// Jobs that are looked at together: their payloads are in memory twice.
constexpr std::size_t jobs_of_a_look = 100;

awaitable<void> look_at_children(std::shared_ptr<backend> from, job_key parent, obstacle_list& found) {
    children_request request{.parent = parent, .max = children_of_a_page};
    do {
        auto page = co_await from->children(request);
        for (const auto& child : page.children)
            found.look_at_child(parent, child);
        request.cursor = std::move(page.next);
    } while (!request.cursor.empty());
}

awaitable<void> look_at_families(const route& way, std::vector<job_info> jobs, obstacle_list& found) {
    std::vector<job_key> parents;
    std::vector<job_info> children;
    for (auto& job : jobs) {
        if (job.children.pending > 0)
            co_await look_at_children(way.from, key_of(job), found);
        if (!job.parent || found.is_moved(job.parent->queue))
            continue;
        parents.push_back(*job.parent);
        children.push_back(std::move(job));
    }
    if (parents.empty())
        co_return;
    const auto known = co_await way.from->get(std::move(parents));
    for (std::size_t i = 0; i < children.size(); ++i)
        found.look_at_parent(children[i], known.at(i));
}

awaitable<void> look_at_page(const route& way, std::vector<job_info> jobs, obstacle_list& found) {
    if (jobs.empty())
        co_return;
    const auto there = co_await way.to->get(keys_of(jobs));
    for (std::size_t i = 0; i < jobs.size(); ++i)
        found.look_at(jobs[i], there.at(i));
    for (const auto& each : co_await transferable(way.from).carry(keys_of(jobs)))
        if (each && !each->known.id.empty())
            found.look_at_refusal(each->known, transferable(way.to).refusal_of(*each));
    co_await look_at_families(way, std::move(jobs), found);
}

awaitable<void> look_at_jobs(const route& way, std::string queue, obstacle_list& found) {
    std::string cursor;
    for (bool is_over = false; !is_over;)
        co_await look_at_page(way, co_await way.next_jobs(queue, jobs_of_a_look, cursor, is_over), found);
}

awaitable<queue_to_move> look_at_queue(const route& way, std::string queue) {
    queue_to_move seen, there_before;
    seen.there = (co_await way.from->counts({queue})).at(0);
    there_before.there = (co_await way.to->counts({queue})).at(0);
    seen.there_before = there_before.jobs();
    seen.settings = co_await way.from->settings(queue);
    const auto onto = co_await way.to->settings(queue);
    seen.was_paused = seen.settings.paused || onto.paused;
    seen.schedules = static_cast<std::size_t>(std::ranges::count(way.schedules, queue, &schedule_info::queue));
    seen.moving_to = co_await transferable(way.from).mark({.queue = queue});
    seen.target_moving_to = co_await transferable(way.to).mark({.queue = queue});
    co_return seen;
}

/// A name that the target cannot have is one obstacle more.
awaitable<void> look_at_all_of(const route& way, std::string queue, move_plan& plan, obstacle_list& found) {
    try {
        plan.queues.push_back(co_await look_at_queue(way, queue));
    } catch (const error& e) {
        if (e.code() != infra::errc::invalid_input)
            throw;
        plan.obstacles.emplace_back(e.what());
        co_return;
    }
    co_await look_at_jobs(way, std::move(queue), found);
}

/// Of all there are when none is named; a name that nobody knows stands against the move.
awaitable<std::vector<std::string>> names_of(std::shared_ptr<backend> from, std::vector<std::string> asked,
                                             std::vector<std::string>& obstacles) {
    moved_names known;
    for (const auto& each : co_await from->counts({}))
        known.insert(each.queue);
    if (asked.empty())
        asked.assign(known.begin(), known.end());
    for (const auto& each : asked)
        if (!known.contains(each))
            obstacles.push_back("there is no queue \"" + each + "\" at " + from->description());
    std::ranges::sort(asked);
    const auto again = std::ranges::unique(asked);
    asked.erase(again.begin(), again.end());
    co_return asked;
}

} // namespace

awaitable<move_plan> plan_move(std::shared_ptr<backend> from, std::shared_ptr<backend> to,
                               std::vector<std::string> queues) {
    transferable(from);
    transferable(to);
    move_plan plan;
    if (from->description() == to->description()) {
        plan.obstacles.push_back("both are the same: " + from->description());
        co_return plan;
    }
    queues = co_await names_of(from, std::move(queues), plan.obstacles);
    route way{.from = from, .to = to};
    way.schedules = co_await schedules_of(from, queues);
    obstacle_list found(moved_names(queues.begin(), queues.end()));
    for (const auto& queue : queues)
        co_await look_at_all_of(way, queue, plan, found);
    std::ranges::move(found.sentences(), std::back_inserter(plan.obstacles));
    plan.remarks = remarks_on(plan.queues, to->description());
    co_return plan;
}

} // namespace infra::queue
