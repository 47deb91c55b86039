#include "restore.hpp"

#include "schedules.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

std::string handed_on(store& s, const schedule_info& known) {
    query q(s.db, "SELECT handed_on FROM infra_schedules WHERE queue = ?1 AND id = ?2");
    return q.bind(s.queues.get(s.db, known.queue).id, known.id).step() ? q.text(0) : "";
}

bool is_known(store& s, const schedule_info& asked) {
    const auto known = schedules(s, asked.queue);
    return std::ranges::find(known, asked.id, &schedule_info::id) != known.end();
}

void restore_schedule(store& s, const carried_schedule& schedule) {
    const auto& known = schedule.known;
    upsert(s, {{.queue = known.queue,
                .id = known.id,
                .when = known.when,
                .name = known.name,
                .data = known.data,
                .options = known.options,
                .next = known.next,
                .now = schedule.run_added_at.value_or(known.defined_at)}});
    query(s.db, "UPDATE infra_schedules SET runs = ?3, last = ?4, defined_at = ?5, handed_on = nullif(?6, ''), "
                "paused_since = ?7 WHERE queue = ?1 AND id = ?2")
        .bind(s.queues.get(s.db, known.queue).id, known.id, static_cast<std::int64_t>(known.runs),
              known.last ? std::optional(to_unix_ms(*known.last)) : std::nullopt, to_unix_ms(known.defined_at),
              schedule.handed_on, known.paused_since ? std::optional(to_unix_ms(*known.paused_since)) : std::nullopt)
        .run();
}

} // namespace

std::vector<carried_schedule> carry_schedules(store& s, const std::string& queue) {
    std::vector<carried_schedule> all;
    for (auto& known : schedules(s, queue)) {
        carried_schedule one{.handed_on = handed_on(s, known)};
        if (const auto run = known.next ? find_row(s, job_key{queue, run_id(known.id, *known.next)}) : std::nullopt)
            one.run_added_at = find_job(s, run->seq).value().created_at;
        one.known = std::move(known);
        all.push_back(std::move(one));
    }
    return all;
}

void restore_schedules(store& s, const std::vector<carried_schedule>& all) {
    for (const auto& each : all)
        if (!is_known(s, each.known))
            restore_schedule(s, each);
}

} // namespace infra::queue::sqlite
