#include "restore.hpp"

#include "found_jobs.hpp"
#include "handed_on.hpp"
#include "job_hash.hpp"
#include "log_rows.hpp"
#include "naming.hpp"
#include "scripts.hpp"

namespace infra::queue::redis_backend {
namespace {

/// Of each job, asked for together: what read_jobs.lua says of it, its log, and of its deduplication the holder and how long
/// that is held.
constexpr std::size_t answers_of_a_job = 2;
constexpr std::size_t answers_of_a_slot = 2;

hash_fields fields_of_found(const redis::reply& found) {
    hash_fields fields;
    const auto& flat = found.items().at(5).items();
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        fields.emplace_back(flat[i].as_text(), flat[i + 1].as_text());
    return fields;
}

/// Until when a parent is delayed, whatever becomes of its children.
std::optional<wall_time> delay_of_parent(const stored_job& job, const hash_fields& fields) {
    if (const auto* at = find_field(fields, "infra.at"))
        return time_of(*at);
    return job.with.delay.count() > 0 ? std::optional(saturating_add(job.created_at, job.with.delay)) : std::nullopt;
}

carried_job to_carried(const std::string& queue, redis::reply found, redis::reply log, std::string_view prefix) {
    const auto fields = fields_of_found(found);
    auto stored = read_job({queue, found.items().at(0).as_text()}, fields);
    carried_job job{.known = *read_found(queue, std::move(found)),
                    .carrier = std::move(stored.with.carrier),
                    .deduplicate = std::move(stored.with.deduplicate),
                    .fail_with = std::move(stored.fail_with)};
    if (job.deduplicate && job.known.deduplication_id.empty())
        job.deduplicate.reset();
    if (job.known.state == job_state::waiting_children)
        job.known.run_at = delay_of_parent(stored, fields);
    if (stored.parent)
        job.on_failure = stored.parent->on_failure;
    for (auto& row : redis::to<std::vector<std::string>>(std::move(log)))
        job.log.push_back(read_row(std::move(row)));
    job.handed_on = handed_on_of(job, fields, prefix);
    return job;
}

// It is counted from the server's now, and so is what is restored.
void say_slot(carried_job& job, const redis::reply& holder, const redis::reply& left, wall_time now) {
    job.holds_deduplication = !holder.is_null() && holder.as_text() == job.known.id;
    if (job.holds_deduplication && left.as_integer() >= 0)
        job.held_until = saturating_add(now, std::chrono::milliseconds(left.as_integer()));
}

awaitable<void> say_slots(shared_store s, std::vector<std::optional<carried_job>>& all) {
    redis::batch asked;
    std::vector<carried_job*> whose;
    for (auto& each : all) {
        if (!each || each->known.deduplication_id.empty())
            continue;
        const auto slot = s->keys(each->known.queue).of_queue("de:" + each->known.deduplication_id);
        asked.add(redis::command{"GET", slot}).add(redis::command{"PTTL", slot});
        whose.push_back(&*each);
    }
    if (asked.empty())
        co_return;
    const auto answers = co_await s->ask(std::move(asked));
    for (std::size_t i = 0; i < whose.size(); ++i)
        say_slot(*whose[i], answers.at(i * answers_of_a_slot), answers.at(i * answers_of_a_slot + 1), s->time().wall());
}

redis::batch read_commands(const store& s, const std::vector<job_key>& keys) {
    redis::batch asked;
    for (const auto& key : keys) {
        const auto of = s.keys(key.queue);
        asked.add(scripts::read_jobs.call(std::vector{of.base()}, std::vector{key.id}).again(redis::replay::read));
        asked.add(
            redis::command{"LRANGE", of.of_job(key.id, job_part::logs), -static_cast<std::int64_t>(max_log_lines), -1});
    }
    return asked;
}

} // namespace

awaitable<std::vector<std::optional<carried_job>>> carry(shared_store s, std::vector<job_key> keys) {
    std::vector<std::optional<carried_job>> all;
    if (keys.empty())
        co_return all;
    auto answers = co_await s->ask(read_commands(*s, keys));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        auto found = std::move(std::move(answers.at(i * answers_of_a_job)).take_items().at(0));
        all.push_back(found.is_null() ? std::nullopt
                                      : std::optional(to_carried(keys[i].queue, std::move(found),
                                                                 std::move(answers.at(i * answers_of_a_job + 1)),
                                                                 s->options().prefix)));
    }
    co_await say_slots(s, all);
    co_return all;
}

} // namespace infra::queue::redis_backend
