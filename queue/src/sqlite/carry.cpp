#include "restore.hpp"

#include "family_rows.hpp"
#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

void say_row(store& s, carried_job& job, std::int64_t seq) {
    query q(s.db, "SELECT carrier, place < 0, handed_on FROM infra_jobs WHERE seq = ?1");
    if (!q.bind(seq).step())
        return;
    job.carrier = q.text(0);
    job.in_front = job.known.state == job_state::waiting && q.integer(1) != 0;
    job.handed_on = q.text(2);
}

void say_policy(store& s, carried_job& job, std::int64_t seq) {
    const auto parent = job.known.parent ? parent_row(s, seq) : std::nullopt;
    if (const auto kept = parent ? find_child(s, parent->seq, seq) : std::nullopt)
        job.on_failure = kept->on_failure;
}

// How a duplicate is treated is the duplicate's to say; of the holder there is only its id, and until when.
void say_deduplication(store& s, carried_job& job, std::int64_t seq) {
    if (job.known.deduplication_id.empty())
        return;
    job.deduplicate = deduplication{.id = job.known.deduplication_id};
    query q(s.db, "SELECT until FROM infra_deduplications WHERE seq = ?1 AND id = ?2");
    if (!q.bind(seq, job.known.deduplication_id).step())
        return;
    job.holds_deduplication = true;
    if (const auto until = q.maybe_integer(0))
        job.held_until = from_unix_ms(*until);
}

carried_job carry_one(store& s, const job_row& row) {
    carried_job job{.known = find_job(s, row.seq).value()};
    say_row(s, job, row.seq);
    say_policy(s, job, row.seq);
    say_deduplication(s, job, row.seq);
    job.log = logs(s, {row.queue->name, row.id});
    return job;
}

} // namespace

std::vector<std::optional<carried_job>> carry(store& s, const std::vector<job_key>& keys) {
    std::vector<std::optional<carried_job>> all;
    for (const auto& key : keys) {
        const auto row = find_row(s, key);
        all.push_back(row ? std::optional(carry_one(s, *row)) : std::nullopt);
    }
    return all;
}

// They are the file's, and no queue's own.
std::uint64_t pass_numbers(store& s, std::uint64_t last) {
    s.queues.pass_seq(static_cast<std::int64_t>(last));
    return static_cast<std::uint64_t>(s.queues.coming_seq() - 1);
}

std::string mark(store& s, const move_mark& asked) {
    const bool writes = asked.to && !asked.to->empty();
    const auto* queue = writes ? &s.queues.get(s.db, asked.queue) : s.queues.find(asked.queue);
    if (!queue)
        return "";
    if (asked.to)
        query(s.db, "UPDATE infra_queues SET moving_to = nullif(?2, '') WHERE id = ?1 AND (?3 OR moving_to IS NULL)")
            .bind(queue->id, *asked.to, !writes || asked.instead)
            .run();
    query stands(s.db, "SELECT moving_to FROM infra_queues WHERE id = ?1");
    return stands.bind(queue->id).step() ? stands.text(0) : "";
}

} // namespace infra::queue::sqlite
