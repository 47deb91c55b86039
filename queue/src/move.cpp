#include <infra/queue/move.hpp>

#include "move_carry.hpp"

#include <array>
#include <exception>
#include <map>
#include <utility>

namespace infra::queue {
namespace {

constexpr std::chrono::milliseconds between_looks{100};

// --- One move of a queue at a time --------------------------------------------------------------------------------

[[noreturn]] void refuse_for_mark(const moving& m, const std::string& queue, const std::string& stands) {
    throw error(infra::errc::invalid_state,
                "nothing was moved: the queue \"" + queue + "\" at " + m.way.from->description() +
                    " is being moved to " + stands +
                    ", or was and that was interrupted: move it there, or give that up (--anew)");
}

/// What is written on the source is not to be read in the target: that tells one storage of two names from two.
awaitable<void> refuse_marked_target(const moving& m, std::string queue) {
    const auto marked = co_await m.target().mark({.queue = queue});
    if (marked.empty())
        co_return;
    co_await m.source().mark({.queue = queue, .to = ""});
    const bool is_other = !(co_await m.target().mark({.queue = queue})).empty();
    throw error(infra::errc::invalid_state, is_other ? "nothing was moved: the queue \"" + queue + "\" at " +
                                                           m.way.to->description() + " is itself being moved, to " +
                                                           marked + "; let that end first"
                                                     : "nothing was moved: " + m.way.from->description() + " and " +
                                                           m.way.to->description() + " are the same storage");
}

/// Whether it is new: no earlier move to there was interrupted.
awaitable<bool> mark(const moving& m, std::string queue) {
    const auto to = m.way.to->description();
    const bool is_new = m.how.anew || (co_await m.source().mark({.queue = queue})).empty();
    if (const auto stands = co_await m.source().mark({.queue = queue, .to = to, .instead = m.how.anew}); stands != to)
        refuse_for_mark(m, queue, stands);
    co_await refuse_marked_target(m, queue);
    co_return is_new;
}

awaitable<void> unmark(const moving& m, std::vector<std::string> queues) {
    for (const auto& each : queues)
        co_await m.source().mark({.queue = each, .to = ""});
}

// --- At rest ------------------------------------------------------------------------------------------------------

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

awaitable<void> wait_for_the_last_run(const moving& m, std::string queue) {
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

awaitable<void> come_to_rest(const moving& m, const std::vector<queue_to_move>& queues,
                             std::vector<std::string>& newly_marked) {
    for (const auto& q : queues)
        if (co_await mark(m, q.there.queue))
            newly_marked.push_back(q.there.queue);
    for (const auto& q : queues)
        co_await pause_both(m, q);
    for (const auto& q : queues)
        co_await wait_for_the_last_run(m, q.there.queue);
}

/// Where that fails nothing has been carried, and so it may go anywhere next time.
awaitable<void> begin(const moving& m, const std::vector<queue_to_move>& queues) {
    std::vector<std::string> newly_marked;
    std::exception_ptr failure;
    try {
        co_await come_to_rest(m, queues, newly_marked);
    } catch (const error&) {
        failure = std::current_exception();
    }
    if (!failure)
        co_return;
    co_await unmark(m, std::move(newly_marked));
    std::rethrow_exception(failure);
}

/// What programs still add to the source, then or later, has other numbers than what they add to the target: it can be moved
/// there as well.
awaitable<void> part_numbers(const moving& m) {
    constexpr std::uint64_t apart = 1'000'000;
    std::map<std::string, std::uint64_t> last; // of all, before any is passed over: queues of a file count together
    for (const auto& each : m.queues)
        last[each] = co_await m.source().pass_numbers(each, 0);
    for (const auto& [queue, number] : last) {
        co_await m.target().pass_numbers(queue, number);
        co_await m.source().pass_numbers(queue, number + apart);
    }
}

awaitable<void> let_go(const moving& m, const queue_to_move& q, moved_queue& into) {
    into.paused = q.was_paused && !m.how.resume;
    if (!into.paused)
        co_await m.way.to->configure({.queue = into.queue, .paused = false, .now = m.time->wall()});
}

// --- Before anything is done --------------------------------------------------------------------------------------

void refuse_obstacles(const move_plan& plan) {
    if (!plan.obstacles.empty())
        throw error(infra::errc::invalid_state, "nothing was moved: " + plan.obstacles.front());
}

void check_move_options(const move_options& how) {
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

std::vector<std::string> left_behind() {
    return {"minutes of the history", "events", "the used part of a rate limit's window",
            "deduplications whose job nobody knows any more"};
}

std::string refusal_of_doomed(const carried_job& job) {
    const auto& j = job.known;
    const bool is_over = j.state == job_state::completed || j.state == job_state::failed;
    return is_over || job.fail_with.empty() ? ""
                                            : "they fail without a run, which only Redis can keep (" + job.fail_with +
                                                  "); let a worker there take them, or remove them";
}

error not_paused_error(std::string_view queue) {
    return error(infra::errc::invalid_state,
                 "the queue \"" + std::string(queue) +
                     "\" of the target is not paused any more: somebody has resumed it, and "
                     "jobs would run twice; move again");
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

awaitable<std::vector<moved_queue>> move_queues(std::shared_ptr<backend> from, std::shared_ptr<backend> to,
                                                move_plan plan, move_options how, clock& time) {
    check_move_options(how);
    refuse_obstacles(plan);
    moving m{.way = {from, to}, .how = std::move(how), .time = &time, .queues = names_in(plan)};
    co_await begin(m, plan.queues);
    co_await part_numbers(m);
    m.way.schedules = co_await schedules_of(from, m.queues); // no run is made any more
    std::vector<moved_queue> moved;
    for (const auto& q : plan.queues)
        moved.push_back({.queue = q.there.queue});
    for (auto& each : moved)
        each.carried = co_await copy_jobs(m, each.queue);
    co_await link_families(m);
    m.way.schedules.clear();
    for (bool is_empty = false;
         !is_empty;) { // what came to one meanwhile may have to do with one that was empty by then
        is_empty = true;
        for (auto& each : moved)
            is_empty = !co_await empty_source(m, each) && is_empty;
    }
    for (std::size_t i = 0; i < moved.size(); ++i)
        co_await let_go(m, plan.queues[i], moved[i]);
    co_await unmark(m, m.queues);
    co_return moved;
}

} // namespace infra::queue
