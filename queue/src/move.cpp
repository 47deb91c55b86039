#include <infra/queue/move.hpp>

#include "move_plan.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>
#include <utility>

namespace infra::queue {
namespace {

using keys = std::vector<job_key>;

constexpr std::size_t children_of_a_page = 1000;
constexpr std::chrono::milliseconds between_looks{100};

transferable_store& transferable(const std::shared_ptr<backend>& stored) {
    auto* as = dynamic_cast<transferable_store*>(stored.get());
    if (!as)
        throw error(infra::errc::invalid_input,
                    "the queue at " + stored->description() +
                        " cannot be moved from or to: its backend is no transferable_store");
    return *as;
}

job_key key_of(const job_info& job) { return {job.queue, job.id}; }

keys keys_of(const std::vector<job_info>& jobs) {
    keys all;
    std::ranges::transform(jobs, std::back_inserter(all), key_of);
    return all;
}

// --- Looking ------------------------------------------------------------------------------------------------------

/// Both ends, and what is known of what goes from one to the other.
struct route {
    std::shared_ptr<backend> from;
    std::shared_ptr<backend> to;
    std::vector<schedule_info> schedules{};

    /// The next jobs of a queue, but for pending runs; moves the cursor on. Empty: that was all, and so is the cursor.
    awaitable<std::vector<job_info>> next_jobs(std::string queue, std::size_t most, std::string& cursor,
                                               bool& is_over) const {
        std::vector<job_info> jobs;
        do {
            auto page = co_await from->list({.filter = {.queue = queue}, .max = most, .cursor = cursor});
            cursor = std::move(page.next);
            for (auto& job : page.jobs)
                if (!is_pending_run(job, schedules))
                    jobs.push_back(std::move(job));
        } while (jobs.empty() && !cursor.empty());
        is_over = cursor.empty();
        co_return jobs;
    }
};

awaitable<void> look_at_children(std::shared_ptr<backend> from, job_key parent, obstacle_list& found) {
    children_request request{.parent = parent, .max = children_of_a_page};
    do {
        auto page = co_await from->children(request);
        for (const auto& child : page.children)
            found.look_at_child(parent, child);
        request.cursor = std::move(page.next);
    } while (!request.cursor.empty());
}

awaitable<void> look_at_jobs(const route& way, std::string queue, obstacle_list& found) {
    std::string cursor;
    for (bool is_over = false; !is_over;) {
        const auto jobs = co_await way.next_jobs(queue, children_of_a_page, cursor, is_over);
        const auto there = co_await way.to->get(keys_of(jobs));
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            found.look_at(jobs[i], there.at(i));
            if (jobs[i].children.pending > 0)
                co_await look_at_children(way.from, key_of(jobs[i]), found);
        }
    }
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
    co_return seen;
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

awaitable<std::vector<schedule_info>> schedules_of(std::shared_ptr<backend> from, std::vector<std::string> queues) {
    std::vector<schedule_info> all;
    for (const auto& each : queues)
        std::ranges::move(co_await from->schedules(each), std::back_inserter(all));
    co_return all;
}

// --- Doing --------------------------------------------------------------------------------------------------------

/// Of one move, what all its steps need.
struct moving {
    route way;
    move_options how;
    clock* time;
    keys parents{}; ///< whose children are still to be told

    transferable_store& source() const { return transferable(way.from); }
    transferable_store& target() const { return transferable(way.to); }

    void tell(const std::string& queue, move_step step, std::size_t jobs) const {
        if (how.on_progress)
            how.on_progress({.queue = queue, .step = step, .jobs = jobs});
    }
};

// The target first: so that nothing of what is restored is begun, nor of what the source does not have any more.
awaitable<void> pause_both(const moving& m, const queue_to_move& q) {
    const auto now = m.time->wall();
    const auto& s = q.settings;
    co_await m.way.to->configure({.queue = q.there.queue,
                                  .paused = true,
                                  .concurrency = s.concurrency,
                                  .rate = s.rate,
                                  .max_length = s.max_length,
                                  .per_group = s.per_group,
                                  .now = now});
    co_await m.way.from->configure({.queue = q.there.queue, .paused = true, .now = now});
}

std::string name_of_mover() { return "infra queue move"; }

// Nothing is taken from a queue that is paused; but somebody must look after those that vanished.
awaitable<void> take_back_from_the_dead(const moving& m, std::string queue) {
    const auto now = m.time->wall();
    auto taken = co_await m.way.from->claim({.queues = {queue}, .worker = name_of_mover(), .now = now});
    std::vector<outcome> back;
    for (const auto& job : taken.jobs) // somebody has resumed it
        back.push_back({.held = job.held, .as = outcome::kind::returned, .at = now});
    if (!back.empty())
        co_await m.way.from->finish(std::move(back));
    co_await m.way.from->leave(name_of_mover());
}

awaitable<void> wait_until_none_runs(const moving& m, std::string queue) {
    const auto limit = deadline::after(m.how.patience, m.time->steady());
    for (;;) {
        const auto active = (co_await m.way.from->counts({queue})).at(0).active;
        if (active == 0)
            co_return;
        m.tell(queue, move_step::waiting, active);
        if (limit.passed(m.time->steady()))
            throw error(infra::errc::timed_out, std::to_string(active) + " jobs of the queue \"" + queue +
                                                    "\" still run, and it is paused; move again once they are over, or "
                                                    "resume it");
        co_await take_back_from_the_dead(m, queue);
        co_await m.time->sleep_for(between_looks);
    }
}

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
    std::vector<carried_job> carried;
    for (auto& each : co_await m.source().carry(std::move(missing)))
        if (each && each->known.state != job_state::active)
            carried.push_back(*std::move(each));
    const auto restored = co_await m.target().restore(std::move(carried));
    co_return static_cast<std::size_t>(std::ranges::count(restored, true));
}

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

awaitable<void> link_children(const moving& m, job_key parent) {
    children_request request{.parent = parent, .max = children_of_a_page};
    do {
        auto page = co_await m.way.from->children(request);
        co_await m.target().restore_children(parent, std::move(page.children));
        request.cursor = std::move(page.next);
    } while (!request.cursor.empty());
}

// Once all jobs are there, since those are told as well whose children they are.
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
    for (const auto& each : co_await m.way.from->get(keys_of(jobs)))
        if (each)
            throw error(infra::errc::invalid_state, "jobs of the queue \"" + each->queue + "\" run again, such as " +
                                                        each->id +
                                                        ": somebody has resumed it; pause it, and move again");
}

// Their pending runs go with them.
awaitable<std::size_t> move_schedules(const moving& m, std::string queue) {
    auto all = co_await m.way.from->schedules(queue);
    if (all.empty())
        co_return 0;
    std::vector<schedule_key> gone;
    for (const auto& each : all)
        gone.push_back({each.queue, each.id});
    co_await m.target().restore_schedules(std::move(all));
    co_await m.way.from->remove_schedules(gone);
    co_return gone.size();
}

// What was added meanwhile is carried on the way.
awaitable<void> empty_source(moving& m, moved_queue& into) {
    for (;;) {
        into.schedules += co_await move_schedules(m, into.queue);
        std::string cursor;
        bool is_over = false;
        const auto jobs = co_await m.way.next_jobs(into.queue, m.how.page, cursor, is_over);
        if (jobs.empty() && is_over)
            co_return;
        into.carried += co_await carry_page(m, jobs, false);
        co_await link_families(m);
        const auto removed = co_await remove_page(m, jobs);
        if (removed == 0)
            co_await refuse_if_any_is_left(m, jobs);
        into.removed += removed;
        m.tell(into.queue, move_step::removing, into.removed);
    }
}

awaitable<void> let_go(const moving& m, const queue_to_move& q, moved_queue& into) {
    into.paused = q.was_paused && !m.how.resume;
    if (!into.paused)
        co_await m.way.to->configure({.queue = into.queue, .paused = false, .now = m.time->wall()});
}

void refuse_obstacles(const move_plan& plan) {
    if (!plan.obstacles.empty())
        throw error(infra::errc::invalid_state, "nothing was moved: " + plan.obstacles.front());
}

void check(const move_options& how) {
    if (how.page < 1 || how.page > 1000)
        throw std::invalid_argument("queue::move_options::page must be from 1 to 1000");
    if (how.patience.count() < 0)
        throw std::invalid_argument("queue::move_options::patience must not be negative");
}

std::vector<std::string> names_in(const move_plan& plan) {
    std::vector<std::string> names;
    for (const auto& q : plan.queues)
        names.push_back(q.there.queue);
    return names;
}

} // namespace

std::string_view to_string(move_step step) noexcept {
    static constexpr std::array<std::string_view, 4> names{"waiting", "copying", "linking", "removing"};
    return names[static_cast<std::size_t>(step)];
}

new_job as_added(const carried_job& job) {
    const auto& known = job.known;
    return {.queue = known.queue,
            .id = known.id,
            .name = known.name,
            .data = known.data,
            .options = known.options,
            .carrier = job.carrier,
            .created_at = known.created_at,
            .run_at = known.run_at,
            .expires_at = known.expires_at,
            .deduplicate = job.deduplicate,
            .group = known.group};
}

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
    for (const auto& queue : queues) {
        plan.queues.push_back(co_await look_at_queue(way, queue));
        co_await look_at_jobs(way, queue, found);
    }
    std::ranges::move(found.sentences(), std::back_inserter(plan.obstacles));
    plan.remarks = remarks_on(plan.queues);
    co_return plan;
}

awaitable<std::vector<moved_queue>> move_queues(std::shared_ptr<backend> from, std::shared_ptr<backend> to,
                                                move_plan plan, move_options how, clock& time) {
    check(how);
    refuse_obstacles(plan);
    moving m{.way = {from, to}, .how = std::move(how), .time = &time};
    for (const auto& q : plan.queues)
        co_await pause_both(m, q);
    for (const auto& q : plan.queues)
        co_await wait_until_none_runs(m, q.there.queue);
    m.way.schedules = co_await schedules_of(from, names_in(plan)); // no run is made any more
    std::vector<moved_queue> moved;
    for (const auto& q : plan.queues)
        moved.push_back({.queue = q.there.queue});
    for (auto& each : moved)
        each.carried = co_await copy_jobs(m, each.queue);
    co_await link_families(m);
    m.way.schedules.clear();
    for (auto& each : moved)
        co_await empty_source(m, each);
    for (std::size_t i = 0; i < moved.size(); ++i)
        co_await let_go(m, plan.queues[i], moved[i]);
    co_return moved;
}

} // namespace infra::queue
