#include "printable.hpp"
#include "progress_bar.hpp"
#include "queue_verbs.hpp"
#include "table.hpp"

#include <infra/queue/redis_doctor.hpp>

#include <algorithm>

namespace infra::cli {
namespace {

struct doctor_words {
    std::vector<std::string> queues;
    bool repair = false;
    std::size_t limit = 1000;
};

json::object document_of(const queue::finding& f) {
    return {{"what", to_string(f.what)},           {"queue", f.queue},      {"id", f.id}, {"detail", f.detail},
            {"repairable", is_repairable(f.what)}, {"repaired", f.repaired}};
}

json::value document_of(const queue::diagnosis& d, std::size_t repaired) {
    json::array findings;
    for (const auto& each : d.findings)
        findings.push_back(document_of(each));
    return {{"healthy", repaired == d.findings.size()},
            {"complete", d.complete},
            {"queues", d.queues},
            {"jobs", d.jobs},
            {"repaired", repaired},
            {"findings", std::move(findings)}};
}

std::string counted(std::size_t n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

std::string text_of(const queue::diagnosis& d, const output& to) {
    const auto looked_at = counted(d.jobs, "job") + " of " + counted(d.queues, "queue");
    if (d.findings.empty())
        return "nothing is wrong with " + looked_at;
    std::vector<table_row> rows;
    for (const auto& f : d.findings)
        rows.push_back({f.queue.empty() ? "-" : f.queue, f.id.empty() ? "-" : f.id, std::string(to_string(f.what)),
                        f.repaired              ? "repaired"
                        : is_repairable(f.what) ? "can be"
                                                : "-",
                        f.detail});
    return table({"QUEUE", "ID", "WHAT", "REPAIRED", "DETAIL"}, rows,
                 [&](std::size_t row, std::size_t column, std::string_view cell) {
                     const bool is_well = d.findings[row].repaired;
                     return column == 2 ? to.painted(is_well ? ink::good : ink::bad, cell) : std::string(cell);
                 });
}

exit_code tell(const queue::diagnosis& d, const output& to) {
    const auto repaired = static_cast<std::size_t>(std::ranges::count_if(d.findings, &queue::finding::repaired));
    to.print(text_of(d, to), document_of(d, repaired));
    if (!d.complete && !to.json)
        to.err << "infra: there is more than was looked at or is listed; name queues, or raise --limit\n";
    if (repaired == d.findings.size())
        return exit_code::ok;
    return repaired > 0 ? exit_code::partial : exit_code::unhealthy;
}

queue::redis_queue_options server_of(const queue_place& place) {
    auto url = queue_url(place.url, environment::of_process(), false);
    if (url.starts_with("sqlite:"))
        throw std::invalid_argument(
            "a queue in a file is looked at by SQLite itself: sqlite3 FILE 'PRAGMA integrity_check'; "
            "give --url redis://HOST");
    if (!place.prefix.empty())
        url = with_prefix(std::move(url), place.prefix);
    auto at = queue::redis_queue_options_from(url);
    at.timeout = duration_of("--timeout", place.timeout); // of each step
    return at;
}

queue::diagnosis examine_visibly(const queue_place& place, const doctor_words& words, const output& to) {
    const progress_bar bar(to, "looking at all keys");
    return wait(queue::examine(server_of(place),
                               {.queues = words.queues, .repair = words.repair, .max_findings = words.limit}));
}

exit_code examine(const queue_place& place, const doctor_words& words, const output& to) {
    try {
        return tell(examine_visibly(place, words, to), to);
    } catch (const boost::system::system_error& e) {
        return to.fail(code_for(e.code()), with_advice(e));
    } catch (const std::invalid_argument& e) {
        return to.fail(exit_code::usage, e.what());
    }
}

} // namespace

void add_queue_doctor(const queue_group& to) {
    const auto words = std::make_shared<doctor_words>();
    auto& app = to.to.add(
        {.name = "doctor",
         .description = "Looks whether queues on Redis agree with themselves, whoever wrote to them. Exit code 0 says "
                        "that they do.",
         .examples = {"infra queue doctor --url redis://10.0.0.5", "infra queue doctor mail --repair"}},
        [place = to.place, words](const output& o) { return examine(*place, *words, o); }, &to.app);
    app.add_option("queues", words->queues, "Which; all under the prefix when none is named")->type_name("QUEUE");
    app.add_flag("--repair", words->repair, "And puts right what it safely can");
    app.add_option("--limit", words->limit, "Lists, and repairs, at most so many findings")->capture_default_str();
}

} // namespace infra::cli
