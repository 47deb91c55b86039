// Jobs are looked at: lists, one of them, what it said, whom it waits for.

#include "../masking.hpp"
#include "../texts.hpp"
#include "desk.hpp"
#include "documents.hpp"
#include "scan.hpp"
#include "search.hpp"

#include <functional>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_lines = 200;

queue::job_filter filter_of(const http::request& r) {
    queue::job_filter filter{.queue = std::string(r.param("queue"))};
    if (const auto state = r.query("state"); state && !state->empty())
        filter.states.push_back(state_named(*state));
    add_search(filter, r.query("q").value_or(""));
    return filter;
}

queue::job_key asked_job(const http::request& r) { return {std::string(r.param("queue")), std::string(r.param("id"))}; }

std::size_t most_of_texts(const http::request& r) { return says(r, "whole") ? most_of_whole_payload : most_of_payload; }

// Of a group those that failed alike, see infra/queue/failures.hpp. And what is masked is not found: who searches letter by letter would read it.
std::function<bool(const queue::job_info&)> to_be_shown(const http::request& r, const queue::job_filter& filter) {
    auto group = r.query("group").value_or("");
    if (group.empty() && filter.data_contains.empty())
        return {};
    return [group = std::move(group), part = filter.data_contains](const queue::job_info& job) {
        const bool is_of_group =
            group.empty() || (job.state == queue::job_state::failed && queue::failure_group_of(job) == group);
        return is_of_group && (part.empty() || masked(job.data).find(part) != std::string::npos);
    };
}

awaitable<http::response> list_jobs(shared_desk desk, http::request r) {
    queue::list_request request{
        .filter = filter_of(r), .max = limit_of(r), .newest_first = true, .cursor = r.query("cursor").value_or("")};
    auto fits = to_be_shown(r, request.filter);
    auto page = co_await look_for(desk->jobs(), std::move(request), std::move(fits));
    json::array items;
    for (const auto& each : page.jobs)
        items.push_back(summary_of(each));
    const auto next = page.next.empty() ? json::value() : json::value(page.next);
    co_return http::response::ok({{"items", std::move(items)}, {"next", next}, {"looked_at", page.looked_at}});
}

awaitable<http::response> count_jobs(shared_desk desk, http::request r) {
    auto filter = filter_of(r);
    auto fits = to_be_shown(r, filter);
    const auto found =
        co_await count_those(desk->jobs(), std::move(filter), r.query("cursor").value_or(""), std::move(fits));
    const auto next = found.next.empty() ? json::value() : json::value(found.next);
    co_return http::response::ok({{"count", found.count}, {"next", next}, {"looked_at", found.looked_at}});
}

// Of whatever queue: several may have the id.
awaitable<http::response> find_jobs(shared_desk desk, http::request r) {
    const auto jobs = desk->jobs();
    const auto id = r.query("id").value_or("");
    std::vector<queue::job_key> keys;
    for (const auto& each : co_await jobs.counts())
        if (keys.size() < most_queues)
            keys.push_back({each.queue, id});
    json::array items;
    for (const auto& each : co_await jobs.stored()->get(std::move(keys)))
        if (each)
            items.push_back(summary_of(*each));
    co_return page_of(std::move(items), {});
}

awaitable<http::response> show_job(shared_desk desk, http::request r) {
    const auto job = co_await desk->jobs().find_job(asked_job(r));
    if (!job)
        throw http::error_response(404, "no_job",
                                   "there is no such job in this queue, or no longer: what is over is kept for a "
                                   "while only");
    co_return http::response::ok(document_of(*job, most_of_texts(r)));
}

awaitable<http::response> show_logs(shared_desk desk, http::request r) {
    const auto lines = co_await desk->jobs().logs(asked_job(r));
    const auto left_out = says(r, "whole") || lines.size() <= most_lines ? 0 : lines.size() - most_lines;
    json::array items;
    for (auto at = left_out; at < lines.size(); ++at)
        items.push_back(document_of(lines[at]));
    co_return http::response::ok({{"items", std::move(items)}, {"next", nullptr}, {"left_out", left_out}});
}

awaitable<http::response> show_children(shared_desk desk, http::request r) {
    auto page = co_await desk->jobs().children(asked_job(r), limit_of(r), r.query("cursor").value_or(""));
    json::array items;
    for (const auto& each : page.children)
        items.push_back(document_of(each));
    co_return page_of(std::move(items), std::move(page.next));
}

} // namespace

void add_jobs(board& on, const shared_desk& desk) {
    const auto show = [&](std::string_view pattern, awaitable<http::response> (*answer)(shared_desk, http::request)) {
        on.show(pattern, [desk, answer](http::request r) { return answer(desk, std::move(r)); });
    };
    show("/jobs", find_jobs);
    show("/queues/{queue}/jobs", list_jobs);
    show("/queues/{queue}/count", count_jobs);
    show("/queues/{queue}/jobs/{id}", show_job);
    show("/queues/{queue}/jobs/{id}/logs", show_logs);
    show("/queues/{queue}/jobs/{id}/children", show_children);
}

} // namespace infra::dashboard
