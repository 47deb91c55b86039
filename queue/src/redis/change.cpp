#include "changing.hpp"
#include "naming.hpp"
#include "walk.hpp"

#include <infra/queue/backend.hpp>

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;

constexpr std::size_t most_in_a_step = 100; // of those that a filter may fit
constexpr std::size_t most_looked_at_to_change = 1000;

// --- Those that are named, and what they wait for --------------------------------------------------------------------

bool takes_children(const change_request& by) {
    return by.with_children && (by.what == job_change::cancel || by.what == job_change::remove);
}

// Above before below, so that none is released meanwhile.
awaitable<std::size_t> change_family(shared_store s, change_request by, job_key job) {
    const auto in = s->keys(job.queue);
    auto below = co_await all_below(s, in.of_job(job.id));
    const auto first = co_await change_some(s, by, {in.base(), {job.id}});
    if (!first.at(0))
        co_return 0;
    co_return 1 + co_await change_by_keys(s, by, std::move(below));
}

/// Those of one queue that follow each other go together.
awaitable<std::size_t> change_each(shared_store s, change_request by, std::vector<job_key> jobs) {
    std::size_t changed = 0;
    queue_part part;
    for (const auto& each : jobs) {
        auto base = s->keys(each.queue).base();
        if (base != part.base || part.ids.size() == most_in_a_call) {
            const auto done = co_await change_some(s, by, std::exchange(part, {.base = base}));
            changed += static_cast<std::size_t>(std::ranges::count(done, true));
        }
        part.ids.push_back(each.id); // which may have colons
    }
    const auto done = co_await change_some(s, by, std::move(part));
    co_return changed + static_cast<std::size_t>(std::ranges::count(done, true));
}

awaitable<change_result> change_named(shared_store s, change_request by) {
    auto jobs = co_await with_queues(s, by.jobs);
    std::erase_if(jobs, [](const job_key& each) { return each.queue.empty() || each.id.empty(); });
    if (!takes_children(by))
        co_return change_result{.changed = co_await change_each(s, by, std::move(jobs))};
    change_result result;
    for (auto& each : jobs)
        result.changed += co_await change_family(s, by, std::move(each));
    co_return result;
}

// --- Those that fit a filter -----------------------------------------------------------------------------------------

bool may_be_changed(job_change what, job_state state) {
    const bool is_over = state == job_state::completed || state == job_state::failed;
    switch (what) {
    case job_change::retry: return is_over;
    case job_change::promote: return state == job_state::delayed;
    case job_change::cancel: return !is_over;
    case job_change::remove: return state != job_state::active;
    }
    return false;
}

std::vector<job_state> states_for(const change_request& by) {
    std::vector<job_state> states = by.filter.states;
    if (states.empty())
        for (std::size_t i = 0; i < job_states; ++i)
            states.push_back(static_cast<job_state>(i));
    std::erase_if(states, [&](job_state each) { return !may_be_changed(by.what, each); });
    return states;
}

// Those behind the heads of their groups first: they move up to where those were.
std::vector<std::string_view> places_for(const change_request& by) {
    const auto states = states_for(by);
    auto places = states.empty() ? std::vector<std::string_view>() : places_of(states);
    if (const auto parked = std::ranges::find(places, "parked"); parked != places.end())
        std::rotate(places.begin(), parked, parked + 1);
    return places;
}

// Whether a job's place alone says that it fits.
bool asks_for_states_alone(const job_filter& filter) {
    return filter.name.empty() && filter.data_contains.empty() && filter.reason_contains.empty() &&
           filter.group.empty() && !filter.created_before && !filter.finished_before;
}

/// Jobs of one place, next to each other.
struct seen_jobs {
    walk before; ///< them
    std::vector<walked_job> jobs{};
    std::vector<bool> fits{};
    words fit{};
    bool were_all = false; ///< no more stand behind them
};

/// Passes them up to the last that may be changed now. True if all of them were passed.
bool take_in(seen_jobs& into, walk& through, std::vector<walked_job> page, const change_request& by, std::size_t most) {
    for (auto& each : page) {
        if (into.fit.size() == most)
            return false;
        through.pass(each);
        into.fits.push_back(asks_for_states_alone(by.filter) || (each.info && matches(by.filter, *each.info)));
        if (into.fits.back())
            into.fit.push_back(each.id);
        each.info.reset(); // it may be large
        into.jobs.push_back(std::move(each));
    }
    return true;
}

awaitable<seen_jobs> see(shared_store s, change_request by, walk through, std::size_t most) {
    const auto step = asks_for_states_alone(by.filter) ? most_in_a_call : most_in_a_step;
    seen_jobs seen{.before = through};
    while (!seen.were_all && seen.jobs.size() < most_looked_at_to_change) {
        auto page = through.read(co_await s->ask(through.command(s->options().prefix, step)));
        if (seen.jobs.empty())
            seen.before = through; // which knows now how many stand before them
        const bool is_last = page.size() < step;
        if (!take_in(seen, through, std::move(page), by, most))
            break;
        seen.were_all = is_last;
    }
    co_return seen;
}

// What was changed stands there no longer, but for what runs and is asked to end.
walk behind(const seen_jobs& seen, const std::vector<bool>& changed) {
    auto through = seen.before;
    std::size_t next = 0;
    for (std::size_t i = 0; i < seen.jobs.size(); ++i)
        if (!seen.fits[i] || !changed.at(next++) || through.at().stands == "active")
            through.pass(seen.jobs[i]);
    if (seen.were_all)
        through.go_to_next_place();
    return through;
}

awaitable<change_result> change_fitting(shared_store s, change_request by) {
    walk through({.queues = co_await queues_of(s, by.filter.queue),
                  .places = places_for(by),
                  .ids_only = asks_for_states_alone(by.filter)},
                 by.cursor);
    change_result result;
    std::size_t fitted = 0;
    for (std::size_t looked_at = 0; !through.is_over() && looked_at < most_looked_at_to_change && fitted < by.max;) {
        const auto seen = co_await see(s, by, through, by.max - fitted);
        const queue_part part{s->keys(through.at().queue).base(), seen.fit};
        const auto changed =
            co_await change_some(s, by, part, {.stands = through.at().stands, .behind = seen.before.before()});
        through = behind(seen, changed);
        result.changed += static_cast<std::size_t>(std::ranges::count(changed, true));
        fitted += seen.fit.size();
        looked_at += seen.jobs.size() + most_in_a_step; // an empty place is looked at as well
    }
    result.next = through.cursor();
    co_return result;
}

} // namespace

awaitable<change_result> change(shared_store s, change_request request) {
    return request.jobs.empty() ? change_fitting(std::move(s), std::move(request))
                                : change_named(std::move(s), std::move(request));
}

} // namespace infra::queue::redis_backend
