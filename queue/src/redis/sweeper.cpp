#include "sweeper.hpp"

#include "keys.hpp"
#include "minutes.hpp"
#include "scripts.hpp"

#include <utility>

namespace infra::queue::redis_backend {

void sweeper::claimed_from(const std::vector<std::string>& queues, int max_stalls) {
    max_stalls_ = max_stalls;
    for (const auto& each : queues)
        if (queues_.size() < most_queues)
            queues_.insert(each);
}

bool sweeper::is_due(steady_time now, std::chrono::milliseconds interval) {
    if (queues_.empty() || now < next_)
        return false;
    next_ = saturating_add(now, interval);
    return true;
}

std::vector<std::string> sweeper::take_queues() {
    const auto all = std::exchange(queues_, {});
    return {all.begin(), all.end()};
}

redis::command sweep_command(std::string_view prefix, const sweep_request& request) {
    std::vector<std::string> bases;
    for (const auto& each : request.queues)
        bases.push_back(queue_keys(prefix, each).base());
    const std::vector<std::string> words{std::to_string(to_unix_ms(request.now)),
                                         std::to_string(request.interval.count()), std::to_string(request.max_stalls),
                                         std::to_string(most_minutes)};
    return scripts::sweep_stalled.call(bases, words);
}

std::vector<job_key> read_swept(const sweep_request& of, const redis::reply& answer) {
    std::vector<job_key> rescued;
    for (std::size_t i = 0; i + 1 < answer.items().size(); i += 2)
        rescued.push_back({of.queues.at(static_cast<std::size_t>(answer.items()[i].as_integer() - 1)),
                           answer.items()[i + 1].as_text()});
    return rescued;
}

} // namespace infra::queue::redis_backend
