#include "naming.hpp"
#include "walk.hpp"

#include <infra/queue/operations.hpp>

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr std::size_t most_looked_at_to_list = 1000; // in one call
constexpr std::size_t most_listed_in_a_step = 100;   // they come with their payloads

/// Passes what goes into the page, up to where it is full. True if all of it was passed.
bool fill_jobs(job_page& page, walk& through, std::vector<walked_job> jobs, const list_request& request) {
    for (auto& each : jobs) {
        if (page.jobs.size() == request.max)
            return false;
        through.pass(each);
        ++page.looked_at;
        if (each.info && matches(request.filter, *each.info))
            page.jobs.push_back(*std::move(each.info));
    }
    return true;
}

} // namespace

awaitable<job_page> list(shared_store s, list_request request) {
    walk through({.queues = co_await queues_of(s, request.filter.queue),
                  .places = places_of(request.filter.states),
                  .newest_first = request.newest_first},
                 request.cursor);
    job_page page;
    const auto& prefix = s->options().prefix;
    for (std::size_t looked_at = 0;
         !through.is_over() && looked_at < most_looked_at_to_list && page.jobs.size() < request.max;
         looked_at += most_listed_in_a_step) {
        auto jobs = through.read(co_await s->ask(through.command(prefix, most_listed_in_a_step)));
        if (fill_jobs(page, through, std::move(jobs), request))
            through.end_step();
    }
    page.next = through.cursor();
    co_return page;
}

} // namespace infra::queue::redis_backend
