#include "fair_turns.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr std::size_t most_turns = 10'000; // remembered

} // namespace

std::vector<std::string> fair_turns::next(std::vector<std::string> queues) {
    if (queues.size() < 2)
        return queues;
    if (last_.size() > most_turns)
        last_.clear();
    const auto turn_of = [&](const std::string& queue) {
        const auto found = last_.find(queue);
        return found == last_.end() ? 0 : found->second;
    };
    std::ranges::rotate(queues, std::ranges::min_element(queues, {}, turn_of));
    last_.insert_or_assign(queues.front(), ++turn_);
    return queues;
}

} // namespace infra::queue::redis_backend
