#include "printable.hpp"
#include "queue_shown.hpp"
#include "queue_verbs.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <infra/queue/upcoming.hpp>

namespace infra::cli {
namespace {

struct cron_words {
    std::string queue;
    std::string name;
    std::vector<std::string> names;
    std::size_t count = 5;
    queue_place place{};
};

std::optional<std::string> queue_of(const cron_words& words) {
    return words.queue.empty() ? std::nullopt : std::optional(words.queue);
}

exit_code ls(const cron_words& words, const queue_session& with) {
    const auto all = with.ask(with.jobs.schedules(queue_of(words)));
    json::array documents;
    for (const auto& each : all)
        documents.push_back(document_of(each));
    if (all.empty() && !with.to.json)
        with.to.err << "infra: no schedules are stored\n";
    else
        with.to.print(text_of(all), {{"schedules", std::move(documents)}});
    return exit_code::ok;
}

// --- one ----------------------------------------------------------------------------------------------------------

std::optional<queue::cron_job> cron_job_named(const cron_words& words, const queue_session& with) {
    std::optional<queue::cron_job> found;
    for (auto& each : with.ask(with.jobs.schedules(queue_of(words)))) {
        if (each.name != words.name)
            continue;
        if (found)
            throw std::invalid_argument("several queues have a schedule '" + words.name + "'; say which with --queue");
        found = std::move(each);
    }
    return found;
}

std::vector<std::string> runs_to_come(const queue::cron_job& job, std::size_t most) {
    const auto zone = queue::time_zone::named(job.when.tz.empty() ? "UTC" : job.when.tz);
    std::vector<std::string> all;
    for (const auto at : queue::upcoming_runs(job.when, job.next, job.runs, most))
        all.push_back(queue::to_rfc3339(at, zone));
    return all;
}

std::string sheet_of_cron_job(const queue::cron_job& job, const std::vector<std::string>& runs) {
    auto text = fact_sheet({{"queue", job.queue},
                            {"name", job.name},
                            {"when", text_of(job.when)},
                            {"runs", std::to_string(job.runs)},
                            {"last", text_of(job.last)},
                            {"paused since", text_of(job.paused_since)},
                            {"orphaned", job.orphaned ? "no process defines it any more; it does not run" : ""}});
    for (const auto& each : runs)
        text += "\nnext  " + each;
    return text;
}

exit_code show_cron_job(const cron_words& words, const queue_session& with) {
    const auto job = cron_job_named(words, with);
    if (!job)
        return with.to.fail(exit_code::not_found, "no schedule '" + printable(words.name) +
                                                      "' is stored (infra cron ls shows those there are)");
    const auto runs = runs_to_come(*job, words.count);
    auto document = document_of(*job).as_object();
    document["next_runs"] = json::array(runs.begin(), runs.end());
    with.to.print(sheet_of_cron_job(*job, runs), document);
    return exit_code::ok;
}

/// Nothing where none is stored.
std::optional<queue::schedule_info> find(const std::string& name, const cron_words& words, const queue_session& with) {
    std::optional<queue::schedule_info> found;
    for (auto& each : with.ask(with.jobs.stored()->schedules(queue_of(words)))) {
        if (each.id != name)
            continue;
        if (found)
            throw std::invalid_argument("several queues have a schedule '" + name + "'; say which with --queue");
        found = std::move(each);
    }
    return found;
}

exit_code run(const cron_words& words, const queue_session& with) {
    const auto one = find(words.name, words, with);
    if (!one)
        return with.to.fail(exit_code::not_found, "no schedule '" + printable(words.name) +
                                                      "' is stored (infra cron ls shows those there are)");
    const auto id = with.ask(with.jobs.run_cron({one->queue, one->id}));
    if (!id)
        return with.to.fail(exit_code::not_found, "the schedule '" + printable(one->id) + "' was removed just now");
    with.to.print(printable(*id), {{"id", *id}, {"queue", one->queue}, {"name", one->name}});
    return exit_code::ok;
}

/// Those of one verb, as the queue has it: control::pause_schedule or its counterpart.
exit_code steer(awaitable<bool> (queue::control::*one)(queue::schedule_key) const, const char* done,
                const cron_words& words, const queue_session& with) {
    std::vector<std::optional<queue::schedule_info>> found;
    for (const auto& name : words.names) // before the first is changed
        found.push_back(find(name, words, with));
    json::array changed, left;
    std::string missing;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto& name = words.names[i];
        const bool is_there = found[i] && with.ask((with.jobs.*one)(queue::schedule_key{found[i]->queue, name}));
        (is_there ? changed : left).emplace_back(name);
        if (!is_there)
            missing += (missing.empty() ? "" : ", ") + printable(name);
    }
    const auto count = changed.size();
    with.to.print(std::to_string(count) + " " + done, {{"changed", std::move(changed)}, {"left", left}});
    if (!left.empty() && !with.to.json)
        with.to.err << "infra: no such schedule is stored: " << missing << " (infra cron ls shows those there are)\n";
    return left.empty() ? exit_code::ok : count > 0 ? exit_code::partial : exit_code::not_found;
}

exit_code pause(const cron_words& words, const queue_session& with) {
    return steer(&queue::control::pause_schedule, "paused", words, with);
}

exit_code resume(const cron_words& words, const queue_session& with) {
    return steer(&queue::control::resume_schedule, "resumed", words, with);
}

} // namespace

void add_stored_cron(frame& f, CLI::App& group) {
    const auto words = std::make_shared<cron_words>();
    const auto add = [&](verb v, exit_code (*act)(const cron_words&, const queue_session&)) -> CLI::App& {
        auto& app = f.add(
            std::move(v),
            [words, act](const output& to) {
                return with_queue(words->place, opening::existing, to,
                                  [words, act](const queue_session& with) { return act(*words, with); });
            },
            &group);
        add_place_options(app, words->place);
        app.add_option("--queue", words->queue, "Only in this one")->type_name("QUEUE");
        return app;
    };
    add({.name = "ls",
         .description = "Lists the schedules that are stored in a queue, with their next and last runs, and which are "
                        "paused. One that no process defines any more is orphaned, and does not run.",
         .examples = {"infra cron ls", "infra cron ls --queue reports --json"}},
        ls);
    auto& showing =
        add({.name = "show",
             .description = "Shows a schedule and its next runs, by the clocks that it goes by. One that is not "
                            "there exits with 3.",
             .examples = {"infra cron show nightly-report", "infra cron show nightly-report -n 12 --json"}},
            show_cron_job);
    showing.add_option("name", words->name, "Of the schedule")->required();
    showing.add_option("-n", words->count, "How many runs")->capture_default_str()->check(CLI::Range(1, 1000));
    add({.name = "run",
         .description = "Adds a run of a schedule now, beside those that it has.",
         .examples = {"infra cron run nightly-report"}},
        run)
        .add_option("name", words->name, "Of the schedule")
        ->required();
    add({.name = "pause",
         .description =
             "Has no run of schedules made or started any more, anywhere, until they are resumed, also where a "
             "process defines them anew. A run that was taken goes on.",
         .examples = {"infra cron pause nightly-report", "infra cron pause nightly-report weekly --queue reports"}},
        pause)
        .add_option("names", words->names, "Of the schedules")
        ->required();
    add({.name = "resume",
         .description = "Has paused schedules run again, from their next times after now. Nothing is made up for.",
         .examples = {"infra cron resume nightly-report"}},
        resume)
        .add_option("names", words->names, "Of the schedules")
        ->required();
}

} // namespace infra::cli
