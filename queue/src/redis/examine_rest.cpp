#include "examination.hpp"
#include "fields.hpp"
#include "naming.hpp"
#include "scripts.hpp"

#include <algorithm>
#include <ranges>

namespace infra::queue::redis_backend {
namespace {

constexpr std::size_t examined_at_once = 500;

queue_facts read_queue(std::string name, redis::reply answer) {
    const auto items = std::move(answer).take_items();
    const auto number = [&](std::size_t i) { return static_cast<std::size_t>(items.at(i).as_integer()); };
    constexpr place in_order[] = {place::wait,    place::paused,           place::active,    place::prioritized,
                                  place::delayed, place::waiting_children, place::completed, place::failed};
    queue_facts q{.queue = std::move(name), .is_paused = number(0) == 1};
    q.concurrency = items.at(1).is_null() ? 0 : count_of(items[1].as_text());
    for (std::size_t i = 0; i < std::size(in_order); ++i)
        q.standing[static_cast<std::size_t>(in_order[i])] = number(2 + i);
    q.markers = number(10);
    q.is_limited = number(11) == 1;
    if (const auto score = redis::to<std::optional<double>>(items.at(12)))
        q.first_due = from_unix_ms(static_cast<std::int64_t>(*score / 4096));
    return q;
}

awaitable<std::vector<finding>> examine_queue(shared_examination e, std::string name) {
    auto look = scripts::examine_queue.call({e->at->keys(name).base()}).again(redis::replay::read);
    co_return diagnose(read_queue(name, co_await e->at->ask(std::move(look))), e->at->time().wall());
}

awaitable<std::vector<slot_facts>> read_slots(shared_examination e, queue_keys keys, std::vector<std::string> ids) {
    redis::batch ask_slots, ask_holders;
    for (const auto& each : ids)
        ask_slots.add({"GET", keys.of_queue("de:" + each)}).add({"PTTL", keys.of_queue("de:" + each)});
    const auto slots = co_await e->at->ask(std::move(ask_slots));
    std::vector<slot_facts> all;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto& holder = slots.at(2 * i); // an error: it is somebody's key, and nobody holds the slot
        all.push_back({.id = ids[i],
                       .holder = holder.is_error() || holder.is_null() ? "" : holder.as_text(),
                       .ends = slots.at(2 * i + 1).as_integer() >= 0});
        ask_holders.add({"EXISTS", keys.of_job(all.back().holder)});
    }
    const auto holders = co_await e->at->ask(std::move(ask_holders));
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i].is_job = holders.at(i).as_integer() == 1;
    co_return all;
}

awaitable<std::vector<finding>> examine_slots(shared_examination e, std::string queue) {
    const auto& ids = e->queues.at(queue).slots;
    std::vector<finding> found;
    for (std::size_t from = 0; from < ids.size(); from += examined_at_once) {
        const std::vector some(ids.begin() + static_cast<std::ptrdiff_t>(from),
                               ids.begin() +
                                   static_cast<std::ptrdiff_t>(std::min(from + examined_at_once, ids.size())));
        for (const auto& each : co_await read_slots(e, e->at->keys(queue), some))
            if (auto one = diagnose(queue, each))
                found.push_back(std::move(*one));
    }
    co_return found;
}

using planned_run = std::pair<std::string, double>; // a schedule's id, and when

awaitable<std::vector<schedule_facts>> read_schedules(shared_examination e, queue_keys keys,
                                                      std::vector<planned_run> runs) {
    redis::batch ask;
    std::vector<schedule_facts> all;
    for (const auto& [id, when] : runs) {
        const auto run = "repeat:" + id + ":" + std::to_string(static_cast<std::int64_t>(when));
        ask.add({"HMGET", keys.of_queue("repeat:" + id), "ic", "limit", "endDate"}).add({"EXISTS", keys.of_job(run)});
        all.push_back({.id = id, .run = run});
    }
    const auto answers = co_await e->at->ask(std::move(ask));
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (answers.at(2 * i).is_error())
            continue; // somebody's key, which is no schedule
        const auto fields = redis::to<std::vector<std::optional<std::string>>>(answers[2 * i]);
        all[i].is_defined = fields.at(0).has_value(); // else it is one of the old kind, or forgotten
        all[i].made = count_of(fields[0].value_or(""));
        all[i].limit = count_of(fields.at(1).value_or(""));
        all[i].end = time_of(fields.at(2).value_or(""));
        all[i].has_run = answers.at(2 * i + 1).as_integer() == 1;
    }
    co_return all;
}

awaitable<std::vector<finding>> examine_schedules(shared_examination e, std::string queue) {
    const auto keys = e->at->keys(queue);
    std::vector<finding> found;
    for (std::size_t from = 0;; from += examined_at_once) {
        auto runs = redis::to<std::vector<planned_run>>(co_await e->at->ask(
            redis::command{"ZRANGE", keys.of_queue("repeat"), from, from + examined_at_once - 1, "WITHSCORES"}));
        const auto read = runs.size();
        for (const auto& each : co_await read_schedules(e, keys, std::move(runs)))
            if (auto one = diagnose(queue, each, e->at->time().wall()))
                found.push_back(std::move(*one));
        if (read < examined_at_once)
            co_return found;
    }
}

std::string policy_in(std::string_view memory) {
    constexpr std::string_view name = "maxmemory_policy:";
    const auto at = memory.find(name);
    const auto from = at == memory.npos ? memory.size() : at + name.size();
    return std::string(memory.substr(from, memory.find_first_of("\r\n", from) - from));
}

} // namespace

awaitable<std::vector<finding>> examine_rest(shared_examination e) {
    std::vector<finding> found;
    for (const auto& [name, seen] : e->queues)
        for (const auto look : {examine_queue, examine_slots, examine_schedules})
            std::ranges::move(co_await look(e, name), std::back_inserter(found));
    co_return found;
}

// One that may not be asked for it says nothing.
awaitable<std::vector<finding>> examine_servers(shared_examination e) {
    std::map<std::string, std::string> policies;
    try {
        for (const auto& master : co_await e->at->redis().masters()) {
            const auto answer = co_await e->at->redis().execute_at(master, {"INFO", "memory"});
            if (const auto policy = answer.is_error() ? "" : policy_in(answer.as_text()); !policy.empty())
                policies[master] = policy;
        }
    } catch (const error& problem) {
        throw_as_queue_error(problem);
    }
    co_return diagnose(policies);
}

} // namespace infra::queue::redis_backend
