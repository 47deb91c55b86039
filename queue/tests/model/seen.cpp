#include "walk.hpp"

#include <set>

// All that can be seen of the two, and what must hold whatever the model says.

namespace infra::queue::tests {
namespace {

const std::vector<std::string> queues{"a", "b", "c"};

void expect_same(const char* what, const std::string& is, const std::string& should_be) {
    if (is != should_be)
        throw difference(std::string(what) + " differ" + first_difference(is, should_be));
}

void require(bool holds, const std::string& sentence) {
    if (!holds)
        throw difference(sentence);
}

} // namespace

/// What one of the two shows.
struct walk::seen {
    std::vector<job_info> jobs{};
    std::vector<schedule_info> schedules{};
    std::vector<child_info> children{}; // of all of them
    std::string words{};                // all else
    std::size_t in_state = 0;           // asked for by that state alone
};

namespace {

awaitable<std::vector<job_info>> all_pages(backend& stored, list_request request) {
    std::vector<job_info> all;
    do {
        auto got = co_await stored.list(request);
        std::ranges::move(got.jobs, std::back_inserter(all));
        request.cursor = got.next;
    } while (!request.cursor.empty());
    co_return all;
}

awaitable<std::vector<child_info>> all_children(backend& stored, std::vector<job_info> of, std::size_t page) {
    std::vector<child_info> all;
    for (const auto& job : of) {
        children_request request{.parent = {job.queue, job.id}, .max = page};
        do {
            auto got = co_await stored.children(request);
            std::ranges::move(got.children, std::back_inserter(all));
            request.cursor = got.next;
        } while (!request.cursor.empty());
    }
    co_return all;
}

} // namespace

awaitable<walk::seen> walk::look(backend& stored, std::size_t page, job_state state, std::optional<job_key> of_logs) {
    seen all{.jobs = co_await all_pages(stored, {.max = page}), .schedules = co_await stored.schedules(std::nullopt)};
    all.children = co_await all_children(stored, all.jobs, page);
    all.words = words_of_all(co_await stored.counts(queues));
    for (const auto& each : queues) {
        all.words += words_of(co_await stored.settings(each)) + "\n";
        all.words += words_of_all(co_await stored.history(each, wall_time::min(), wall_time::max()));
    }
    if (of_logs)
        all.words += words_of_all(co_await stored.logs(*of_logs));
    all.in_state = (co_await all_pages(stored, {.filter = {.states = {state}}})).size();
    co_return all;
}

void walk::compare_state(lots& draw) {
    const auto key = draw_key(draw);
    const auto of_subject = key ? std::optional(job_key{key->queue, ids_.to_subject(key->id)}) : std::nullopt;
    const auto state = static_cast<job_state>(draw.below(job_states));
    const auto is = loop_.await(look(any_subject(draw), draw.between(20, 200), state, of_subject));
    const auto should_be = loop_.await(look(*model_, 1000, state, key));
    jobs_ = should_be.jobs;
    schedules_ = should_be.schedules;
    for (std::size_t i = 0; i < std::min(is.jobs.size(), jobs_.size()); ++i)
        ids_.same(is.jobs[i].id, jobs_[i].id);
    for (std::size_t i = 0; i < std::min(is.children.size(), should_be.children.size()); ++i)
        ids_.same(is.children[i].job.id, should_be.children[i].job.id);
    expect_same("jobs", words_of_all(is.jobs, ids_.by_model()), words_of_all(jobs_, as_it_is));
    expect_same("children", words_of_all(is.children, ids_.by_model()), words_of_all(should_be.children, as_it_is));
    expect_same("schedules", words_of_all(is.schedules), words_of_all(schedules_));
    expect_same("counts, settings, minutes or log lines", is.words, should_be.words);
    require(std::cmp_equal(is.in_state, std::ranges::count(is.jobs, state, &job_info::state)),
            std::string("a list of what is ") + std::string(to_string(state)) + " does not agree with that of all");
    check_invariants(is.jobs, is.schedules);
}

void walk::check_invariants(const std::vector<job_info>& jobs, const std::vector<schedule_info>& schedules) {
    std::set<std::pair<std::string, job_id>> seen;
    for (const auto& job : jobs) {
        const std::pair key(job.queue, ids_.to_model(job.id));
        const auto text = key.first + "/" + key.second;
        require(seen.insert(key).second, text + " is there twice");
        require(job.fence >= fences_[key], text + " has a smaller fence than before");
        fences_[key] = job.fence;
        const auto ran = job.attempts_made + job.stalls + (job.state == job_state::active);
        require(ran <= starts_[key], text + " ran " + std::to_string(ran) + " times and was started " +
                                         std::to_string(starts_[key]) + " times");
        require((job.state == job_state::completed || job.state == job_state::failed) == job.finished_at.has_value(),
                text + " is over or not");
        require(job.state != job_state::waiting_children || job.children.pending > 0,
                text + " waits for children and has none");
    }
    for (const auto& s : schedules) {
        std::size_t to_come = 0;
        for (const auto& job : jobs)
            to_come += s.next && job.queue == s.queue && job.id == run_id(s.id, *s.next);
        require(to_come == (s.pending ? 1u : 0u), "schedule " + s.id + " has not the pending run that it names");
    }
}

} // namespace infra::queue::tests
