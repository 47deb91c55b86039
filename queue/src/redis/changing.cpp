#include "changing.hpp"

#include "naming.hpp"
#include "scripts.hpp"

#include <infra/queue/children.hpp>

#include <algorithm>
#include <set>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;

const redis::script& script_of(job_change what) {
    switch (what) {
    case job_change::retry: return scripts::retry_jobs;
    case job_change::promote: return scripts::promote_jobs;
    case job_change::cancel: return scripts::cancel_jobs;
    case job_change::remove: break;
    }
    return scripts::remove_jobs;
}

// Said again it finds done what was done, and counts that no more.
redis::command change_command(const change_request& by, const queue_part& jobs, const seen_place& at) {
    words all{std::to_string(to_unix_ms(by.now)), at.stands, at.behind > 0 ? std::to_string(at.behind) : ""};
    all.insert(all.end(), jobs.ids.begin(), jobs.ids.end());
    return script_of(by.what).call(std::vector{jobs.base}, all).again(redis::replay::idempotent);
}

awaitable<words> pending_of(shared_store s, words jobs) {
    redis::batch asked;
    for (const auto& each : jobs)
        asked.add({"SMEMBERS", each + ":dependencies"});
    words below;
    for (auto& each : co_await s->ask(std::move(asked)))
        for (auto& child : redis::to<words>(std::move(each)))
            below.push_back(std::move(child));
    co_return below;
}

} // namespace

std::vector<queue_part> parts_of_keys(const words& keys, std::size_t most) {
    std::vector<queue_part> parts;
    for (const auto& each : keys) {
        const auto place = place_of(each);
        if (!place)
            continue;
        auto base = each.substr(0, each.size() - place->id.size() - 1);
        if (parts.empty() || parts.back().base != base || parts.back().ids.size() == most)
            parts.push_back({.base = std::move(base)});
        parts.back().ids.push_back(place->id);
    }
    return parts;
}

awaitable<std::vector<bool>> change_some(shared_store s, change_request by, queue_part jobs, seen_place at) {
    std::vector<bool> changed;
    if (jobs.ids.empty())
        co_return changed;
    const auto answer = co_await s->ask(change_command(by, jobs, at));
    for (const auto& each : answer.items())
        changed.push_back(each.as_integer() == 1);
    co_return changed;
}

awaitable<std::size_t> change_by_keys(shared_store s, change_request by, words keys) {
    std::size_t changed = 0;
    for (auto& part : parts_of_keys(keys, most_in_a_call)) {
        const auto done = co_await change_some(s, by, std::move(part));
        changed += static_cast<std::size_t>(std::ranges::count(done, true));
    }
    co_return changed;
}

awaitable<words> all_below(shared_store s, std::string key) {
    std::set<std::string> known{key};
    words all{std::move(key)};
    for (std::size_t looked_at = 0; looked_at < all.size();) {
        const auto next = std::min(looked_at + most_in_a_call, all.size());
        words some(all.begin() + static_cast<std::ptrdiff_t>(looked_at),
                   all.begin() + static_cast<std::ptrdiff_t>(next));
        looked_at = next;
        for (auto& child : co_await pending_of(s, std::move(some)))
            if (known.insert(child).second)
                all.push_back(std::move(child));
        if (all.size() > max_family)
            throw too_large_family_error();
    }
    all.erase(all.begin());
    co_return all;
}

} // namespace infra::queue::redis_backend
