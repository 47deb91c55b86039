#include "add_jobs.hpp"

#include "job_hash.hpp"
#include "scripts.hpp"

#include <string>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;

std::string place_of(const new_job& job) {
    if (job.run_at && *job.run_at > job.created_at)
        return std::to_string(to_unix_ms(*job.run_at));
    return job.options.lifo ? "front" : "line";
}

void put(words& into, const std::optional<deduplication>& by) {
    if (!by) {
        into.insert(into.end(), {"", "", ""});
        return;
    }
    std::string flags;
    for (const auto& [holds, flag] :
         {std::pair(by->extend, 'x'), std::pair(by->replace, 'r'), std::pair(by->keep_last_if_active, 'k')})
        if (holds)
            flags += flag;
    into.insert(into.end(), {by->id, by->ttl ? std::to_string(by->ttl->count()) : "", flags});
}

void put(words& into, const new_job& job) {
    auto hash = hash_of(job);
    into.insert(into.end(), {job.id, place_of(job), std::to_string(job.options.priority)});
    put(into, job.deduplicate);
    into.push_back(std::to_string(hash.size() * 2));
    for (auto& [name, value] : hash) {
        into.push_back(std::move(name));
        into.push_back(std::move(value));
    }
}

addition addition_of(std::int64_t word) {
    switch (word) {
    case 0: return addition::existed;
    case 2: return addition::deduplicated;
    default: return addition::created;
    }
}

} // namespace

redis::command add_command(const queue_keys& to, const std::vector<new_job>& jobs) {
    words all;
    for (const auto& each : jobs)
        put(all, each);
    return scripts::add_jobs.call(words{to.base()}, all);
}

std::vector<added_job> read_added(redis::reply answer) {
    auto answers = redis::to<std::vector<redis::reply>>(std::move(answer));
    std::vector<added_job> added;
    for (std::size_t i = 0; i + 1 < answers.size(); i += 2)
        added.push_back({.id = std::move(answers[i]).take_text(), .how = addition_of(answers[i + 1].as_integer())});
    return added;
}

} // namespace infra::queue::redis_backend
