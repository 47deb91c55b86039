#include "key_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace infra::queue::redis_backend {
namespace {

constexpr std::array<std::string_view, 19> key_words{
    "id",        "meta",   "wait",    "paused",        "active", "prioritized", "pc",     "delayed", "waiting-children",
    "completed", "failed", "stalled", "stalled-check", "marker", "limiter",     "events", "repeat",  "priority",
    "delay"};

constexpr std::array<std::pair<std::string_view, job_part>, 6> part_marks{{{":lock", job_part::lock},
                                                                           {":logs", job_part::logs},
                                                                           {":dependencies", job_part::dependencies},
                                                                           {":processed", job_part::processed},
                                                                           {":failed", job_part::failed},
                                                                           {":unsuccessful", job_part::unsuccessful}}};

// What begins with such a word is none of a job's: `metrics:completed`, `relay…` of BullMQ 6.7.
bool is_of_queue_alone(std::string_view rest) {
    constexpr std::array<std::string_view, 4> beginnings{"dn:", "metrics:", "limiter:", "relay"};
    return std::ranges::any_of(beginnings, [&](auto each) { return rest.starts_with(each); });
}

std::pair<std::string_view, job_part> split_part(std::string_view rest) {
    for (const auto& [suffix, part] : part_marks)
        if (rest.size() > suffix.size() && rest.ends_with(suffix))
            return {rest.substr(0, rest.size() - suffix.size()), part};
    return {rest, job_part::hash};
}

// `repeat:daily`, where `repeat:daily:1767225600000` is a job.
bool is_definition(std::string_view id) {
    constexpr std::string_view of_schedules = "repeat:";
    if (!id.starts_with(of_schedules))
        return false;
    const auto last = id.substr(id.rfind(':') + 1);
    const bool has_time = !last.empty() && last.find_first_not_of("0123456789") == last.npos;
    return !has_time || id.size() == of_schedules.size() + last.size();
}

key_name of_job(std::string_view queue, std::string_view rest) {
    const auto [id, part] = split_part(rest);
    const auto what = is_definition(id) ? key_name::kind::other : key_name::kind::of_job;
    return {what, std::string(queue), std::string(id), part};
}

} // namespace

std::optional<key_name> read_key(std::string_view prefix, std::string_view key) {
    if (!key.starts_with(prefix) || key.size() <= prefix.size() + 1 || key[prefix.size()] != ':')
        return std::nullopt;
    key.remove_prefix(prefix.size() + 1);
    const auto colon = key.find(':');
    if (colon == 0 || colon == key.npos || colon + 1 == key.size())
        return std::nullopt;
    const auto queue = key.substr(0, colon), rest = key.substr(colon + 1);
    constexpr std::string_view deduplication = "de:";
    if (std::ranges::find(key_words, rest) != key_words.end())
        return key_name{key_name::kind::of_queue, std::string(queue), std::string(rest)};
    if (rest.starts_with(deduplication))
        return key_name{key_name::kind::deduplication, std::string(queue),
                        std::string(rest.substr(deduplication.size()))};
    if (is_of_queue_alone(rest))
        return key_name{key_name::kind::other, std::string(queue), std::string(rest)};
    return of_job(queue, rest);
}

} // namespace infra::queue::redis_backend
