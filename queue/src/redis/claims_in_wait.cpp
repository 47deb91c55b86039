#include "claims_in_wait.hpp"

#include <algorithm>
#include <set>

namespace infra::queue::redis_backend {

bool claim_operation::is_for(std::string_view queue) const noexcept {
    return std::ranges::find(asked.queues, queue) != asked.queues.end();
}

bool claims_in_wait::remove(const shared_claim& c) { return std::erase(all_, c) > 0; }

template <class Fits>
std::vector<shared_claim> claims_in_wait::take_if(Fits fits) {
    std::vector<shared_claim> taken;
    for (auto each = all_.begin(); each != all_.end();)
        if (fits(**each)) {
            taken.push_back(std::move(*each));
            each = all_.erase(each);
        } else {
            ++each;
        }
    return taken;
}

std::vector<shared_claim> claims_in_wait::take_for(std::string_view queue, std::size_t jobs) {
    return take_if([&](claim_operation& c) {
        if (jobs == 0 || !c.is_for(queue))
            return false;
        jobs -= std::min(jobs, std::max<std::size_t>(c.asked.max, 1));
        c.rung.emplace(queue);
        return true;
    });
}

std::vector<shared_claim> claims_in_wait::take_unaware(std::string_view queue, wall_time due) {
    return take_if([&](claim_operation& c) { return c.is_for(queue) && (!c.asked.due || *c.asked.due > due); });
}

std::vector<shared_claim> claims_in_wait::take_all() {
    return take_if([](claim_operation&) { return true; });
}

bool claims_in_wait::wait_for(std::string_view queue) const noexcept {
    return std::ranges::any_of(all_, [&](const shared_claim& c) { return c->is_for(queue); });
}

std::vector<std::string> claims_in_wait::queues() const {
    std::set<std::string> named;
    for (const auto& each : all_)
        named.insert(each->asked.queues.begin(), each->asked.queues.end());
    return {named.begin(), named.end()};
}

} // namespace infra::queue::redis_backend
