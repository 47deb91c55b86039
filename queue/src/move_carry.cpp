#include "move_carry.hpp"

#include "move_plan.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace infra::queue {
namespace {

using keys = std::vector<job_key>;

// --- Into the target ----------------------------------------------------------------------------------------------

void refuse_other_job(const job_info& job, const std::optional<job_info>& there) {
    if (there && !is_same_job(job, *there))
        throw error(infra::errc::invalid_state, "another job of the target has the id of " + job.queue + ":" + job.id +
                                                    ", which stays where it is; remove one of the two, and move again");
}

/// Those that run by now are left out: somebody resumed the source. `anew`: a move that was interrupted may have carried jobs
/// without telling them of their children.
awaitable<std::size_t> carry_page(moving& m, std::vector<job_info> jobs, bool anew) {
    if (jobs.empty())
        co_return 0;
    const auto there = co_await m.way.to->get(keys_of(jobs));
    keys missing;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const auto& job = jobs[i];
        refuse_other_job(job, there.at(i));
        if (!there[i] && job.state != job_state::active)
            missing.push_back(key_of(job));
        if (job.children.total() > 0 && (anew || !there[i]))
            m.parents.push_back(key_of(job));
        if (job.parent && !anew && !there[i]) // it came after its parent was carried
            m.parents.push_back(*job.parent);
    }
    if (missing.empty())
        co_return 0;
    std::vector<carried_job> carried;
    for (auto& each : co_await m.source().carry(std::move(missing)))
        if (each && each->known.state != job_state::active)
            carried.push_back(*std::move(each));
    const auto restored = co_await m.target().restore(std::move(carried));
    co_return static_cast<std::size_t>(std::ranges::count(restored, true));
}

awaitable<void> link_children(const moving& m, job_key parent) {
    children_request request{.parent = parent, .max = children_of_a_page};
    do {
        auto page = co_await m.way.from->children(request);
        if (!page.children.empty())
            co_await m.target().restore_children(parent, std::move(page.children));
        request.cursor = std::move(page.next);
    } while (!request.cursor.empty());
}

// --- Out of the source --------------------------------------------------------------------------------------------

keys pending_in(const std::vector<child_info>& children) {
    keys pending;
    for (const auto& each : children)
        if (each.state == child_state::pending)
            pending.push_back(each.job);
    return pending;
}

std::vector<job_info> known_of(std::vector<std::optional<job_info>> found) {
    std::vector<job_info> known;
    for (auto& each : found)
        if (each)
            known.push_back(*std::move(each));
    return known;
}

void refuse_torn(const moving& m, const job_info& child) {
    if (child.parent && !m.is_moved(child.parent->queue) && child.state != job_state::completed)
        throw error(infra::errc::invalid_state,
                    "the job " + child.queue + ":" + child.id + " was added meanwhile, and one of the queue \"" +
                        child.parent->queue + "\" waits for it, which is not moved; move that as well, or let it end");
}

keys parents_of(const moving& m, const std::vector<job_info>& jobs) {
    keys parents;
    for (const auto& each : jobs) {
        refuse_torn(m, each);
        if (each.parent && std::ranges::find(parents, *each.parent) == parents.end())
            parents.push_back(*each.parent);
    }
    return parents;
}

// Whoever waits for one that is removed goes on without it; so it is to stand in the target by then, where it waits.
awaitable<std::size_t> carry_those_above(moving& m, std::vector<job_info> jobs) {
    std::size_t carried = 0;
    for (auto above = parents_of(m, jobs); !above.empty(); above = parents_of(m, jobs)) {
        jobs = known_of(co_await m.way.from->get(std::move(above)));
        carried += co_await carry_page(m, jobs, false);
    }
    co_return carried;
}

// Whoever is removed takes along what it waits for; what came to it since it was copied must not go like that.
awaitable<std::size_t> carry_what_they_wait_for(moving& m, std::vector<job_info> jobs) {
    keys parents;
    const auto note = [&parents](const std::vector<job_info>& seen) {
        for (const auto& each : seen)
            if (each.children.pending > 0)
                parents.push_back(key_of(each));
    };
    note(jobs);
    std::size_t carried = 0;
    while (!parents.empty()) {
        children_request request{.parent = std::move(parents.back()), .max = m.how.page};
        parents.pop_back();
        do {
            auto page = co_await m.way.from->children(request);
            const auto children = known_of(co_await m.way.from->get(pending_in(page.children)));
            carried += co_await carry_page(m, children, false);
            note(children);
            request.cursor = std::move(page.next);
        } while (!request.cursor.empty());
    }
    co_return carried;
}

/// Of those jobs of the source that stand in the target; how many it were.
awaitable<std::size_t> remove_page(const moving& m, std::vector<job_info> jobs) {
    const auto there = co_await m.way.to->get(keys_of(jobs));
    change_request request{.what = job_change::remove, .now = m.time->wall()};
    for (std::size_t i = 0; i < jobs.size(); ++i)
        if (there.at(i))
            request.jobs.push_back(key_of(jobs[i]));
    if (request.jobs.empty())
        co_return 0;
    co_return (co_await m.way.from->change(std::move(request))).changed;
}

// Others may have forgotten them meanwhile.
awaitable<void> refuse_if_any_is_left(const moving& m, std::vector<job_info> jobs) {
    for (const auto& each : known_of(co_await m.way.from->get(keys_of(jobs)))) {
        const auto name = each.queue + ":" + each.id;
        throw error(
            infra::errc::invalid_state,
            each.state == job_state::active
                ? "jobs of the source run again, such as " + name +
                      ": somebody has resumed the queue; pause it, and move again"
                : "the source does not let go of " + name +
                      ", which stands in the target by now; perhaps somebody has locked it: infra queue doctor");
    }
}

// Their pending runs go with them.
awaitable<std::size_t> move_schedules(const moving& m, std::string queue) {
    auto all = co_await m.source().carry_schedules(queue);
    if (all.empty())
        co_return 0;
    std::vector<schedule_key> gone;
    for (const auto& each : all)
        gone.push_back({each.known.queue, each.known.id});
    co_await m.target().restore_schedules(std::move(all));
    co_await m.way.from->remove_schedules(gone);
    co_return gone.size();
}

} // namespace

awaitable<std::size_t> copy_jobs(moving& m, std::string queue) {
    std::size_t carried = 0, seen = 0;
    std::string cursor;
    for (bool is_over = false; !is_over;) {
        auto jobs = co_await m.way.next_jobs(queue, m.how.page, cursor, is_over);
        seen += jobs.size();
        carried += co_await carry_page(m, std::move(jobs), true);
        m.tell(queue, move_step::copying, seen);
    }
    co_return carried;
}

awaitable<void> link_families(moving& m) {
    std::ranges::sort(m.parents, {}, [](const job_key& k) { return std::tie(k.queue, k.id); });
    const auto again = std::ranges::unique(m.parents);
    m.parents.erase(again.begin(), again.end());
    std::size_t linked = 0;
    for (const auto& parent : std::exchange(m.parents, {})) {
        co_await link_children(m, parent);
        m.tell(parent.queue, move_step::linking, ++linked);
    }
}

awaitable<bool> empty_source(moving& m, moved_queue& into) {
    for (bool was_empty = true;; was_empty = false) {
        into.schedules += co_await move_schedules(m, into.queue);
        std::string cursor;
        bool is_over = false;
        const auto jobs = co_await m.way.next_jobs(into.queue, m.how.page, cursor, is_over);
        if (jobs.empty() && is_over)
            co_return !was_empty;
        into.carried += co_await carry_page(m, jobs, false);
        into.carried += co_await carry_those_above(m, jobs);
        into.carried += co_await carry_what_they_wait_for(m, jobs);
        co_await link_families(m);
        co_await m.target().settle(into.queue);
        const auto removed = co_await remove_page(m, jobs);
        if (removed == 0)
            co_await refuse_if_any_is_left(m, jobs);
        into.removed += removed;
        m.tell(into.queue, move_step::removing, into.removed);
    }
}

} // namespace infra::queue
