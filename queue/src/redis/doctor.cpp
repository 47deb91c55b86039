#include "examination.hpp"

#include <algorithm>
#include <ranges>
#include <tuple>

namespace infra::queue {
namespace redis_backend {
namespace {

// Longer than it takes a worker that was woken to come for its jobs.
constexpr std::chrono::seconds until_the_second_look{1};

// Wrong at two moments, since each was read in several steps, and a worker that was just woken is on its way.
awaitable<std::vector<finding>> confirmed(shared_examination e) {
    const auto first = co_await examine_rest(e);
    if (first.empty())
        co_return first;
    co_await e->at->time().sleep_for(until_the_second_look);
    auto second = co_await examine_rest(e);
    std::erase_if(second, [&](const finding& now) {
        return std::ranges::none_of(first, [&](const finding& before) {
            return before.what == now.what && before.queue == now.queue && before.id == now.id;
        });
    });
    co_return second;
}

awaitable<std::vector<found_case>> find_all(shared_examination e) {
    std::vector<found_case> cases;
    const auto add = [&](std::vector<finding> some) {
        for (auto& each : some)
            cases.push_back({std::move(each), std::nullopt});
    };
    add(co_await examine_servers(e));
    add(e->unusable);
    std::vector<std::string> names;
    std::ranges::copy(e->queues | std::views::keys, std::back_inserter(names));
    for (const auto& each : names)
        std::ranges::move(co_await examine_jobs(e, each), std::back_inserter(cases));
    add(co_await confirmed(e));
    if (cases.size() > e->how.max_findings) {
        cases.resize(e->how.max_findings);
        e->complete = false;
    }
    co_return cases;
}

awaitable<diagnosis> examine_all(shared_examination e) {
    co_await see_all(e);
    auto cases = co_await find_all(e);
    if (e->how.repair)
        cases = co_await cure(e, std::move(cases));
    diagnosis made{.queues = e->queues.size(), .jobs = e->jobs, .complete = e->complete};
    for (auto& each : cases)
        made.findings.push_back(std::move(each.is));
    std::ranges::sort(made.findings, {}, [](const finding& f) { return std::tie(f.queue, f.what, f.id); });
    co_return made;
}

} // namespace
} // namespace redis_backend

awaitable<diagnosis> examine(redis_queue_options at, examine_options how, clock& time) {
    check(at);
    const auto timeout = at.timeout;
    const auto stored = std::make_shared<redis_backend::store>(std::move(at), std::vector<executor>(), time);
    const auto e =
        std::make_shared<redis_backend::examination>(redis_backend::examination{.at = stored, .how = std::move(how)});
    std::exception_ptr failure;
    diagnosis made;
    try {
        made = co_await redis_backend::examine_all(e);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await stored->redis().stop(deadline::after(timeout, time.steady()));
    if (failure)
        std::rethrow_exception(failure);
    co_return made;
}

} // namespace infra::queue
