#include "verbs.hpp"

namespace infra::queue::sqlite {

std::vector<renewal> extend(store& s, const std::vector<lease>& leases, wall_time until) {
    std::vector<renewal> held;
    held.reserve(leases.size());
    for (const auto& each : leases) {
        const auto [seq, fence] = from_token(each.token);
        query(s.db, "UPDATE infra_jobs SET lease_until = ?3 WHERE seq = ?1 AND fence = ?2 AND id = ?4 AND state = 2")
            .bind(seq, fence, to_unix_ms(until), each.job.id)
            .run();
        held.push_back(s.db.changes() > 0 ? renewal::held : renewal::lost);
    }
    return held;
}

} // namespace infra::queue::sqlite
