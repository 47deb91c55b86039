#include "found_jobs.hpp"
#include "naming.hpp"
#include "scripts.hpp"

#include <map>

namespace infra::queue::redis_backend {
namespace {

using places = std::vector<std::size_t>;

/// Of one queue, those of the keys that ask for it.
struct part {
    std::string queue{};
    places which{};
};

std::vector<part> parts_of(const std::vector<job_key>& keys) {
    std::map<std::string, places> by_queue;
    std::vector<part> parts;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i].queue.empty())
            continue; // no queue has it
        auto& which = by_queue[keys[i].queue];
        which.push_back(i);
        if (which.size() == most_in_a_call)
            parts.push_back({keys[i].queue, std::exchange(which, {})});
    }
    for (auto& [queue, which] : by_queue)
        if (!which.empty())
            parts.push_back({queue, std::move(which)});
    return parts;
}

redis::command read_command(const queue_keys& in, const std::vector<job_key>& keys, const places& which) {
    std::vector<std::string> ids;
    for (const auto i : which)
        ids.push_back(keys[i].id);
    return scripts::read_jobs.call(std::vector{in.base()}, ids).again(redis::replay::read);
}

} // namespace

awaitable<std::vector<std::optional<job_info>>> get(shared_store s, std::vector<job_key> keys) {
    keys = co_await with_queues(s, std::move(keys));
    std::vector<std::optional<job_info>> found(keys.size());
    for (const auto& [queue, which] : parts_of(keys)) {
        auto answers = (co_await s->ask(read_command(s->keys(queue), keys, which))).take_items();
        for (std::size_t i = 0; i < which.size(); ++i)
            found[which[i]] = read_found(queue, std::move(answers.at(i)));
    }
    co_return found;
}

} // namespace infra::queue::redis_backend
