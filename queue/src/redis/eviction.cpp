#include "eviction.hpp"

#include "store.hpp"

#include <infra/base/telemetry.hpp>

namespace infra::queue::redis_backend {
namespace {

constexpr std::string_view policy_line = "maxmemory_policy:";

awaitable<std::string> find_evicting_policy(std::shared_ptr<store> s) {
    std::string policy;
    for (const auto& master : co_await s->redis().masters(s->limit())) {
        const auto info = co_await s->redis().execute_at(master, {"INFO", "memory"}, s->limit());
        if (policy.empty() && !info.is_error())
            policy = evicting_policy_in(info.as_text());
    }
    co_return policy;
}

} // namespace

std::string evicting_policy_in(std::string_view info) {
    const auto at = info.find(policy_line);
    if (at == std::string_view::npos)
        return {};
    const auto value = info.substr(at + policy_line.size());
    const auto policy = value.substr(0, value.find_first_of("\r\n"));
    return policy == "noeviction" ? std::string() : std::string(policy);
}

awaitable<void> warn_of_eviction(std::shared_ptr<store> s) {
    std::string policy;
    try {
        policy = co_await find_evicting_policy(s);
    } catch (const boost::system::system_error&) { // it is away, or tells nobody
    }
    if (!policy.empty())
        telemetry::log(
            level::warn, "queue",
            "the server may evict keys when its memory is full, and jobs and locks are lost with them: set its "
            "maxmemory-policy to noeviction",
            {{"server", s->server()}, {"maxmemory_policy", policy}});
}

} // namespace infra::queue::redis_backend
