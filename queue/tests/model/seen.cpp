#include "walk.hpp"

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
    std::vector<child_info> children{};                        // of all of them
    std::set<std::pair<std::string, job_id>> released_early{}; // a child has failed under continue_parent
    std::string words{};                                       // all else
    std::size_t in_state = 0;                                  // asked for by that state alone
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

awaitable<std::vector<child_info>> children_of(backend& stored, job_key job, std::size_t page) {
    std::vector<child_info> all;
    children_request request{.parent = std::move(job), .max = page};
    do {
        auto got = co_await stored.children(request);
        std::ranges::move(got.children, std::back_inserter(all));
        request.cursor = got.next;
    } while (!request.cursor.empty());
    co_return all;
}

bool continues_parent(const child_info& child) {
    return child.state == child_state::failed && child.on_failure == child_failure::continue_parent;
}

} // namespace

awaitable<walk::seen> walk::look(backend& stored, std::size_t page, job_state state, std::optional<job_key> of_logs) {
    seen all{.jobs = co_await all_pages(stored, {.max = page}), .schedules = co_await stored.schedules(std::nullopt)};
    for (const auto& job : all.jobs) {
        auto children = co_await children_of(stored, {job.queue, job.id}, page);
        if (std::ranges::any_of(children, continues_parent))
            all.released_early.emplace(job.queue, job.id);
        std::ranges::move(children, std::back_inserter(all.children));
    }
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
    check_invariants(is);
}

// Children are pending only of a parent that waits for them: or it has got them as it ran, or a child has released it early.
void walk::check_release(const job_info& job, const std::pair<std::string, job_id>& key, bool released_early) {
    const bool runs = job.state == job_state::active;
    const bool stands = runs || job.state == job_state::waiting || job.state == job_state::delayed;
    if (!stands || job.children.pending == 0) {
        if (!stands)
            ahead_.erase(key);
        return;
    }
    const auto before = before_.find(key);
    const bool ran = before != before_.end() && before->second.state == job_state::active &&
                     (!runs || before->second.fence == job.fence);
    if (ran || released_early)
        ahead_.insert(key);
    require(ahead_.contains(key), key.first + "/" + key.second + " was released before its children were done");
}

void walk::check_invariants(const seen& all) {
    decltype(before_) now;
    for (const auto& job : all.jobs) {
        const std::pair key(job.queue, ids_.to_model(job.id));
        const auto text = key.first + "/" + key.second;
        require(now.emplace(key, job).second, text + " is there twice");
        check_release(job, key, all.released_early.contains({job.queue, job.id}));
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
    before_ = std::move(now);
    for (const auto& s : all.schedules) {
        std::size_t to_come = 0;
        for (const auto& job : all.jobs)
            to_come += s.next && job.queue == s.queue && job.id == run_id(s.id, *s.next);
        require(to_come == (s.pending ? 1u : 0u), "schedule " + s.id + " has not the pending run that it names");
    }
}

} // namespace infra::queue::tests
