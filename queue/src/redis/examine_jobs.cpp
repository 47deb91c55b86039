#include "examination.hpp"
#include "scripts.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

// Of what the first walk has seen. How many a parent waits for it does not know: one that waits is always looked at again.
job_facts facts_of(const std::string& id, const seen_job& seen) {
    job_facts job{.id = id, .is_job = seen.has_hash, .is_locked = seen.is_locked, .parts = seen.parts};
    for (std::size_t i = 0; i < place_kinds; ++i)
        for (const auto bits : {seen.in, seen.twice})
            if (bits & (1u << i))
                job.in.push_back(static_cast<place>(i));
    return job;
}

std::vector<std::string> suspects_of(const std::string& queue, const seen_queue& seen) {
    std::vector<std::string> ids;
    for (const auto& [id, job] : seen.jobs)
        if (!diagnose(queue, facts_of(id, job)).empty())
            ids.push_back(id);
    std::ranges::sort(ids);
    return ids;
}

// Each is looked for in the lists from one end to the other.
std::size_t most_in_a_look(const seen_queue& seen) {
    constexpr std::size_t most_passed = 2'000'000;
    return std::clamp<std::size_t>(most_passed / (seen.jobs.size() + 1), 1, 100);
}

job_facts read_facts(std::string id, redis::reply answer) {
    const auto items = std::move(answer).take_items();
    const auto number = [&](std::size_t i) { return static_cast<std::size_t>(items.at(i).as_integer()); };
    job_facts job{.id = std::move(id),
                  .is_job = number(0) == 1,
                  .is_finished = number(1) == 1,
                  .is_locked = number(2) == 1,
                  .parts = number(3),
                  .pending = number(4),
                  .over = number(5)};
    for (std::size_t i = 6; i < items.size(); ++i)
        if (const auto where = place_named(items[i].as_text()))
            job.in.push_back(*where);
    return job;
}

void diagnose_into(std::vector<found_case>& cases, const std::string& queue, const job_facts& job) {
    for (auto& each : diagnose(queue, job)) {
        const auto stays = each.what == ailment::two_places ? std::optional(place_to_keep(job)) : std::nullopt;
        cases.push_back({std::move(each), stays});
    }
}

} // namespace

awaitable<std::vector<found_case>> examine_jobs(shared_examination e, std::string queue) {
    const auto& seen = e->queues.at(queue);
    const auto ids = suspects_of(queue, seen);
    const auto at_once = most_in_a_look(seen);
    std::vector<found_case> cases;
    for (std::size_t from = 0; from < ids.size(); from += at_once) {
        const std::vector some(ids.begin() + static_cast<std::ptrdiff_t>(from),
                               ids.begin() + static_cast<std::ptrdiff_t>(std::min(from + at_once, ids.size())));
        auto look = scripts::examine_jobs.call(std::vector{e->at->keys(queue).base()}, some).again(redis::replay::read);
        auto answers = (co_await e->at->ask(std::move(look))).take_items();
        for (std::size_t i = 0; i < some.size(); ++i)
            diagnose_into(cases, queue, read_facts(some[i], std::move(answers.at(i))));
    }
    co_return cases;
}

} // namespace infra::queue::redis_backend
