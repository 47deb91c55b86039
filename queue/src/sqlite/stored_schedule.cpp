#include "stored_schedule.hpp"

#include <infra/base/json.hpp>

#include <tuple>

namespace infra::queue::sqlite {
namespace {

/// schedule as JSON; milliseconds as numbers. What is absent is unset.
struct recurrence {
    std::string pattern{};
    std::string tz{};
    std::int64_t every = 0;
    std::optional<std::int64_t> offset{};
    bool immediately = false;
    std::optional<std::uint64_t> limit{};
    std::optional<std::int64_t> start{};
    std::optional<std::int64_t> end{};
    int missed = 0;
    std::int64_t grace = 0;
};
BOOST_DESCRIBE_STRUCT(recurrence, (), (pattern, tz, every, offset, immediately, limit, start, end, missed, grace))

std::optional<std::int64_t> maybe_ms(const std::optional<wall_time>& t) {
    return t ? std::optional(to_unix_ms(*t)) : std::nullopt;
}

std::optional<wall_time> time_of(const std::optional<std::int64_t>& ms) {
    return ms ? std::optional(from_unix_ms(*ms)) : std::nullopt;
}

std::string to_text(const schedule& s) {
    return json::to_text(recurrence{.pattern = s.pattern,
                                    .tz = s.tz,
                                    .every = s.every.count(),
                                    .offset = s.offset ? std::optional<std::int64_t>(s.offset->count()) : std::nullopt,
                                    .immediately = s.immediately,
                                    .limit = s.limit,
                                    .start = maybe_ms(s.start),
                                    .end = maybe_ms(s.end),
                                    .missed = static_cast<int>(s.missed),
                                    .grace = s.grace.count()});
}

schedule read_recurrence(std::string_view text, const database& db) {
    const auto read = json::parse<recurrence>(text);
    if (!read)
        throw error(errc::corrupt, "the queue's file " + db.file().string() +
                                       " holds a schedule that cannot be read: " + to_string(read.error()));
    using std::chrono::milliseconds;
    return {.pattern = read->pattern,
            .tz = read->tz,
            .every = milliseconds(read->every),
            .offset = read->offset ? std::optional(milliseconds(*read->offset)) : std::nullopt,
            .immediately = read->immediately,
            .limit = read->limit,
            .start = time_of(read->start),
            .end = time_of(read->end),
            .missed = static_cast<missed_runs>(read->missed),
            .grace = milliseconds(read->grace)};
}

#define INFRA_QUEUE_SELECT_SCHEDULE                                                                                    \
    "SELECT queue, id, recurrence, name, data, options, priority, runs, next, last, defined_at, "                      \
    "paused_since FROM infra_schedules "
constexpr const char* select_one = INFRA_QUEUE_SELECT_SCHEDULE "WHERE queue = ?1 AND id = ?2";
constexpr const char* of_queue = INFRA_QUEUE_SELECT_SCHEDULE "WHERE queue = ?1 ORDER BY id";
constexpr const char* of_all = INFRA_QUEUE_SELECT_SCHEDULE "ORDER BY queue, id";
#undef INFRA_QUEUE_SELECT_SCHEDULE

stored_schedule read_row(const query& q) {
    return {.queue = q.integer(0),
            .id = q.text(1),
            .recurrence = q.text(2),
            .name = q.text(3),
            .data = q.text(4),
            .options = q.text(5),
            .priority = static_cast<int>(q.integer(6)),
            .runs = q.integer(7),
            .next = q.maybe_integer(8),
            .last = q.maybe_integer(9),
            .defined_at = q.integer(10),
            .paused_since = q.maybe_integer(11)};
}

} // namespace

stored_schedule to_stored(const new_schedule& asked) {
    return {.id = asked.id,
            .recurrence = to_text(asked.when),
            .name = asked.name,
            .data = asked.data,
            .options = to_text(asked.options),
            .priority = asked.options.priority,
            .next = maybe_ms(asked.next),
            .defined_at = to_unix_ms(asked.now)};
}

schedule_info to_info(store& s, const std::string& queue, const stored_schedule& stored) {
    schedule_info info{.queue = queue,
                       .id = stored.id,
                       .when = read_recurrence(stored.recurrence, s.db),
                       .name = stored.name,
                       .data = stored.data,
                       .options = read_options(stored.options, s.db),
                       .runs = static_cast<std::size_t>(stored.runs),
                       .next = time_of(stored.next),
                       .last = time_of(stored.last),
                       .defined_at = from_unix_ms(stored.defined_at),
                       .paused_since = time_of(stored.paused_since)};
    info.options.priority = stored.priority;
    return info;
}

bool is_same_work(const stored_schedule& a, const stored_schedule& b) {
    return std::tie(a.name, a.data, a.options, a.priority) == std::tie(b.name, b.data, b.options, b.priority);
}

std::optional<stored_schedule> read_schedule(store& s, std::int64_t queue, std::string_view id) {
    query q(s.db, select_one);
    return q.bind(queue, id).step() ? std::optional(read_row(q)) : std::nullopt;
}

std::vector<stored_schedule> read_schedules(store& s, const ledger::row* queue) {
    query q(s.db, queue ? of_queue : of_all);
    if (queue)
        q.bind(queue->id);
    std::vector<stored_schedule> all;
    while (q.step())
        all.push_back(read_row(q));
    return all;
}

void write_schedule(store& s, std::int64_t queue, const stored_schedule& schedule) {
    query(s.db,
          "INSERT INTO infra_schedules (queue, id, recurrence, name, data, options, priority, next, defined_at) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET recurrence = ?3, name = ?4, data "
          "= ?5, options = ?6, priority = ?7, next = ?8, defined_at = ?9")
        .bind(queue, schedule.id, schedule.recurrence, schedule.name, schedule.data, schedule.options,
              schedule.priority, schedule.next, schedule.defined_at)
        .run();
}

} // namespace infra::queue::sqlite
