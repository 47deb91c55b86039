#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

renewal extend_one(store& s, std::string_view token, std::int64_t until) {
    const auto* held = find_lease(s, token);
    if (!held)
        return renewal::lost;
    s.leases.extend(held->seq, until);
    return held->has(lease_row::cancelled) ? renewal::cancel_requested : renewal::held;
}

} // namespace

std::vector<renewal> extend(store& s, const std::vector<lease>& leases, wall_time until) {
    std::vector<renewal> held;
    held.reserve(leases.size());
    for (const auto& each : leases)
        held.push_back(extend_one(s, each.token, to_unix_ms(until)));
    return held;
}

} // namespace infra::queue::sqlite
