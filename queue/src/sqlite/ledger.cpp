#include "ledger.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue::sqlite {
namespace {

std::optional<queue_flow::unsettled_groups> unsettled(const query& q, int column) {
    if (q.is_null(column))
        return std::nullopt;
    return queue_flow::unsettled_groups{.after = q.text(column), .windows_too = q.integer(column + 1) != 0};
}

queue_flow read_flow(const query& q) {
    const auto number = [&q](int column) { return static_cast<std::size_t>(q.integer(column)); };
    const auto rate = [&](int column) {
        return rate_limit{.max = number(column), .duration = std::chrono::milliseconds(q.integer(column + 1))};
    };
    return {.settings = {.queue = q.text(1),
                         .paused = q.integer(8) != 0,
                         .concurrency = number(9),
                         .rate = rate(10),
                         .max_length = number(12),
                         .per_group = {.concurrency = number(15), .rate = rate(16)}},
            .rate_from = q.maybe_integer(13),
            .rate_started = number(14),
            .unsettled = unsettled(q, 18)};
}

} // namespace

void ledger::load(database& db) {
    mark();
    load_queues(db);
    load_numbers(db);
    has_payloads_ = query(db, "SELECT 1 FROM infra_payloads LIMIT 1").step();
    has_families_ = query(db, "SELECT 1 FROM infra_families LIMIT 1").step();
    has_family_left_ = query(db, "SELECT 1 FROM infra_families WHERE waits = 2 LIMIT 1").step() ||
                       query(db, "SELECT 1 FROM infra_families WHERE fails = 1 LIMIT 1").step();
    has_logs_ = query(db, "SELECT 1 FROM infra_logs LIMIT 1").step();
}

void ledger::load_queues(database& db) {
    changed_.clear();
    flows_changed_.clear();
    rows_.clear();
    by_id_.clear();
    totals_ = {};
    limited_ = 0;
    query queues(db, "SELECT id, name, waiting, delayed, active, completed, failed, waiting_children, paused, "
                     "concurrency, rate_max, rate_duration, max_length, rate_from, rate_started, group_concurrency, "
                     "group_rate_max, group_rate_duration, unsettled_after, unsettled_windows, (SELECT expires_at FROM "
                     "infra_expiring e "
                     "WHERE e.queue = q.id ORDER BY expires_at LIMIT 1) FROM infra_queues q");
    while (queues.step()) {
        row read{.id = queues.integer(0), .name = queues.text(1), .flow = read_flow(queues)};
        for (std::size_t i = 0; i < job_states; ++i)
            totals_[i] += read.jobs[i] = queues.integer(2 + static_cast<int>(i));
        read.next_expiry = queues.maybe_integer(20).value_or(read.next_expiry);
        limited_ += !read.flow.is_unlimited();
        const auto place = rows_.emplace(read.name, read).first;
        by_id_.emplace(read.id, &place->second);
    }
}

void ledger::load_numbers(database& db) {
    query q(db, "SELECT next_seq, next_number, incarnation, has_groups FROM infra_queue");
    q.step();
    saved_numbers_ = {q.integer(0), q.integer(1)};
    std::tie(next_seq_, next_number_) = saved_numbers_;
    incarnation_ = q.integer(2);
    has_groups_ = saved_groups_ = q.integer(3) != 0;
}

void ledger::save(database& db) {
    save_counts(db);
    save_flows(db);
    const std::pair numbers(next_seq_, next_number_);
    if (numbers != saved_numbers_)
        query(db, "UPDATE infra_queue SET next_seq = ?1, next_number = ?2").bind(next_seq_, next_number_).run();
    saved_numbers_ = numbers;
    if (has_groups_ != std::exchange(saved_groups_, has_groups_))
        query(db, "UPDATE infra_queue SET has_groups = 1").run();
}

void ledger::save_counts(database& db) {
    for (auto* each : changed_) {
        const auto& n = each->jobs;
        query(db, "UPDATE infra_queues SET waiting = ?1, delayed = ?2, active = ?3, completed = ?4, failed = ?5, "
                  "waiting_children = ?6 WHERE id = ?7")
            .bind(n[0], n[1], n[2], n[3], n[4], n[5], each->id)
            .run();
        each->dirty = false;
    }
    changed_.clear();
}

void ledger::save_flows(database& db) {
    for (auto* each : flows_changed_) {
        const auto& s = each->flow.settings;
        const auto& unsettled = each->flow.unsettled;
        query(db,
              "UPDATE infra_queues SET paused = ?1, concurrency = ?2, rate_max = ?3, rate_duration = ?4, max_length "
              "= ?5, rate_from = ?6, rate_started = ?7, group_concurrency = ?9, group_rate_max = ?10, "
              "group_rate_duration = ?11, unsettled_after = ?12, unsettled_windows = ?13 WHERE id = ?8")
            .bind(s.paused, s.concurrency, s.rate.max, s.rate.duration.count(), s.max_length, each->flow.rate_from,
                  each->flow.rate_started, each->id, s.per_group.concurrency, s.per_group.rate.max,
                  s.per_group.rate.duration.count(),
                  unsettled ? std::optional(std::string_view(unsettled->after)) : std::nullopt,
                  unsettled && unsettled->windows_too)
            .run();
        each->flow_dirty = false;
    }
    flows_changed_.clear();
}

ledger::row* ledger::find(std::string_view name) noexcept {
    const auto found = rows_.find(name);
    return found == rows_.end() ? nullptr : &found->second;
}

ledger::row& ledger::get(database& db, std::string_view name) {
    if (auto* there = find(name))
        return *there;
    query made(db, "INSERT INTO infra_queues (name) VALUES (?1) RETURNING id");
    made.bind(name).step();
    row fresh{.id = made.integer(0), .name = std::string(name), .flow = {.settings = {.queue = std::string(name)}}};
    const auto place = rows_.emplace(name, std::move(fresh)).first;
    by_id_.emplace(place->second.id, &place->second);
    made_.emplace_back(name);
    return place->second;
}

void ledger::forget(database& db, std::string_view name) {
    const auto found = rows_.find(name);
    query(db, "DELETE FROM infra_queues WHERE id = ?1").bind(found->second.id).run();
    limited_ -= !found->second.flow.is_unlimited();
    std::erase(changed_, &found->second);
    std::erase(flows_changed_, &found->second);
    by_id_.erase(found->second.id);
    gone_.push_back(rows_.extract(found));
}

void ledger::bring_back(rows::node_type gone) {
    auto& queue = rows_.insert(std::move(gone)).position->second;
    by_id_.emplace(queue.id, &queue);
    limited_ += !queue.flow.is_unlimited();
    if (queue.dirty)
        changed_.push_back(&queue);
    if (queue.flow_dirty)
        flows_changed_.push_back(&queue);
}

void ledger::set_flow(row& queue, queue_flow flow) {
    flows_.push_back({&queue, queue.flow});
    replace_flow(queue, std::move(flow));
}

void ledger::replace_flow(row& queue, queue_flow flow) {
    limited_ -= !queue.flow.is_unlimited();
    queue.flow = std::move(flow);
    limited_ += !queue.flow.is_unlimited();
    if (!std::exchange(queue.flow_dirty, true))
        flows_changed_.push_back(&queue);
}

void ledger::change(row& queue, job_state s, std::int64_t by) {
    queue.jobs[static_cast<std::size_t>(s)] += by;
    totals_[static_cast<std::size_t>(s)] += by;
    if (!std::exchange(queue.dirty, true))
        changed_.push_back(&queue);
    if (!steps_.empty() && steps_.back().queue == &queue && steps_.back().state == s)
        steps_.back().by += by;
    else
        steps_.push_back({&queue, s, by});
}

void ledger::mark() noexcept {
    steps_.clear();
    made_.clear();
    flows_.clear();
    gone_.clear();
}

// Numbers are not taken back: a gap costs nothing. Nor are the bounds of times, which may be too wide.
void ledger::undo() {
    for (auto& each : gone_)
        bring_back(std::move(each));
    for (auto each = flows_.rbegin(); each != flows_.rend(); ++each)
        replace_flow(*each->queue, std::move(each->flow));
    for (const auto& each : steps_) {
        each.queue->jobs[static_cast<std::size_t>(each.state)] -= each.by;
        totals_[static_cast<std::size_t>(each.state)] -= each.by;
    }
    for (const auto& name : made_) {
        const auto gone = rows_.find(name);
        std::erase(changed_, &gone->second);
        std::erase(flows_changed_, &gone->second);
        limited_ -= !gone->second.flow.is_unlimited();
        by_id_.erase(gone->second.id);
        rows_.erase(gone);
    }
    mark();
}

} // namespace infra::queue::sqlite
