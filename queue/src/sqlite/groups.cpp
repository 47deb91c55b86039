#include "groups.hpp"

#include "jobs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

/// The head of a group in the line.
struct turn {
    std::int64_t place = 0;
    std::int64_t priority = 0;
    std::int64_t head = 0;

    friend bool operator==(const turn&, const turn&) = default;
};

/// A row of infra_groups.
struct group_row {
    std::int64_t waiting = 0;
    std::int64_t active = 0;
    std::optional<turn> at{};
    std::optional<rate_window> rate{};
};

std::optional<group_row> find_group(store& s, const ledger::row& queue, const std::string& name) {
    query q(s.db, "SELECT waiting, active, turn, head_priority, head, rate_from, rate_started FROM infra_groups WHERE "
                  "queue = ?1 AND name = ?2");
    if (!q.bind(queue.id, name).step())
        return std::nullopt;
    group_row found{.waiting = q.integer(0), .active = q.integer(1)};
    if (!q.is_null(2))
        found.at = turn{q.integer(2), q.integer(3), q.integer(4)};
    if (!q.is_null(5))
        found.rate = rate_window{from_unix_ms(q.integer(5)), static_cast<std::size_t>(q.integer(6))};
    return found;
}

void write_group(store& s, const ledger::row& queue, const std::string& name, const group_row& g) {
    const auto of_turn = [&](std::int64_t turn::* what) { return g.at ? std::optional((*g.at).*what) : std::nullopt; };
    const auto& duration = queue.flow.settings.per_group.rate.duration;
    query(s.db,
          "INSERT INTO infra_groups (queue, name, waiting, active, turn, head_priority, head, rate_from, "
          "rate_started, opens_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET waiting "
          "= ?3, active = ?4, turn = ?5, head_priority = ?6, head = ?7, rate_from = ?8, rate_started = ?9, opens_at "
          "= ?10")
        .bind(queue.id, name, g.waiting, g.active, of_turn(&turn::place), of_turn(&turn::priority),
              of_turn(&turn::head), g.rate ? std::optional(to_unix_ms(g.rate->from)) : std::nullopt,
              g.rate ? g.rate->started : 0,
              g.rate ? std::optional(to_unix_ms(saturating_add(g.rate->from, duration))) : std::nullopt)
        .run();
}

std::optional<turn> first_turn(store& s, const ledger::row& queue, const std::string& name) {
    query q(s.db,
            "SELECT priority, seq FROM infra_grouped WHERE queue = ?1 AND name = ?2 ORDER BY priority, place LIMIT 1");
    if (!q.bind(queue.id, name).step())
        return std::nullopt;
    return turn{.priority = q.integer(0), .head = q.integer(1)};
}

void give_up_turn(store& s, const ledger::row& queue, const turn& at) {
    s.line.remove(s.db, {queue.id, at.priority}, {at.place, at.head});
}

/// The turn that a group is to have: the one it has, with who is its head now, or a new one.
std::optional<turn> turn_for(store& s, const ledger::row& queue, const std::string& name, const group_row& g) {
    const bool open = is_open(queue.flow.settings.per_group, static_cast<std::size_t>(g.active), g.rate);
    auto wanted = open && g.waiting > 0 ? first_turn(s, queue, name) : std::nullopt;
    if (wanted)
        wanted->place = g.at ? g.at->place : s.queues.next_number();
    return wanted;
}

// After anything that may change which of a group stands in the line, or whether one does.
void settle(store& s, const ledger::row& queue, const std::string& name, group_row g) {
    const auto wanted = turn_for(s, queue, name, g);
    if (wanted != g.at) {
        if (g.at)
            give_up_turn(s, queue, *g.at);
        if (wanted)
            s.put_in_line(queue, {wanted->priority, wanted->place, wanted->head});
        s.brought_work |= wanted.has_value();
        g.at = wanted;
    }
    if (g.waiting == 0 && g.active == 0 && !g.rate)
        query(s.db, "DELETE FROM infra_groups WHERE queue = ?1 AND name = ?2").bind(queue.id, name).run();
    else
        write_group(s, queue, name, g);
}

std::string group_of(store& s, std::int64_t seq) {
    query q(s.db, "SELECT grp FROM infra_jobs WHERE seq = ?1");
    return q.bind(seq).step() ? q.text(0) : std::string();
}

bool leave_grouped(store& s, const ledger::row& queue, const std::string& group, const standing& where) {
    query(s.db,
          "DELETE FROM infra_grouped WHERE queue = ?1 AND name = ?2 AND priority = ?3 AND place = ?4 AND seq = ?5")
        .bind(queue.id, group, where.priority, where.place, where.seq)
        .run();
    return s.db.changes() > 0;
}

/// A group and its queue.
using named_group = std::pair<std::int64_t, std::string>;

std::vector<named_group> read_names(query& q) {
    std::vector<named_group> found;
    while (q.step())
        found.emplace_back(q.integer(0), q.text(1));
    return found;
}

// Two questions, so that each goes along an index and reads no more than it gives: together they would be sorted.
std::vector<named_group> windows_over(store& s, std::int64_t now) {
    query over(s.db,
               "SELECT queue, name FROM infra_groups WHERE opens_at <= ?1 ORDER BY opens_at, queue, name LIMIT ?2");
    auto found = read_names(over.bind(now, most_at_once));
    query put_back(
        s.db, "SELECT queue, name FROM infra_groups WHERE rate_from > ?1 ORDER BY rate_from, queue, name LIMIT ?2");
    std::ranges::move(read_names(put_back.bind(now, most_at_once - std::ssize(found))), std::back_inserter(found));
    return found;
}

std::vector<named_group> named_after(store& s, const ledger::row& queue, const std::string& name) {
    query q(s.db, "SELECT queue, name FROM infra_groups WHERE queue = ?1 AND name > ?2 ORDER BY name LIMIT ?3");
    return read_names(q.bind(queue.id, name, most_at_once));
}

} // namespace

bool join_group(store& s, const ledger::row& queue, const standing& where) {
    const auto group = s.queues.has_groups() ? group_of(s, where.seq) : std::string();
    if (group.empty())
        return false;
    query(s.db, "INSERT INTO infra_grouped (queue, name, priority, place, seq) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(queue.id, group, where.priority, where.place, where.seq)
        .run();
    auto g = find_group(s, queue, group).value_or(group_row());
    ++g.waiting;
    settle(s, queue, group, g);
    return true;
}

bool leave_group(store& s, const ledger::row& queue, const std::string& group, const standing& where) {
    if (!leave_grouped(s, queue, group, where))
        return false;
    auto g = find_group(s, queue, group).value();
    --g.waiting;
    settle(s, queue, group, g);
    return true;
}

void start_of_group(store& s, const ledger::row& queue, const std::string& group, std::int64_t seq, wall_time now) {
    query(s.db,
          "DELETE FROM infra_grouped WHERE (queue, name, priority, place) = (SELECT queue, grp, priority, place FROM "
          "infra_jobs WHERE seq = ?1)")
        .bind(seq)
        .run();
    auto g = find_group(s, queue, group).value();
    g.at.reset();
    --g.waiting;
    ++g.active;
    if (const auto& limit = queue.flow.settings.per_group.rate; limit.max > 0)
        g.rate = after_start(g.rate, limit, now);
    settle(s, queue, group, g);
}

void end_in_group(store& s, const ledger::row& queue, std::int64_t seq) {
    const auto group = s.queues.has_groups() ? group_of(s, seq) : std::string();
    if (group.empty())
        return;
    auto g = find_group(s, queue, group).value();
    --g.active;
    settle(s, queue, group, g);
}

void open_groups(store& s, std::int64_t now) {
    if (!s.queues.has_groups())
        return;
    for (const auto& [id, name] : windows_over(s, now)) {
        const auto& queue = s.queues.find(id);
        auto g = find_group(s, queue, name).value();
        g.rate.reset();
        settle(s, queue, name, g);
    }
}

std::optional<std::int64_t> next_opening(store& s, const ledger::row& queue) {
    query q(s.db,
            "SELECT opens_at FROM infra_groups INDEXED BY infra_groups_shut WHERE queue = ?1 AND opens_at IS NOT NULL "
            "AND turn IS NULL AND waiting > 0 ORDER BY opens_at LIMIT 1");
    return q.bind(queue.id).step() ? std::optional(q.integer(0)) : std::nullopt;
}

void settle_some(store& s, ledger::row& queue) {
    if (!queue.flow.unsettled)
        return;
    auto flow = queue.flow;
    const auto some = named_after(s, queue, flow.unsettled->after);
    for (const auto& [id, name] : some) {
        auto g = find_group(s, queue, name).value();
        if (flow.unsettled->windows_too)
            g.rate.reset();
        settle(s, queue, name, g);
    }
    if (std::ssize(some) < most_at_once)
        flow.unsettled.reset();
    else
        flow.unsettled->after = some.back().second;
    s.queues.set_flow(queue, std::move(flow));
}

bool forget_groups(store& s, const ledger::row& queue) {
    query(s.db, "DELETE FROM infra_groups WHERE queue = ?1 AND name IN (SELECT name FROM infra_groups WHERE queue = ?1 "
                "LIMIT ?2)")
        .bind(queue.id, most_at_once)
        .run();
    return s.db.changes() < most_at_once;
}

std::size_t groups_that_wait(store& s, const ledger::row& queue) {
    if (!s.queues.has_groups() || queue.in(job_state::waiting) == 0)
        return 0;
    query q(s.db, "SELECT count(*) FROM infra_groups WHERE queue = ?1 AND waiting > 0");
    q.bind(queue.id).step();
    return static_cast<std::size_t>(q.integer(0));
}

bool stands_in_line(store& s, const ledger::row& queue) {
    if (queue.in(job_state::waiting) == 0)
        return false;
    return !s.queues.has_groups() || std::ranges::count(s.fresh, &queue, &fresh_job::queue) > 0 ||
           !s.line.front(s.db, queue.id, 1).empty();
}

} // namespace infra::queue::sqlite
