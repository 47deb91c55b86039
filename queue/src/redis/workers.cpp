#include "presence.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <iterator>

namespace infra::queue::redis_backend {
namespace {

using stored_roll = std::map<std::string, std::string>;

awaitable<seen_connections> look_at_connections(shared_store s) {
    seen_connections all;
    try {
        for (const auto& master : co_await s->redis().masters(s->limit())) {
            const auto list = co_await s->redis().execute_at(master, {"CLIENT", "LIST"}, s->limit());
            redis::throw_if_error(list);
            auto seen = read_connections(s->options().prefix, list.as_text(), s->time().wall());
            all.processes.merge(seen.processes);
            std::ranges::move(seen.others, std::back_inserter(all.others));
        }
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
    co_return all;
}

/// What is left.
awaitable<stored_roll> forget_dead(shared_store s, stored_roll all, std::set<std::string, std::less<>> living) {
    redis::command drop{"HDEL", key_of_workers(*s)};
    for (auto each = all.begin(); each != all.end();)
        if (living.contains(process_in(each->first))) {
            ++each;
        } else {
            drop.add(each->first);
            each = all.erase(each);
        }
    if (drop.size() > 2)
        co_await s->ask(std::move(drop));
    co_return all;
}

bool takes_from(const worker_info& worker, const std::vector<std::string>& queues) {
    return queues.empty() || std::ranges::find_first_of(worker.queues, queues) != worker.queues.end();
}

bool is_older(const worker_info& a, const worker_info& b) {
    return a.since != b.since ? a.since < b.since : a.name < b.name;
}

} // namespace

// The hash first: whoever is written there had its connection before.
awaitable<std::vector<worker_info>> workers(shared_store s, std::vector<std::string> queues) {
    co_await s->here().told(s);
    auto all = redis::to<stored_roll>(co_await s->ask(redis::command{"HGETALL", key_of_workers(*s)}));
    auto seen = co_await look_at_connections(s);
    all = co_await forget_dead(s, std::move(all), std::move(seen.processes));
    auto found = std::move(seen.others);
    for (const auto& [field, text] : all)
        if (auto worker = read_worker(field, text))
            found.push_back(*std::move(worker));
    std::erase_if(found, [&](const worker_info& worker) { return !takes_from(worker, queues); });
    std::ranges::sort(found, is_older);
    co_return found;
}

} // namespace infra::queue::redis_backend
