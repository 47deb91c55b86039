#include "printable.hpp"
#include "queue_shown.hpp"
#include "queue_verbs.hpp"

namespace infra::cli {
namespace {

struct cron_words {
    std::string queue;
    std::string name;
    std::vector<std::string> names;
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
