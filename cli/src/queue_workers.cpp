#include "printable.hpp"
#include "queue_verbs.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

using cli::document_of;

constexpr std::size_t most_running = 1000;

struct running_jobs {
    std::vector<queue::job_info> all;
    bool complete = true;
};

running_jobs running(const std::string& queue, const queue_session& with) {
    running_jobs found;
    queue::list_request request{.filter = {.queue = queue, .states = {queue::job_state::active}}};
    do { // a page may be short of what was asked
        request.max = most_running - found.all.size();
        auto page = with.ask(with.jobs.list(request));
        std::ranges::move(page.jobs, std::back_inserter(found.all));
        request.cursor = std::move(page.next);
    } while (!request.cursor.empty() && found.all.size() < most_running);
    found.complete = request.cursor.empty();
    return found;
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& each : names)
        text += (text.empty() ? "" : ", ") + each;
    return text;
}

table_row row_of(const queue::worker_info& worker, const std::vector<queue::job_info>& jobs, wall_time now) {
    std::vector<std::string> runs;
    for (const auto& each : jobs)
        if (each.worker == worker.name)
            runs.push_back(each.queue + "/" + each.id + " " + each.name);
    return {worker.name, joined(worker.queues), age_of(worker.since, now), joined(runs)};
}

json::value document_of(const queue::worker_info& worker, const std::vector<queue::job_info>& jobs) {
    json::array runs;
    for (const auto& each : jobs)
        if (each.worker == worker.name)
            runs.push_back({{"queue", each.queue}, {"id", each.id}, {"name", each.name}});
    return {{"name", worker.name},
            {"queues", json::to_value(worker.queues)},
            {"since", document_of(std::optional(worker.since))},
            {"jobs", std::move(runs)}};
}

exit_code workers(const std::string& queue, const queue_session& with) {
    const auto all = with.ask(with.jobs.workers(queue));
    if (all.empty() && !queue.empty())
        with.refuse_unknown(queue);
    const auto jobs = running(queue, with);
    std::vector<table_row> rows;
    json::array documents;
    for (const auto& each : all) {
        rows.push_back(row_of(each, jobs.all, with.now()));
        documents.push_back(document_of(each, jobs.all));
    }
    if (with.to.json || !all.empty())
        with.to.print(table({"NAME", "QUEUES", "FOR", "RUNS"}, rows), {{"workers", std::move(documents)}});
    if (!with.to.json && all.empty())
        with.to.err << "infra: nobody takes jobs" << (queue.empty() ? "" : " of '" + printable(queue) + "'") << '\n';
    if (!with.to.json && !jobs.complete)
        with.to.err << "infra: more than " << most_running << " jobs run; only those are shown\n";
    return exit_code::ok;
}

} // namespace

void add_queue_workers(const queue_group& to) {
    const auto queue = std::make_shared<std::string>();
    to.add({.name = "workers",
            .description = "Lists who takes jobs, in whatever process, and which they run.",
            .examples = {"infra queue workers", "infra queue workers mail --json"}},
           opening::existing, [queue](const queue_session& with) { return workers(*queue, with); })
        .add_option("queue", *queue, "Those of this one alone")
        ->type_name("QUEUE");
}

} // namespace infra::cli
