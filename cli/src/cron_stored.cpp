#include "printable.hpp"
#include "queue_shown.hpp"
#include "queue_verbs.hpp"

namespace infra::cli {
namespace {

struct cron_words {
    std::string queue;
    std::string name;
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

exit_code run(const cron_words& words, const queue_session& with) {
    std::vector<queue::schedule_info> found;
    for (auto& each : with.ask(with.jobs.stored()->schedules(queue_of(words))))
        if (each.id == words.name)
            found.push_back(std::move(each));
    if (found.empty())
        return with.to.fail(exit_code::not_found, "no schedule '" + printable(words.name) +
                                                      "' is stored (infra cron ls shows those there are)");
    if (found.size() > 1)
        throw std::invalid_argument("several queues have a schedule '" + words.name + "'; say which with --queue");
    const auto& one = found.front();
    const auto id = with.ask(with.jobs.run_cron({one.queue, one.id}));
    if (!id)
        return with.to.fail(exit_code::not_found, "the schedule '" + printable(one.id) + "' was removed just now");
    with.to.print(printable(*id), {{"id", *id}, {"queue", one.queue}, {"name", one.name}});
    return exit_code::ok;
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
         .description = "Lists the schedules that are stored in a queue, with their next and last runs. One that no "
                        "process defines any more is orphaned, and does not run.",
         .examples = {"infra cron ls", "infra cron ls --queue reports --json"}},
        ls);
    add({.name = "run",
         .description = "Adds a run of a schedule now, beside those that it has.",
         .examples = {"infra cron run nightly-report"}},
        run)
        .add_option("name", words->name, "Of the schedule")
        ->required();
}

} // namespace infra::cli
