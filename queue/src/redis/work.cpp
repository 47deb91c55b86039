#include "work.hpp"

#include "error_traces.hpp"
#include "scripts.hpp"

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;
using kind = outcome::kind;

std::string word_of(kind how) {
    static constexpr std::string_view names[] = {"completed", "retry", "failed", "returned", "dropped", "waits"};
    return std::string(names[static_cast<std::size_t>(how)]);
}

bool is_attempt(kind how) { return how == kind::completed || how == kind::retry || how == kind::failed; }

std::string text_of(const outcome& end) {
    if (end.as == kind::completed)
        return end.result.empty() ? "null" : end.result; // who listens for results reads JSON
    return end.reason;
}

void put(words& into, const keep& k) {
    into.push_back(k.count ? std::to_string(*k.count) : "");
    into.push_back(k.age ? std::to_string(k.age->count()) : "");
}

bool stands_in_front(const ended_job& e) { return e.end.as == kind::returned || e.of.options.lifo || e.of.has_group; }

// How the hash changes, but for what the script says itself.
hash_fields changes_of(const ended_job& e) {
    hash_fields changes;
    if (is_attempt(e.end.as))
        changes.emplace_back("atm", std::to_string(e.of.attempts_made + 1));
    if (e.end.as != kind::retry && e.end.as != kind::failed)
        return changes;
    const job_error error{.attempt = e.of.attempts_made + 1, .at = e.end.at, .reason = e.end.reason};
    changes.emplace_back("failedReason", e.end.reason);
    changes.emplace_back("stacktrace", with_error(e.of.traces, error, e.of.keep_traces));
    return changes;
}

void put(words& into, const ended_job& e) {
    const auto changes = changes_of(e);
    into.insert(into.end(), {word_of(e.end.as), e.end.held.job.id, e.end.held.token, text_of(e.end)});
    put(into, e.end.keep);
    put(into, e.of.options.keep_failed);
    into.push_back(e.end.run_at ? std::to_string(to_unix_ms(*e.end.run_at)) : "");
    into.push_back(std::to_string(e.of.options.priority));
    into.push_back(stands_in_front(e) ? "front" : "");
    into.push_back(std::to_string(e.of.options.attempts));
    into.push_back(std::to_string(e.of.attempts_made + 1));
    into.push_back(std::to_string(changes.size() * 2));
    for (const auto& [name, value] : changes)
        into.insert(into.end(), {name, value});
}

hash_fields to_fields(redis::reply::list flat) {
    hash_fields fields;
    fields.reserve(flat.size() / 2);
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        fields.emplace_back(std::move(flat[i]).take_text(), std::move(flat[i + 1]).take_text());
    return fields;
}

std::vector<stored_job> read_taken(const std::string& queue, redis::reply::list flat) {
    std::vector<stored_job> taken;
    taken.reserve(flat.size() / 2);
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        taken.push_back(
            read_job({queue, std::move(flat[i]).take_text()}, to_fields(std::move(flat[i + 1]).take_items())));
    return taken;
}

} // namespace

held_job remember(const stored_job& job) {
    return {.options = job.with.options,
            .attempts_made = job.attempts_made,
            .traces = job.traces,
            .keep_traces = std::min(job.with.keep_traces.value_or(max_job_errors), max_job_errors),
            .has_group = !job.group.empty()};
}

redis::command work_command(const queue_keys& in, const work_request& request) {
    words all{std::to_string(to_unix_ms(request.now)),
              request.token,
              std::to_string(request.lease.count()),
              request.worker,
              std::to_string(request.most),
              std::to_string(request.minutes)};
    for (const auto& each : request.ended)
        put(all, each);
    return scripts::work.call(words{in.base()}, all);
}

work_done read_work(const std::string& queue, redis::reply answer) {
    redis::throw_if_error(answer);
    auto parts = std::move(answer).take_items();
    parts.resize(3);
    work_done done{.taken = read_taken(queue, std::move(parts[1]).take_items())};
    for (const auto& each : parts[0].items())
        done.recorded.push_back(each.as_integer() == 1);
    if (!parts[2].is_null())
        done.again = time_of(parts[2].as_text());
    return done;
}

} // namespace infra::queue::redis_backend
