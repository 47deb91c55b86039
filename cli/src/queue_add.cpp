#include "queue_add.hpp"
#include "printable.hpp"
#include "progress_bar.hpp"
#include "queue_verbs.hpp"

#include <iostream>
#include <istream>

namespace infra::cli {
namespace {

constexpr std::size_t most_payload = std::size_t{1} << 20; // queue_options::max_payload_bytes
constexpr json::limits payload_limits{.max_bytes = most_payload, .max_depth = queue::detail::max_payload_depth};
constexpr std::size_t batch_jobs = 1000;
constexpr std::size_t batch_bytes = std::size_t{8} << 20;
constexpr std::size_t bad_lines_listed = 100;

exit_code add_one(const add_words& words, const queue_session& with) {
    auto data = json::parse(words.data, payload_limits);
    if (!data)
        throw std::invalid_argument("JSON: " + to_string(data.error()));
    const auto& name = words.name.empty() ? words.queue : words.name;
    const auto id = with.ask(with.jobs.enqueue(name, *data, enqueue_options_from(words)));
    with.to.print(printable(id), {{"id", id}});
    return exit_code::ok;
}

/// What became of the lines so far.
struct bulk {
    std::size_t added = 0;
    std::size_t bad_lines = 0;
    json::array listed{};
};

void add_batch(job_batch batch, const add_words& words, const queue_session& with, bulk& sum, progress_bar& bar) {
    for (const auto& [number, problem] : batch.bad) {
        if (!with.to.json)
            bar.tell("infra: line " + std::to_string(number) + ": " + printable(problem));
        if (++sum.bad_lines <= bad_lines_listed)
            sum.listed.push_back({{"line", number}, {"problem", problem}});
    }
    const queue::job<json::value> all_of({.name = words.name.empty() ? words.queue : words.name, .queue = words.queue});
    auto how = enqueue_options_from(words);
    sum.added += with.ask(with.jobs.enqueue_bulk(all_of, batch.jobs, std::move(how))).size();
    bar.show({.done = sum.added});
}

exit_code told(const bulk& sum, const output& to, exit_code otherwise) {
    to.print(std::to_string(sum.added) + " added" +
                 (sum.bad_lines > 0 ? ", " + std::to_string(sum.bad_lines) + " bad lines left out" : ""),
             {{"added", sum.added}, {"bad_lines", sum.bad_lines}, {"bad", sum.listed}});
    return sum.added > 0 && otherwise != exit_code::ok ? exit_code::partial : otherwise;
}

// A batch is added as a whole or not at all; those before it stay.
exit_code add_batches(const add_words& words, const queue_session& with, bulk& sum) {
    line_reader lines(std::cin, most_payload);
    progress_bar bar(with.to, words.queue, "jobs added", &std::cin);
    for (auto batch = next_batch(lines); !batch.empty(); batch = next_batch(lines)) {
        const auto place = "lines " + std::to_string(batch.first) + " to " + std::to_string(batch.last);
        try {
            add_batch(std::move(batch), words, with, sum, bar);
        } catch (const boost::system::system_error& e) {
            bar.tell("infra: " + place + " and what follows them were not added: " + printable(e.what()));
            return code_for(e.code());
        }
    }
    return sum.bad_lines > 0 ? exit_code::failed : exit_code::ok;
}

exit_code add_lines(const add_words& words, const queue_session& with) {
    bulk sum;
    const auto code = add_batches(words, with, sum);
    return told(sum, with.to, code);
}

exit_code add(const add_words& words, const queue_session& with) {
    if (words.from_stdin == !words.data.empty())
        throw std::invalid_argument("either a payload or --stdin is needed");
    if (words.from_stdin && !(words.id.empty() && words.deduplicate.empty()))
        throw std::invalid_argument("--id and --deduplicate are for one job, not for --stdin");
    return words.from_stdin ? add_lines(words, with) : add_one(words, with);
}

} // namespace

queue::enqueue_options enqueue_options_from(const add_words& words) {
    const auto given = [](const char* flag, const std::string& text) {
        return text.empty() ? std::nullopt : std::optional(duration_of(flag, text));
    };
    queue::enqueue_options options{.delay = given("--delay", words.delay).value_or(std::chrono::milliseconds(0)),
                                   .attempts = words.attempts,
                                   .priority = words.priority,
                                   .lifo = words.lifo,
                                   .timeout = given("--job-timeout", words.job_timeout),
                                   .ttl = given("--ttl", words.ttl),
                                   .queue = words.queue};
    if (!words.id.empty())
        options.id = words.id;
    if (!words.deduplicate.empty())
        options.deduplicate = queue::deduplication{.id = words.deduplicate};
    if (!words.group.empty())
        options.group = words.group;
    if (const auto first = given("--backoff", words.backoff))
        options.backoff = queue::exponential(*first);
    return options;
}

std::optional<numbered_line> line_reader::next() {
    numbered_line line{.number = ++number_};
    auto& buffer = *from_.rdbuf();
    for (int c = buffer.sbumpc(); c != '\n'; c = buffer.sbumpc()) {
        if (c == std::istream::traits_type::eof())
            return line.text.empty() ? std::nullopt : std::optional(std::move(line));
        if (line.text.size() < most_)
            line.text += static_cast<char>(c);
        else
            line.too_long = true;
    }
    if (line.text.ends_with('\r'))
        line.text.pop_back();
    return line;
}

job_batch next_batch(line_reader& from) {
    job_batch batch;
    std::size_t bytes = 0;
    while (batch.jobs.size() < batch_jobs && bytes < batch_bytes && batch.bad.size() < batch_jobs) {
        const auto line = from.next();
        if (!line)
            break;
        if (!line->too_long && line->text.find_first_not_of(" \t") == std::string::npos)
            continue;
        batch.first = batch.first == 0 ? line->number : batch.first;
        batch.last = line->number;
        bytes += line->text.size();
        if (line->too_long)
            batch.bad.push_back({line->number, "it has more than 1 MiB"});
        else if (auto job = json::parse(line->text, payload_limits))
            batch.jobs.push_back(*std::move(job));
        else
            batch.bad.push_back({line->number, to_string(job.error())});
    }
    return batch;
}

void add_queue_add(const queue_group& to) {
    const auto words = std::make_shared<add_words>();
    auto& app = to.add({.name = "add",
                        .description = "Adds a job and prints its id, or with --stdin as many as there are lines.",
                        .examples = {"infra queue add mail '{\"to\":\"a@example.org\"}' --delay 5m --attempts 3",
                                     "infra queue add images --name resize '\"a.png\"' --priority 10",
                                     "infra queue add mail --stdin < addresses.jsonl"}},
                       opening::anew, [words](const queue_session& with) { return add(*words, with); });
    app.add_option("queue", words->queue, "Where to")->required()->type_name("QUEUE");
    app.add_option("json", words->data, "The payload");
    app.add_flag("--stdin", words->from_stdin, "One payload a line; lines that are no JSON are named and left out");
    app.add_option("--name", words->name, "Of the job; default: that of the queue");
    app.add_option("--delay", words->delay, "How long it is not to run");
    app.add_option("--id", words->id, "While the queue knows a job of this id, no second one is added");
    app.add_option("--deduplicate", words->deduplicate,
                   "While a job of this purpose is not over, no second one is added");
    app.add_option("--group", words->group, "Whose it is: the groups of a queue are served in turns");
    app.add_option("--priority", words->priority, "0 is served first; default 0")->check(CLI::Range(0, 2'097'151));
    app.add_option("--attempts", words->attempts, "How often it is tried; default 1")->check(CLI::Range(1, 1'000'000));
    app.add_option("--backoff", words->backoff, "Before the second attempt, doubling for each further; default none");
    app.add_option("--job-timeout", words->job_timeout, "How long an attempt may take");
    app.add_option("--ttl", words->ttl, "Fails if it was not started within so long");
    app.add_flag("--lifo", words->lifo, "In front of those that wait");
}

} // namespace infra::cli
