#include "work.hpp"

#include "end_words.hpp"
#include "scores.hpp"
#include "scripts.hpp"
#include "store.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;
// --- Queues, by the numbers that the script has for them ------------------------------------------------------------

std::size_t number_of_queue(words& queues, const std::string& queue) {
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
        const auto queue = number_of_queue(queues, ended[alike.front()].end.held.job.queue);
        std::ranges::move(words_of(ended, alike, queue), std::back_inserter(all));
        order.insert(order.end(), alike.begin(), alike.end());
    }
    return all;
}

// --- The answer -----------------------------------------------------------------------------------------------------

// In the order in which scripts/lib/starting.lua reads them; of most the first ten.
constexpr std::array<std::string_view, 16> fields_of_run{
    "name",      "ats",  "defa",          "data",        "opts", "timestamp",    "priority", "infra.since",
    "parentKey", "deid", "infra.expires", "infra.group", "atm",  "attemptsMade", "stc",      "stacktrace"};

const std::string& queue_at(const words& queues, std::int64_t number) {
    return queues.at(static_cast<std::size_t>(number - 1));
}

// The next one in the answer, of which each has ten fields, or all if the number of its queue is below 0.
stored_job read_taken(const words& queues, redis::reply::list& values, std::size_t& at, const stored_job* like) {
    const auto number = values.at(at++).as_integer();
    auto id = std::move(values.at(at++)).take_text();
    const std::size_t count = number < 0 ? fields_of_run.size() : 10;
    hash_fields fields;
    fields.reserve(count);
    for (std::size_t i = 0; i < count; ++i, ++at)
        if (!values.at(at).is_null())
            fields.emplace_back(fields_of_run[i], std::move(values[at]).take_text());
    return read_job({queue_at(queues, std::abs(number)), std::move(id)}, std::move(fields), like);
}

std::vector<stored_job> read_taken_ones(const words& queues, redis::reply::list values) {
    std::vector<stored_job> taken;
    for (std::size_t at = 0; at < values.size();)
        taken.push_back(read_taken(queues, values, at, taken.empty() ? nullptr : &taken.back()));
    return taken;
}

// Who asks for all fields gets those of no use to a run as well.
bool is_of_run(std::string_view field) { return std::ranges::find(fields_of_run, field) != fields_of_run.end(); }

hash_fields fields_of_claimed(redis::reply hash) {
    auto each = std::move(hash).take_items();
    hash_fields fields;
    fields.reserve(each.size() / 2);
    for (std::size_t i = 0; i + 1 < each.size(); i += 2)
        if (is_of_run(each[i].as_text()))
            fields.emplace_back(std::move(each[i]).take_text(), std::move(each[i + 1]).take_text());
    return fields;
}

std::vector<job_key> keys_in(const words& queues, redis::reply::list ids) {
    std::vector<job_key> keys;
    for (auto& each : ids)
        keys.push_back({queues.front(), std::move(each).take_text()});
    return keys;
}

std::vector<job_key> read_keys(const words& queues, redis::reply::list flat) {
    std::vector<job_key> keys;
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        keys.push_back({queue_at(queues, flat[i].as_integer()), std::move(flat[i + 1]).take_text()});
    return keys;
}

// Of nothing, nothing.
redis::reply::list list_in(redis::reply part) {
    return part.is_null() ? redis::reply::list() : std::move(part).take_items();
}

std::vector<bool> read_recorded(const std::vector<std::size_t>& order, const redis::reply::list& unrecorded) {
    std::vector<bool> recorded(order.size(), true);
    for (const auto& each : unrecorded)
        recorded[order.at(static_cast<std::size_t>(each.as_integer() - 1))] = false;
    return recorded;
}

} // namespace

namespace {

// Others of digits (007, and more of them than a double holds) BullMQ takes for ids that somebody chose.
bool is_given_by_server(std::string_view id) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return id.size() <= 15 && !id.starts_with('0') && std::ranges::all_of(id, is_digit);
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
    const auto over = request.expired_before.value_or(request.now);
    words all{std::to_string(to_unix_ms(request.now)),
              packed({double(to_unix_ms(request.now)), double(request.lease.count()), double(request.most),
                      double(request.minutes), double(request.queues.size()), double(to_unix_ms(over)),
                      double(request.max_stalls), double(request.as.number), double(request.has_looked),
                      double(request.is_counted)}),
              request.token, request.worker, request.as.lane};
    all.insert(all.end(), ends.begin(), ends.end());
    auto command = scripts::work.call(bases_of(prefix, queues), all);
    if (!request.as.lane.empty())
        command.again(redis::replay::idempotent);
    return {.command = std::move(command), .queues = queues, .order = order};
}

work_done read_work(const work_call& of, redis::reply answer) {
    redis::throw_if_error(answer);
    auto parts = std::move(answer).take_items();
    parts.resize(6);
    work_done done{.recorded = read_recorded(of.order, list_in(std::move(parts[0]))),
                   .taken = read_taken_ones(of.queues, list_in(std::move(parts[1]))),
                   .unread = keys_in(of.queues, list_in(std::move(parts[5]))),
                   .rescued = read_keys(of.queues, list_in(std::move(parts[3]))),
                   .expired = read_keys(of.queues, list_in(std::move(parts[4])))};
    const auto again = parts[2].is_null() ? "" : parts[2].as_text();
    done.has_looked = again != "=";
    if (done.has_looked && !again.empty())
        done.again = time_of(again);
    return done;
}

redis::batch read_commands(std::string_view prefix, const std::vector<job_key>& unread) {
    redis::batch all;
    for (const auto& each : unread)
        all.add({"HGETALL", queue_keys(prefix, each.queue).of_job(each.id)});
    return all;
}

std::vector<stored_job> read_taken(std::vector<job_key> unread, std::vector<redis::reply> answers) {
    std::vector<stored_job> taken;
    for (std::size_t i = 0; i < unread.size(); ++i) {
        if (answers.at(i).error_code() == "WRONGTYPE")
            continue;
        throw_if_refused(answers[i]);
        auto fields = fields_of_claimed(std::move(answers[i]));
        if (find_field(fields, "name"))
            taken.push_back(read_job(std::move(unread[i]), std::move(fields), taken.empty() ? nullptr : &taken.back()));
    }
    return taken;
}

} // namespace infra::queue::redis_backend
