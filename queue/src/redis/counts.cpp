#include "naming.hpp"
#include "scripts.hpp"

namespace infra::queue::redis_backend {
namespace {

/// What count_queues.lua says of one.
struct counted_queue {
    queue_counts counts{};
    bool is_there = false;
};

counted_queue read_counts(std::string queue, const redis::reply& answer) {
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(answer.items().at(i).as_integer()); };
    return {.counts = {.queue = std::move(queue),
                       .waiting = at(0),
                       .delayed = at(1),
                       .active = at(2),
                       .completed = at(3),
                       .failed = at(4),
                       .waiting_children = at(5),
                       .groups = at(6),
                       .paused = at(7) == 1},
            .is_there = at(8) == 1};
}

awaitable<std::vector<counted_queue>> count(shared_store s, std::vector<std::string> queues) {
    std::vector<counted_queue> all(queues.size());
    for (const auto& which : calls_for(*s, queues)) {
        auto call = scripts::count_queues.call(bases_of(*s, queues, which), {}).again(redis::replay::read);
        const auto answers = co_await s->ask(std::move(call));
        for (std::size_t i = 0; i < which.size(); ++i)
            all[which[i]] = read_counts(queues[which[i]], answers.items().at(i));
    }
    co_return all;
}

} // namespace

awaitable<std::vector<queue_counts>> counts(shared_store s, std::vector<std::string> queues) {
    const bool of_all = queues.empty();
    if (of_all) {
        const auto known = co_await all_queues(s);
        queues.assign(known.begin(), known.end());
    }
    std::vector<queue_counts> all;
    for (auto& each : co_await count(s, std::move(queues)))
        if (each.is_there || !of_all)
            all.push_back(std::move(each.counts));
    co_return all;
}

awaitable<std::vector<std::optional<wall_time>>> waiting_since(shared_store s, std::vector<std::string> queues,
                                                               wall_time now) {
    std::vector<std::optional<wall_time>> all(queues.size());
    for (const auto& which : calls_for(*s, queues)) {
        const std::vector<std::string> at{std::to_string(to_unix_ms(now))};
        auto call = scripts::waiting_since.call(bases_of(*s, queues, which), at).again(redis::replay::read);
        const auto answers = co_await s->ask(std::move(call));
        for (std::size_t i = 0; i < which.size(); ++i)
            if (const auto& since = answers.items().at(i); !since.is_null())
                all[which[i]] = from_unix_ms(since.as_integer());
    }
    co_return all;
}

} // namespace infra::queue::redis_backend
