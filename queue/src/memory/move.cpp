#include "storage.hpp"

#include "../is_over.hpp"
#include "../trace_of.hpp"

#include <algorithm>
#include <charconv>

namespace infra::queue {
namespace {

std::int64_t number_of_id(std::string_view id) {
    constexpr std::size_t most_digits = 18;
    std::int64_t number = 0;
    const auto* end = id.data() + id.size();
    const auto read = std::from_chars(id.data(), end, number);
    return id.size() <= most_digits && read.ec == std::errc() && read.ptr == end ? number : 0;
}

void refuse_unless_paused(const memory_storage& s, const std::string& queue) {
    if (!s.settings(queue).paused)
        throw not_paused_error(queue);
}

} // namespace

std::vector<std::optional<carried_job>> memory_storage::carry(const std::vector<job_key>& keys) {
    std::vector<std::optional<carried_job>> all(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (auto* r = find(keys[i].queue, keys[i].id))
            all[i] = carried(*r);
    return all;
}

carried_job memory_storage::carried(record& r) {
    carried_job job{.known = shown(r),
                    .carrier = r.carrier,
                    .in_front = r.info.state == job_state::waiting && r.place < 0,
                    .log = {r.log.begin(), r.log.end()},
                    .handed_on = r.handed_on};
    if (const auto* parent = parent_of(r); parent && parent->children.contains(r.number))
        job.on_failure = parent->children.at(r.number).on_failure;
    if (r.info.deduplication_id.empty())
        return job;
    job.deduplicate = deduplication{.id = r.info.deduplication_id};
    const auto& slots = queue_of(r.info.queue).slots;
    const auto found = slots.find(r.info.deduplication_id);
    job.holds_deduplication = found != slots.end() && found->second.holder == r.info.id;
    if (job.holds_deduplication)
        job.held_until = found->second.until;
    return job;
}

std::vector<bool> memory_storage::restore(std::vector<carried_job> jobs) {
    std::vector<bool> restored;
    for (auto& each : jobs) {
        refuse_unless_paused(*this, each.known.queue);
        const bool is_new = !find(each.known.queue, each.known.id);
        restored.push_back(is_new);
        if (is_new)
            restore_one(std::move(each));
    }
    return restored;
}

void memory_storage::restore_one(carried_job job) {
    auto& queue = queue_of(job.known.queue);
    if (job.holds_deduplication)
        queue.slots.try_emplace(job.known.deduplication_id, slot{.holder = job.known.id, .until = job.held_until});
    numbers_ = std::max(numbers_, number_of_id(job.known.id)); // which no later one gets
    const auto number = ++numbers_;
    record r{.number = static_cast<std::uint64_t>(number),
             .info = std::move(job.known),
             .carrier = std::move(job.carrier),
             .handed_on = std::move(job.handed_on),
             .place = job.in_front ? -number : number,
             .log = {job.log.begin(), job.log.end()}};
    r.waiting_since = r.info.run_at.value_or(r.info.created_at);
    r.info.parent.reset(); // restore_children says it
    r.info.children = {};
    r.info.trace = trace_of(r.carrier);
    if (!is_over(r.info))
        record_event(r, kind::added, r.info.created_at);
    const auto name = r.info.queue, group = r.info.group;
    jobs_.emplace(r.number, std::move(r));
    settle(name, group);
}

void memory_storage::restore_children(const job_key& parent, const std::vector<child_info>& children) {
    refuse_unless_paused(*this, parent.queue);
    auto* r = find(parent.queue, parent.id);
    if (!r)
        return;
    for (const auto& each : children) {
        const auto known = std::ranges::find(r->children, each.job, [](const auto& c) { return c.second.job; });
        if (known != r->children.end()) {
            r->children_bytes -= known->second.result.size() + known->second.failed_reason.size();
            r->children.erase(known);
        }
        auto* child = find(each.job.queue, each.job.id);
        if (child) {
            child->parent = r->number;
            child->info.parent = parent;
        }
        r->children.emplace(child ? child->number : static_cast<std::uint64_t>(++numbers_), each);
        r->children_bytes += each.result.size() + each.failed_reason.size();
    }
}

std::vector<carried_schedule> memory_storage::carry_schedules(const std::string& queue) {
    std::vector<carried_schedule> all;
    for (auto& each : schedules(queue)) {
        carried_schedule s{.known = std::move(each)};
        if (const auto* run = pending_run(s.known))
            s.run_added_at = run->info.created_at;
        const auto& handed_on = queue_of(queue).handed_on;
        if (const auto found = handed_on.find(s.known.id); found != handed_on.end())
            s.handed_on = found->second;
        all.push_back(std::move(s));
    }
    return all;
}

void memory_storage::restore_schedules(const std::vector<carried_schedule>& all) {
    for (const auto& [known, run_added_at, handed_on] : all) {
        auto& queue = queue_of(known.queue);
        const auto [place, is_new] = queue.schedules.try_emplace(known.id, known);
        if (!is_new)
            continue;
        place_run(place->second, run_added_at.value_or(known.defined_at));
        if (!handed_on.empty())
            queue.handed_on[known.id] = handed_on;
    }
}

std::uint64_t memory_storage::pass_numbers(std::uint64_t last) {
    numbers_ = std::max(numbers_, static_cast<std::int64_t>(last));
    return static_cast<std::uint64_t>(numbers_);
}

std::string memory_storage::mark(const move_mark& asked) {
    if (!asked.to || asked.to->empty()) {
        const auto known = queues_.find(asked.queue);
        if (known != queues_.end() && asked.to)
            known->second.moving_to.clear();
        return known != queues_.end() ? known->second.moving_to : "";
    }
    auto& stands = queue_of(asked.queue).moving_to;
    if (stands.empty() || asked.instead)
        stands = *asked.to;
    return stands;
}

} // namespace infra::queue
