#include "queues_panel.hpp"

#include "desk.hpp"
#include "documents.hpp"

namespace infra::dashboard {
namespace {

constexpr std::chrono::minutes history_shown{60};
constexpr std::chrono::milliseconds page_patience{4'500}; // who shows waits for five seconds
constexpr std::size_t most_active = 200;

awaitable<json::value> document_of_all(shared_desk desk) {
    const auto seen = co_await in_time(desk, desk->watch->look(desk->jobs()), page_patience);
    co_return document_of(*seen, desk->from.oldest_limit);
}

awaitable<http::response> show_all(shared_desk desk) {
    auto document = co_await document_of_all(desk);
    document.as_object().emplace("storage", desk->jobs().stored()->description());
    co_return http::response::ok(document);
}

// Also of a queue that nobody has used yet: its settings are the defaults, and it is empty.
awaitable<http::response> show_queue(shared_desk desk, http::request r) {
    const auto jobs = desk->jobs();
    const std::string name(r.param("queue"));
    std::vector<std::string> one(1, name);
    queue_seen seen;
    const auto backlogs = co_await jobs.backlogs(std::move(one));
    seen.counts = backlogs.empty() ? queue::queue_counts{.queue = name} : backlogs[0].counts;
    seen.oldest = backlogs.empty() ? std::nullopt : backlogs[0].oldest;
    seen.workers = (co_await jobs.workers(name)).size();
    seen.minutes = co_await jobs.history(name, history_shown);
    auto document = document_of(seen, jobs.time().wall(), desk->from.oldest_limit);
    document.as_object()["per_minute"] =
        static_cast<double>(completed_in(seen) + failed_in(seen)) / static_cast<double>(history_shown.count());
    document.as_object().emplace("settings", document_of(co_await jobs.settings(name)));
    co_return http::response::ok(document);
}

awaitable<http::response> show_workers(shared_desk desk) {
    const auto jobs = desk->jobs();
    const auto all = co_await jobs.workers();
    const auto active = co_await jobs.list({.states = {queue::job_state::active}}, most_active);
    co_return page_of(workers_of(all, active.jobs), {});
}

} // namespace

http::response changed_response(const queue::change_result& done) {
    const auto next = done.next.empty() ? json::value() : json::value(done.next);
    return http::response::ok({{"changed", done.changed}, {"next", next}});
}

void add_queues_panel(board on, queues_source from) {
    const shared_desk desk = std::make_shared<queue_desk>(queue_desk{.from = std::move(from)});
    on.page("queues");
    on.show("/queues", [desk](const http::request&) { return show_all(desk); });
    on.show("/queues/{queue}", [desk](http::request r) { return show_queue(desk, std::move(r)); });
    on.show("/workers", [desk](const http::request&) { return show_workers(desk); });
    on.live("queues", [desk] { return document_of_all(desk); });
    add_steering(on, desk);
    add_jobs(on, desk);
    add_changes(on, desk);
    add_failures(on, desk);
    add_schedules(on, desk);
    add_queue_overview(on, desk);
}

} // namespace infra::dashboard
