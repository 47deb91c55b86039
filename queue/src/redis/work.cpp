#include "work.hpp"

#include "error_traces.hpp"
#include "scores.hpp"
#include "scripts.hpp"

#include <algorithm>
#include <array>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;
using kind = outcome::kind;

std::string word_of(kind how) {
    static constexpr std::string_view names[] = {"completed", "retry", "failed", "returned", "dropped", "waits"};
    return std::string(names[static_cast<std::size_t>(how)]);
}

bool has_traces(kind how) { return how == kind::retry || how == kind::failed; }

std::string text_of(const outcome& end) {
    if (end.as == kind::completed)
        return end.result.empty() ? "null" : end.result; // who listens for results reads JSON
    return end.reason;
}

std::string traces_of(const ended_job& e) {
    const job_error error{.attempt = e.of.attempts_made + 1, .at = e.end.at, .reason = e.end.reason};
    return with_error(e.of.traces, error, e.of.keep_traces);
}

bool stands_in_front(const ended_job& e) { return e.end.as == kind::returned || e.of.options.lifo || e.of.has_group; }

void put(words& into, const keep& k) {
    into.push_back(k.count ? std::to_string(*k.count) : "");
    into.push_back(k.age ? std::to_string(k.age->count()) : "");
}

// --- Ends, sent by how they ended, which is said once ---------------------------------------------------------------

bool end_alike(const ended_job& a, const ended_job& b) {
    return a.end.as == b.end.as && a.end.held.job.queue == b.end.held.job.queue && a.end.keep == b.end.keep &&
           a.of.options.keep_failed == b.of.options.keep_failed && a.end.run_at == b.end.run_at &&
           a.of.options.priority == b.of.options.priority && stands_in_front(a) == stands_in_front(b) &&
           a.of.options.attempts == b.of.options.attempts && a.of.attempts_made == b.of.attempts_made &&
           a.of.is_plain == b.of.is_plain;
}

using group = std::vector<std::size_t>;

// Looks at the latest few alone, since most end like the one before.
std::vector<group> grouped(const std::vector<ended_job>& ended) {
    constexpr std::size_t looked_at = 16;
    std::vector<group> groups;
    for (std::size_t i = 0; i < ended.size(); ++i) {
        const auto last = std::min(groups.size(), looked_at);
        const auto found = std::find_if(groups.rbegin(), groups.rbegin() + static_cast<std::ptrdiff_t>(last),
                                        [&](const group& g) { return end_alike(ended[g.front()], ended[i]); });
        if (found == groups.rbegin() + static_cast<std::ptrdiff_t>(last))
            groups.push_back({i});
        else
            found->push_back(i);
    }
    return groups;
}

void put_what_they_share(words& into, const ended_job& e, std::size_t queue) {
    into.insert(into.end(), {std::to_string(queue), word_of(e.end.as)});
    put(into, e.end.keep);
    put(into, e.of.options.keep_failed);
    into.push_back(e.end.run_at ? std::to_string(to_due_ms(*e.end.run_at)) : "");
    into.push_back(std::to_string(e.of.options.priority));
    into.push_back(stands_in_front(e) ? "front" : "");
    into.push_back(std::to_string(e.of.options.attempts));
    into.push_back(std::to_string(e.of.attempts_made + 1));
    into.push_back(e.of.is_plain ? "plain" : "");
}

// Each in a row: ids, tokens, texts, traces.
void put_rows(words& into, const std::vector<ended_job>& ended, const group& alike) {
    for (const auto i : alike)
        into.push_back(ended[i].end.held.job.id);
    for (const auto i : alike)
        into.push_back(ended[i].end.held.token);
    for (const auto i : alike)
        into.push_back(text_of(ended[i].end));
    if (has_traces(ended[alike.front()].end.as))
        for (const auto i : alike)
            into.push_back(traces_of(ended[i]));
}

// --- Queues, by the numbers that the script has for them ------------------------------------------------------------

std::size_t number_of(words& queues, const std::string& queue) {
    const auto found = std::ranges::find(queues, queue);
    const auto at = static_cast<std::size_t>(found - queues.begin());
    if (found == queues.end())
        queues.push_back(queue);
    return at + 1;
}

words bases_of(std::string_view prefix, const words& queues) {
    words bases;
    for (const auto& each : queues)
        bases.push_back(queue_keys(prefix, each).base());
    return bases;
}

words put_ends(const std::vector<ended_job>& ended, words& queues, std::vector<std::size_t>& order) {
    words all;
    for (const auto& alike : grouped(ended)) {
        const auto& first = ended[alike.front()];
        put_what_they_share(all, first, number_of(queues, first.end.held.job.queue));
        all.push_back(std::to_string(alike.size()));
        put_rows(all, ended, alike);
        order.insert(order.end(), alike.begin(), alike.end());
    }
    return all;
}

// --- The answer -----------------------------------------------------------------------------------------------------

// In the order in which scripts/lib/taking.lua reads them; of most the first ten.
constexpr std::array<std::string_view, 16> fields_of_run{
    "name",      "ats",  "defa",          "data",        "opts", "timestamp",    "priority", "infra.since",
    "parentKey", "deid", "infra.expires", "infra.group", "atm",  "attemptsMade", "stc",      "stacktrace"};

const std::string& queue_at(const words& queues, std::int64_t number) {
    return queues.at(static_cast<std::size_t>(number - 1));
}

stored_job read_taken(const words& queues, redis::reply::list values, const stored_job* like) {
    values.resize(std::max<std::size_t>(values.size(), 2));
    const auto count = std::min(values.size() - 2, fields_of_run.size());
    hash_fields fields;
    fields.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        if (!values[i].is_null())
            fields.emplace_back(fields_of_run[i], std::move(values[i]).take_text());
    auto& id = values.back();
    return read_job({queue_at(queues, values[values.size() - 2].as_integer()), std::move(id).take_text()},
                    std::move(fields), like);
}

std::vector<stored_job> read_taken_ones(const words& queues, redis::reply::list each) {
    std::vector<stored_job> taken;
    taken.reserve(each.size());
    for (auto& one : each)
        taken.push_back(read_taken(queues, std::move(one).take_items(), taken.empty() ? nullptr : &taken.back()));
    return taken;
}

std::vector<job_key> read_keys(const words& queues, redis::reply::list flat) {
    std::vector<job_key> keys;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        keys.push_back({queue_at(queues, flat[i].as_integer()), std::move(flat[i + 1]).take_text()});
    return keys;
}

std::vector<bool> read_recorded(const std::vector<std::size_t>& order, const redis::reply& unrecorded) {
    std::vector<bool> recorded(order.size(), true);
    for (const auto& each : unrecorded.items())
        recorded[order.at(static_cast<std::size_t>(each.as_integer() - 1))] = false;
    return recorded;
}

} // namespace

namespace {

bool is_given_by_server(std::string_view id) {
    return std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

held_job remember(const stored_job& job) {
    return {.options = job.with.options,
            .attempts_made = job.attempts_made,
            .traces = job.traces,
            .keep_traces = std::min(job.with.keep_traces.value_or(max_job_errors), max_job_errors),
            .has_group = !job.group.empty(),
            .is_plain = job.starts == 1 && job.parent_key.empty() && job.deduplication_id.empty() &&
                        is_given_by_server(job.key.id)};
}

work_call call_work(std::string_view prefix, const work_request& request) {
    auto queues = request.queues;
    std::vector<std::size_t> order;
    const auto ends = put_ends(request.ended, queues, order);
    words all{std::to_string(to_unix_ms(request.now)),
              request.token,
              std::to_string(request.lease.count()),
              request.worker,
              std::to_string(request.most),
              std::to_string(request.minutes),
              std::to_string(request.queues.size()),
              std::to_string(to_unix_ms(request.expired_before.value_or(request.now))),
              std::to_string(request.max_stalls),
              request.as.lane,
              std::to_string(request.as.number)};
    all.insert(all.end(), ends.begin(), ends.end());
    auto command = scripts::work.call(bases_of(prefix, queues), all);
    if (!request.as.lane.empty())
        command.again(redis::replay::idempotent);
    return {.command = std::move(command), .queues = queues, .order = order};
}

work_done read_work(const work_call& of, redis::reply answer) {
    redis::throw_if_error(answer);
    auto parts = std::move(answer).take_items();
    parts.resize(5);
    work_done done{.recorded = read_recorded(of.order, parts[0]),
                   .taken = read_taken_ones(of.queues, std::move(parts[1]).take_items()),
                   .rescued = read_keys(of.queues, std::move(parts[3]).take_items()),
                   .expired = read_keys(of.queues, std::move(parts[4]).take_items())};
    if (!parts[2].is_null())
        done.again = time_of(parts[2].as_text());
    return done;
}

} // namespace infra::queue::redis_backend
