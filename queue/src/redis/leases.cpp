#include "naming.hpp"
#include "scripts.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <span>

namespace infra::queue::redis_backend {
namespace {

struct renewal_call {
    std::vector<std::string> bases{};
    std::vector<std::string> words{};
};

std::size_t number_of_base(std::vector<std::string>& bases, std::string base) {
    const auto found = std::ranges::find(bases, base);
    const auto number = static_cast<std::size_t>(found - bases.begin()) + 1;
    if (found == bases.end())
        bases.push_back(std::move(base));
    return number;
}

renewal_call call_for(const store& s, std::span<const lease> leases, std::chrono::milliseconds length, wall_time now) {
    renewal_call call{.words = {std::to_string(to_unix_ms(now)), std::to_string(length.count())}};
    for (const auto& each : leases) {
        call.words.push_back(std::to_string(number_of_base(call.bases, s.keys(each.job.queue).base())));
        call.words.push_back(each.job.id);
        call.words.push_back(each.token);
    }
    return call;
}

renewal renewal_of(std::int64_t word) {
    switch (word) {
    case 1: return renewal::held;
    case 2: return renewal::cancel_requested;
    default: return renewal::lost;
    }
}

std::vector<std::string> queues_of_leases(const std::vector<lease>& leases) {
    std::vector<std::string> queues;
    for (const auto& each : leases)
        queues.push_back(each.job.queue);
    return queues;
}

awaitable<std::vector<renewal>> extend_some(shared_store s, std::vector<lease> some, std::chrono::milliseconds length,
                                            wall_time now) {
    const auto call = call_for(*s, some, length, now);
    auto command = scripts::renew_leases.call(call.bases, call.words);
    const auto answer = co_await s->ask(std::move(command.again(redis::replay::idempotent)));
    std::vector<renewal> renewed;
    for (const auto& each : answer.items())
        renewed.push_back(renewal_of(each.as_integer()));
    co_return renewed;
}

} // namespace

awaitable<std::vector<renewal>> extend(shared_store s, std::vector<lease> leases, std::chrono::milliseconds length,
                                       wall_time now) {
    s->check_open();
    std::vector<renewal> all(leases.size(), renewal::lost);
    for (const auto& theirs : calls_for(*s, queues_of_leases(leases))) {
        std::vector<lease> some;
        for (const auto i : theirs)
            some.push_back(leases[i]);
        const auto renewed = co_await extend_some(s, std::move(some), length, now);
        for (std::size_t k = 0; k < theirs.size(); ++k)
            all[theirs[k]] = renewed.at(k);
    }
    co_return all;
}

} // namespace infra::queue::redis_backend
