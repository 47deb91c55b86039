#include "naming.hpp"

#include "slots.hpp"

#include <infra/queue/error.hpp>

#include <map>

namespace infra::queue::redis_backend {
namespace {

std::string set_of_queues(const store& s) { return s.options().prefix + "~queues"; }

awaitable<redis::reply> ask_at(shared_store s, std::string master, redis::command c) {
    s->check_open();
    try {
        auto answer = co_await s->redis().execute_at(std::move(master), std::move(c));
        redis::throw_if_error(answer);
        co_return answer;
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

awaitable<std::vector<std::string>> all_masters(shared_store s) {
    s->check_open();
    try {
        co_return co_await s->redis().masters();
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

// A part of the key space at a time, so that nobody waits long for it.
constexpr int looked_at_once = 1000;

awaitable<queue_names> look_for_queues(shared_store s) {
    const auto prefix = s->options().prefix;
    const auto begun = s->time().steady();
    if (auto found = s->known().found(begun))
        co_return std::move(*found);
    queue_names found;
    const auto use = [&](std::vector<std::string> keys) {
        for (const auto& each : keys)
            if (auto queue = queue_of_settings(prefix, each))
                found.insert(std::move(*queue));
    };
    co_await for_all_keys(s, pattern_of(prefix) + ":*:meta", use,
                          "hash"); // a group called `meta` has others of that name
    const auto now = s->time().steady();
    s->known().found(found, now, now - begun);
    co_return found;
}

/// The queues that have a job with this id.
awaitable<std::vector<std::string>> queues_with(shared_store s, std::vector<std::string> queues, job_id id) {
    redis::batch asked;
    for (const auto& each : queues)
        asked.add({"HEXISTS", s->keys(each).of_job(id), "timestamp"}); // it may be the name of a list
    const auto answers = co_await s->ask(std::move(asked));
    std::vector<std::string> with;
    for (std::size_t i = 0; i < queues.size(); ++i)
        if (!answers.at(i).is_error() && answers[i].as_integer() == 1)
            with.push_back(queues[i]);
    co_return with;
}

} // namespace

awaitable<void> make_known(shared_store s, std::vector<std::string> queues) {
    const auto missing = s->known().not_noted(queues);
    if (missing.empty())
        co_return;
    redis::command add("SADD");
    add.add(set_of_queues(*s)).add_all(missing);
    co_await s->carry_out(std::move(add)); // also for what was to be added before the end
    s->known().noted(missing);
}

awaitable<queue_names> all_queues(shared_store s) {
    auto all = co_await look_for_queues(s);
    for (auto& each :
         redis::to<std::vector<std::string>>(co_await s->ask(redis::command{"SMEMBERS", set_of_queues(*s)})))
        all.insert(std::move(each));
    co_return all;
}

awaitable<std::vector<std::string>> queues_of(shared_store s, std::string named) {
    std::vector<std::string> queues;
    if (!named.empty()) {
        queues.push_back(std::move(named));
        co_return queues;
    }
    const auto all = co_await all_queues(s);
    queues.assign(all.begin(), all.end());
    co_return queues;
}

awaitable<void> forget_known(shared_store s, std::string queue) {
    s->known().forget(queue);
    co_await s->ask(redis::command{"SREM", set_of_queues(*s), queue});
}

awaitable<void> for_all_keys(shared_store s, std::string pattern, std::function<void(std::vector<std::string>)> use,
                             std::string type) {
    for (const auto& master : co_await all_masters(s)) {
        std::string cursor = "0";
        do {
            redis::command scan{"SCAN", cursor, "MATCH", pattern, "COUNT", looked_at_once};
            if (!type.empty())
                scan.add("TYPE").add(type);
            auto page = redis::to<std::pair<std::string, std::vector<std::string>>>(
                co_await ask_at(s, master, std::move(scan)));
            cursor = std::move(page.first);
            use(std::move(page.second));
        } while (cursor != "0");
    }
}

awaitable<std::vector<job_key>> with_queues(shared_store s, std::vector<job_key> keys) {
    std::vector<std::string> queues;
    for (auto& each : keys) {
        if (!each.queue.empty() || each.id.empty())
            continue;
        if (queues.empty())
            queues = co_await queues_of(s, {});
        auto with = co_await queues_with(s, queues, each.id);
        if (with.size() > 1)
            throw ambiguous_error(each.id, std::move(with));
        if (!with.empty())
            each.queue = std::move(with.front());
    }
    co_return keys;
}

std::vector<std::vector<std::size_t>> calls_for(const store& s, const std::vector<std::string>& queues) {
    std::map<std::string, std::vector<std::size_t>> by_slot;
    std::vector<std::vector<std::size_t>> calls;
    for (std::size_t i = 0; i < queues.size(); ++i) {
        auto& call = by_slot[slot_of(s.options(), queues[i])];
        call.push_back(i);
        if (call.size() == most_in_a_call)
            calls.push_back(std::exchange(call, {}));
    }
    for (auto& [slot, call] : by_slot)
        if (!call.empty())
            calls.push_back(std::move(call));
    return calls;
}

std::vector<std::string> bases_of(const store& s, const std::vector<std::string>& queues,
                                  const std::vector<std::size_t>& which) {
    std::vector<std::string> bases;
    for (const auto i : which)
        bases.push_back(s.keys(queues[i]).base());
    return bases;
}

} // namespace infra::queue::redis_backend
