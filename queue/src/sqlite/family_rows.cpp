#include "family_rows.hpp"

namespace infra::queue::sqlite {

std::optional<family_row> find_family(store& s, std::int64_t seq) {
    query q(s.db, "SELECT pending, completed, failed, bytes, fails FROM infra_families WHERE seq = ?1");
    if (!q.bind(seq).step())
        return std::nullopt;
    return family_row{q.integer(0), q.integer(1), q.integer(2), q.integer(3), q.integer(4) != 0};
}

std::optional<child_row> find_child(store& s, std::int64_t parent, std::int64_t seq) {
    query q(s.db,
            "SELECT state, on_failure, coalesce(length(CAST(result AS BLOB)), 0) + "
            "coalesce(length(CAST(failed_reason AS BLOB)), 0) FROM infra_children WHERE parent = ?1 AND seq = ?2");
    if (!q.bind(parent, seq).step())
        return std::nullopt;
    return child_row{static_cast<child_state>(q.integer(0)), static_cast<child_failure>(q.integer(1)), q.integer(2)};
}

std::optional<job_row> parent_row(store& s, std::int64_t child) {
    std::optional<std::int64_t> parent;
    {
        query q(s.db, "SELECT parent FROM infra_jobs WHERE seq = ?1 AND parent IS NOT NULL");
        if (q.bind(child).step())
            parent = q.integer(0);
    }
    return parent ? find_row(s, *parent) : std::nullopt;
}

void note_change(store& s, std::int64_t parent) {
    if (const auto* held = s.leases.find(parent); held && !held->has(lease_row::family_changed))
        s.leases.mark(parent, lease_row::family_changed);
}

void count_child(store& s, std::int64_t parent, child_state state, int by, std::int64_t bytes) {
    query(s.db, "UPDATE infra_families SET pending = pending + ?2, completed = completed + ?3, failed = failed + ?4, "
                "bytes = bytes + ?5 WHERE seq = ?1")
        .bind(parent, state == child_state::pending ? by : 0, state == child_state::completed ? by : 0,
              state == child_state::failed ? by : 0, by * bytes)
        .run();
}

} // namespace infra::queue::sqlite
