#include "minutes.hpp"
#include "verbs.hpp"

#include <map>

namespace infra::queue::redis_backend {
namespace {

redis::batch both(const queue_keys& of) {
    redis::batch all;
    for (const auto* outcome : {"completed", "failed"}) {
        const auto metrics = of.of_queue(std::string("metrics:") + outcome);
        all.add({"HGETALL", metrics}).add({"LRANGE", metrics + ":data", 0, most_minutes - 1});
    }
    return all;
}

stored_minutes read_ended(redis::reply metrics, redis::reply data) {
    hash_fields fields;
    for (auto& [name, value] : redis::to<std::map<std::string, std::string>>(std::move(metrics)))
        fields.emplace_back(name, std::move(value));
    return read_minutes(fields, redis::to<std::vector<std::string>>(std::move(data)));
}

} // namespace

awaitable<std::vector<minute_counts>> history(shared_store s, std::string queue, wall_time from, wall_time to) {
    // Of one moment: the end of a minute moves what is counted from one to the other.
    auto answers = co_await s->ask_at_once(both(s->keys(queue)));
    const auto completed = read_ended(std::move(answers.at(0)), std::move(answers.at(1)));
    const auto failed = read_ended(std::move(answers.at(2)), std::move(answers.at(3)));
    co_return history_of(completed, failed, from, to);
}

} // namespace infra::queue::redis_backend
