#include "look.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

std::int64_t last_line(store& s, std::int64_t seq) {
    query q(s.db, "SELECT max(number) FROM infra_logs WHERE seq = ?1");
    q.bind(seq).step();
    return q.integer(0);
}

void add_lines(store& s, std::int64_t seq, const std::vector<log_line>& lines) {
    if (lines.empty())
        return;
    auto number = last_line(s, seq);
    query q(s.db, "INSERT INTO infra_logs (seq, number, at, text) VALUES (?1, ?2, ?3, ?4)");
    for (const auto& line : lines)
        q.bind(seq, ++number, to_unix_ms(line.at), line.text).run();
    constexpr auto most = static_cast<std::int64_t>(max_log_lines);
    query(s.db, "DELETE FROM infra_logs WHERE seq = ?1 AND number <= ?2").bind(seq, number - most).run();
    s.queues.log_added();
}

bool tell_one(store& s, const note& told) {
    const auto* held = find_lease(s, told.held.token);
    const auto* queue = s.queues.find(told.held.job.queue);
    if (!queue || !held)
        return false;
    add_lines(s, held->seq, told.lines);
    if (told.progress) {
        query(s.db, "UPDATE infra_jobs SET progress = ?2 WHERE seq = ?1").bind(held->seq, *told.progress).run();
        record(s, *queue, job_event::kind::progress, told.held.job.id, told.at, *told.progress);
    }
    return true;
}

} // namespace

std::vector<bool> tell(store& s, const std::vector<note>& notes) {
    std::vector<bool> kept;
    kept.reserve(notes.size());
    for (const auto& each : notes)
        kept.push_back(tell_one(s, each));
    s.refuse_if_too_large();
    return kept;
}

void forget_logs(store& s, std::int64_t seq) { query(s.db, "DELETE FROM infra_logs WHERE seq = ?1").bind(seq).run(); }

std::vector<log_line> logs(store& s, const job_key& job) {
    std::vector<log_line> lines;
    const auto row = find_row(s, job);
    if (!row)
        return lines;
    query q(s.db, "SELECT at, text FROM infra_logs WHERE seq = ?1 ORDER BY number");
    q.bind(row->seq);
    while (q.step())
        lines.push_back({from_unix_ms(q.integer(0)), q.text(1)});
    return lines;
}

} // namespace infra::queue::sqlite
