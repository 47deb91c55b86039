#include "seeds.hpp"

#include <algorithm>

namespace infra::dashboard::service {
namespace {

constexpr std::size_t at_once = 1000;

// In a queue that is paused, so that they go on waiting.
awaitable<void> fill(queue::job<json::value> job, std::size_t count) {
    co_await queue::pause("backlog");
    for (std::size_t begun = 0; begun < count; begun += at_once) {
        std::vector<json::value> some;
        for (std::size_t i = begun; i < std::min(begun + at_once, count); ++i)
            some.push_back(json::object{{"order", i}, {"customer", "customer-" + std::to_string(i % 997)}});
        co_await queue::enqueue_bulk(job, some);
    }
}

void count_in(std::size_t series) {
    for (std::size_t i = 0; i < series; ++i)
        monitoring::increment("orders_total", i % 17 + 1, {{"shop", "shop-" + std::to_string(i)}});
}

} // namespace

void seed_load(seeding& s) {
    if (s.wishes.jobs > 0) {
        const auto job = queue::define_job(
            {.name = "print-label", .handler = [](json::value) -> awaitable<void> { co_return; }, .queue = "backlog"});
        s.later([job, count = s.wishes.jobs] { return fill(job, count); });
    }
    count_in(s.wishes.series);
}

} // namespace infra::dashboard::service
