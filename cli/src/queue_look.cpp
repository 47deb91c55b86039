#include "not_empty.hpp"
#include "printable.hpp"
#include "progress_bar.hpp"
#include "queue_shown.hpp"
#include "queue_verbs.hpp"

#include <algorithm>
#include <ostream>

namespace infra::cli {
namespace {

constexpr std::size_t children_shown = 100;

struct look_words {
    std::string queue;
    std::string id;
    std::string state;
    std::string name;
    std::string data;
    std::string reason;
    std::string group;
    std::size_t limit = 100;
    bool newest = false;
    bool only_count = false;
    std::size_t count = 0;
};

// --- ls -----------------------------------------------------------------------------------------------------------

exit_code list_queues(const queue_session& with) {
    std::vector<queue_report> all;
    json::array documents;
    for (auto& each : with.ask(with.jobs.counts())) {
        all.push_back({.counts = each});
        documents.push_back({{"queue", each.queue},
                             {"waiting", each.waiting},
                             {"delayed", each.delayed},
                             {"active", each.active},
                             {"completed", each.completed},
                             {"failed", each.failed},
                             {"waiting_children", each.waiting_children},
                             {"groups", each.groups},
                             {"paused", each.paused}});
    }
    if (all.empty() && !with.to.json)
        with.to.err << "infra: there are no queues yet\n";
    else
        with.to.print(text_of(all, with.to.colours), {{"queues", std::move(documents)}});
    return exit_code::ok;
}

queue::list_request list_request_from(const look_words& words) {
    queue::list_request request{.filter = {.queue = words.queue,
                                           .name = words.name,
                                           .data_contains = words.data,
                                           .reason_contains = words.reason,
                                           .group = words.group},
                                .max = words.limit,
                                .newest_first = words.newest};
    if (!words.state.empty())
        request.filter.states.push_back(job_state_from(words.state));
    return request;
}

bool is_filtered(const look_words& words) {
    return !(words.state + words.name + words.data + words.reason + words.group).empty();
}

// Those of a million jobs take their time, in steps.
exit_code count_jobs(const look_words& words, const queue_session& with) {
    constexpr std::size_t a_step = 1000;
    auto request = list_request_from(words);
    request.max = a_step;
    std::size_t found = 0, looked_at = 0;
    {
        progress_bar bar(with.to, words.queue, "jobs looked at");
        do {
            auto page = with.ask(with.jobs.list(request));
            found += page.jobs.size();
            bar.show({.done = looked_at += page.looked_at});
            request.cursor = std::move(page.next);
        } while (!request.cursor.empty());
    }
    if (found == 0)
        with.tell_if_nothing_is_there(words.queue);
    with.to.print(std::to_string(found), {{"count", found}});
    return exit_code::ok;
}

exit_code list_jobs(const look_words& words, const queue_session& with) {
    auto request = list_request_from(words);
    std::vector<queue::job_info> all;
    do { // a page may be short of what was asked
        request.max = words.limit - all.size();
        auto page = with.ask(with.jobs.list(request));
        std::ranges::move(page.jobs, std::back_inserter(all));
        request.cursor = page.next;
    } while (!request.cursor.empty() && all.size() < words.limit);
    json::array documents;
    for (const auto& each : all)
        documents.push_back(document_of(each));
    const bool more = !request.cursor.empty();
    with.to.print(text_of(all, with.now()), {{"jobs", std::move(documents)}, {"more", more}});
    if (more && !with.to.json)
        with.to.err << "infra: there may be more; --limit shows them\n";
    if (all.empty() && is_filtered(words) && !with.to.json)
        with.to.err << "infra: no job of '" << printable(words.queue) << "' fits\n";
    if (all.empty())
        with.tell_if_nothing_is_there(words.queue);
    return exit_code::ok;
}

exit_code ls(const look_words& words, const queue_session& with) {
    if (words.only_count && words.queue.empty())
        throw std::invalid_argument("--only-count: of which queue? Name it; infra queue ls has the numbers of all");
    return words.queue.empty() ? list_queues(with)
           : words.only_count  ? count_jobs(words, with)
                               : list_jobs(words, with);
}

// --- stats, show --------------------------------------------------------------------------------------------------

exit_code stats(const look_words& words, const queue_session& with) {
    queue::check_name("the queue's name", words.queue);
    const queue_report one{.counts = with.ask(with.jobs.counts({words.queue})).at(0),
                           .settings = with.ask(with.jobs.settings(words.queue)),
                           .oldest_waiting = with.ask(with.jobs.oldest_waiting(words.queue)),
                           .last_hour = with.ask(with.jobs.history(words.queue, std::chrono::hours(1))),
                           .workers = with.ask(with.jobs.workers(words.queue))};
    with.to.print(text_of(one, with.now()), document_of(one));
    with.tell_if_nothing_is_there(words.queue);
    return exit_code::ok;
}

exit_code show(const look_words& words, const queue_session& with) {
    const queue::job_key key{words.queue, words.id};
    const auto job = with.ask(with.jobs.find_job(key));
    if (!job)
        return with.to.fail(exit_code::not_found, "nothing is known of the job '" + printable(words.id) + "'");
    const queue::job_key exact{job->queue, job->id};
    const auto log = with.ask(with.jobs.logs(exact));
    const auto children = with.ask(with.jobs.children(exact, children_shown));
    auto document = document_of(*job);
    document.as_object()["log"] = document_of(log);
    document.as_object()["children"] = document_of(children.children);
    document.as_object()["more_children"] = !children.next.empty();
    with.to.print(text_of(*job, children, log), document);
    return exit_code::ok;
}

// --- watch --------------------------------------------------------------------------------------------------------

// A document a line under --json, since there is no end.
bool print(const std::vector<queue::job_event>& events, const look_words& words, std::size_t& shown, const output& to) {
    for (const auto& each : events) {
        to.print(text_of(each), document_of(each));
        if (++shown == words.count)
            return false;
    }
    return static_cast<bool>(to.out.flush());
}

awaitable<void> print_all(queue::event_follower events, look_words words, const output& to) {
    std::size_t shown = 0;
    for (bool more = true; more;) {
        const auto page = co_await events.next(); // for as long as nothing happens
        if (page.missed)
            to.err << "infra: some events were missed\n";
        more = print(page.events, words, shown, to);
    }
}

exit_code watch(const look_words& words, const queue_session& with) {
    wait(print_all(with.ask(with.jobs.follow(words.queue)), words, with.to));
    return exit_code::ok;
}

} // namespace

void add_queue_look(const queue_group& to) {
    const auto words = std::make_shared<look_words>();
    const auto add = [&](verb v, exit_code (*act)(const look_words&, const queue_session&)) -> CLI::App& {
        return to.add(std::move(v), opening::existing,
                      [words, act](const queue_session& with) { return act(*words, with); });
    };
    auto& listing =
        add({.name = "ls",
             .description = "Lists the queues, or the jobs of one.",
             .examples = {"infra queue ls", "infra queue ls mail --state failed --reason 'timed out' --newest"}},
            ls);
    listing.add_option("queue", words->queue, "Whose jobs")->check(not_empty)->type_name("QUEUE");
    listing.add_option("--state", words->state, "Only those in this state")
        ->check(not_empty)
        ->type_name(names_of_job_states());
    listing.add_option("--name", words->name, "Only those of this name")->check(not_empty);
    listing.add_option("--data", words->data, "Only those with this in their payload")->check(not_empty);
    listing.add_option("--reason", words->reason, "Only those that failed with this in the reason")->check(not_empty);
    listing.add_option("--group", words->group, "Only those of this group")->check(not_empty);
    listing.add_option("--limit", words->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000));
    listing.add_flag("--newest", words->newest, "The last ones first");
    listing.add_flag("--only-count", words->only_count, "Only how many fit");

    add({.name = "stats",
         .description = "Tells how a queue is: its jobs by state, its workers, its limits, and its last hour.",
         .examples = {"infra queue stats mail"}},
        stats)
        .add_option("queue", words->queue, "Which")
        ->required()
        ->type_name("QUEUE");

    auto& showing = add({.name = "show",
                         .description = "Shows all that is known of a job. Nothing exits with 3.",
                         .examples = {"infra queue show 4711", "infra queue show 4711 --queue mail --json"}},
                        show);
    showing.add_option("id", words->id, "Of the job")->required();
    showing.add_option("--queue", words->queue, "If the id is there in several")->check(not_empty)->type_name("QUEUE");

    auto& watching = add({.name = "watch",
                          .description = "Prints what happens in a queue from now on, an event a line.",
                          .examples = {"infra queue watch mail", "infra queue watch mail --json | jq .event"}},
                         watch);
    watching.add_option("queue", words->queue, "Which")->required()->type_name("QUEUE");
    watching.add_option("--count", words->count, "End after so many events");
}

} // namespace infra::cli
