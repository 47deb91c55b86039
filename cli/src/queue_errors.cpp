#include "not_empty.hpp"
#include "printable.hpp"
#include "queue_verbs.hpp"
#include "shell_word.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <infra/queue/failures.hpp>

#include <algorithm>
#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

using cli::document_of;
using cli::text_of;

struct errors_words {
    std::string queue;
    std::size_t limit = 20;
};

struct errors_of_queue {
    std::string queue;
    queue::failure_groups found;
};

std::vector<std::string> failing(const queue_session& with) {
    std::vector<std::string> names;
    for (auto& each : with.ask(with.jobs.counts()))
        if (each.failed > 0)
            names.push_back(std::move(each.queue));
    return names;
}

// A queue is looked at for half the time, so that what it has is told, too, where it has too much.
std::vector<errors_of_queue> look(const errors_words& words, const queue_session& with) {
    std::vector<errors_of_queue> all;
    for (auto& each : words.queue.empty() ? failing(with) : std::vector<std::string>(1, words.queue))
        all.push_back({each, with.ask(queue::group_failures(with.jobs, each, with.patience / 2))});
    return all;
}

struct error_row {
    const std::string* queue;
    const queue::failure_group* group;
};

std::vector<error_row> rows_of(const std::vector<errors_of_queue>& all) {
    std::vector<error_row> rows;
    for (const auto& each : all)
        for (const auto& group : each.found.groups)
            rows.push_back({&each.queue, &group});
    std::ranges::sort(rows, [](const auto& a, const auto& b) {
        return std::pair(a.group->count, a.group->last) > std::pair(b.group->count, b.group->last);
    });
    return rows;
}

json::value document_of(const error_row& row) {
    const auto& g = *row.group;
    return {{"queue", *row.queue},
            {"error", g.id},
            {"name", g.name},
            {"signature", g.signature},
            {"count", g.count},
            {"first", document_of(std::optional(g.first))},
            {"last", document_of(std::optional(g.last))},
            {"newest", g.newest},
            {"reason", g.reason}};
}

std::string text_of(const std::vector<error_row>& rows) {
    std::vector<table_row> cells;
    for (const auto& [queue, g] : rows)
        cells.push_back({std::to_string(g->count), *queue, g->name, text_of(std::optional(g->first)),
                         text_of(std::optional(g->last)), g->newest, g->id, g->signature});
    return table({"COUNT", "QUEUE", "NAME", "FIRST", "LAST", "NEWEST", "ERROR", "REASON"}, cells);
}

void tell_how_to_go_on(const std::vector<errors_of_queue>& all, const std::vector<error_row>& rows, std::size_t more,
                       std::ostream& to) {
    for (const auto& each : all) {
        if (!each.found.complete)
            to << "infra: of '" << printable(each.queue) << "' the newest " << each.found.failed
               << " failed jobs were looked at\n";
        if (each.found.left_out > 0)
            to << "infra: of '" << printable(each.queue) << "' only the " << each.found.groups.size()
               << " most frequent errors can be listed; " << each.found.left_out << " more are left out\n";
    }
    if (more > 0)
        to << "infra: there are " << more << " more; --limit shows them\n";
    to << "infra: infra queue retry --all --queue=" << shell_word(printable(*rows.front().queue)) << " --error "
       << rows.front().group->id << " has those of the first wait again; infra queue rm forgets them\n";
}

exit_code errors(const errors_words& words, const queue_session& with) {
    if (!words.queue.empty())
        queue::check_name("the queue's name", words.queue);
    const auto all = look(words, with);
    auto rows = rows_of(all);
    if (rows.empty() && !words.queue.empty())
        with.refuse_unknown(words.queue);
    const auto more = rows.size() - std::min(rows.size(), words.limit);
    rows.resize(rows.size() - more);
    json::array documents;
    for (const auto& each : rows)
        documents.push_back(document_of(each));
    const bool left_out = std::ranges::any_of(all, [](const auto& each) { return each.found.left_out > 0; });
    const bool complete = std::ranges::all_of(all, [](const auto& each) { return each.found.complete; });
    if (with.to.json || !rows.empty())
        with.to.print(text_of(rows),
                      {{"errors", std::move(documents)}, {"more", more > 0 || left_out}, {"complete", complete}});
    if (!with.to.json && rows.empty())
        with.to.err << "infra: no job has failed that is kept\n";
    else if (!with.to.json)
        tell_how_to_go_on(all, rows, more, with.to.err);
    return exit_code::ok;
}

} // namespace

void add_queue_errors(const queue_group& to) {
    const auto words = std::make_shared<errors_words>();
    auto& app =
        to.add({.name = "errors",
                .description = "Shows why jobs failed, equal errors together, the most frequent first. Equal are "
                               "those of one job's name that differ in numbers, ids, addresses and quotations "
                               "alone.",
                .examples = {"infra queue errors", "infra queue errors mail --json"}},
               opening::existing, [words](const queue_session& with) { return errors(*words, with); });
    app.add_option("queue", words->queue, "Of this one alone")->check(not_empty)->type_name("QUEUE");
    app.add_option("--limit", words->limit, "At most so many")->capture_default_str()->check(CLI::Range(1, 10'000));
}

} // namespace infra::cli
