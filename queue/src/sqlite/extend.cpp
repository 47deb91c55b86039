#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

renewal extend_one(store& s, const row_lease& held, std::int64_t until) {
    if (held.incarnation != s.queues.incarnation())
        return renewal::lost;
    query q(s.db, "SELECT cancel_requested FROM infra_active WHERE seq = ?1 AND fence = ?2");
    if (!q.bind(held.seq, held.fence).step())
        return renewal::lost;
    query(s.db, "UPDATE infra_active SET lease_until = ?2 WHERE seq = ?1").bind(held.seq, until).run();
    s.queues.leased_until(until);
    return q.integer(0) != 0 ? renewal::cancel_requested : renewal::held;
}

} // namespace

std::vector<renewal> extend(store& s, const std::vector<lease>& leases, wall_time until) {
    std::vector<renewal> held;
    held.reserve(leases.size());
    for (const auto& each : leases)
        held.push_back(extend_one(s, from_token(each.token), to_unix_ms(until)));
    return held;
}

} // namespace infra::queue::sqlite
