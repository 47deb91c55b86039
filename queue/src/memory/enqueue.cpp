#include "storage.hpp"

#include "../trace_of.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue {
namespace {

bool has_lapsed(const std::optional<wall_time>& until, wall_time now) { return until && *until <= now; }

} // namespace

std::vector<added_job> memory_storage::enqueue(std::vector<new_job> all) {
    check_families(all);
    refuse_beyond_length(all, left_out_of(all, false)); // which looks at what was there before
    refuse_families(all, left_out_of(all, true));
    const auto is_parent = parents_in(all);
    std::vector<std::uint64_t> numbers; // of those that were created; 0 for the others
    std::vector<added_job> added;
    get_children_.clear();
    doomed_.clear();
    names touched;
    for (std::size_t i = 0; i < all.size(); ++i) {
        touched.insert(all[i].queue);
        added.push_back(add_to_family(all[i], is_parent[i], numbers));
        const auto* r = added.back().created() ? find(all[i].queue, added.back().id) : nullptr;
        numbers.push_back(r ? r->number : 0);
        if (r && is_parent[i])
            get_children_.emplace(r->number, all[i].created_at);
    }
    fail_doomed();
    for (const auto& [number, when] : std::exchange(get_children_, {}))
        if (auto* r = at(number))
            release_if_done(*r, when); // its children may all be duplicates, or over
    publish(touched);
    return added;
}

added_job memory_storage::add_to_family(const new_job& job, bool is_parent, const std::vector<std::uint64_t>& numbers) {
    if (!job.parent)
        return add(job, is_parent);
    const auto& by = *job.parent;
    const auto* seen = by.parent.id.empty() ? at(numbers[by.place]) : find(by.parent.queue, by.parent.id);
    if (!seen)
        return {.id = job.id, .how = addition::left_out};
    const auto number = seen->number;
    get_children_.emplace(number, job.created_at);
    auto added = add(job, is_parent);
    if (auto* parent = at(number); parent && added.how != addition::deduplicated) // not one that it replaced
        adopt(*find(job.queue, added.id), *parent, by.on_failure, job.created_at);
    return added;
}

// Before anything is added, since all are or none. What would add nothing needs no room.
void memory_storage::refuse_beyond_length(const std::vector<new_job>& all, const std::vector<bool>& left_out) {
    std::map<std::string, std::size_t> more;
    for (std::size_t i = 0; i < all.size(); ++i)
        more[all[i].queue] += !left_out[i] && !is_there(all[i]);
    for (const auto& [name, number] : more) {
        const auto most = settings(name).max_length;
        const auto there = count(job_state::waiting, name) + count(job_state::delayed, name) +
                           count(job_state::waiting_children, name);
        if (most > 0 && number > 0 && there + number > most)
            throw full_error(name, most);
    }
}

bool memory_storage::is_there(const new_job& job) {
    if (!job.id.empty() && find(job.queue, job.id))
        return true;
    if (!job.deduplicate)
        return false;
    const auto& slots = queue_of(job.queue).slots;
    const auto found = slots.find(job.deduplicate->id);
    return found != slots.end() && !has_lapsed(found->second.until, job.created_at);
}

added_job memory_storage::add(new_job job, bool is_parent) {
    const auto number = ++numbers_;
    if (job.id.empty())
        job.id = std::to_string(number);
    else if (find(job.queue, job.id))
        return {.id = job.id, .how = addition::existed};
    auto how = addition::created;
    if (job.deduplicate)
        if (auto duplicate = duplicate_of_another(job, how))
            return *duplicate;
    record r{.number = static_cast<std::uint64_t>(number),
             .info = {.queue = job.queue,
                      .id = job.id,
                      .name = job.name,
                      .state = is_parent    ? job_state::waiting_children
                               : job.run_at ? job_state::delayed
                                            : job_state::waiting,
                      .data = job.data,
                      .created_at = job.created_at,
                      .run_at = job.run_at,
                      .expires_at = job.expires_at,
                      .options = job.options,
                      .deduplication_id = job.deduplicate ? job.deduplicate->id : "",
                      .group = job.group,
                      .trace = trace_of(job.carrier)},
             .carrier = job.carrier,
             .place = job.options.lifo ? -number : number,
             .waiting_since = job.run_at.value_or(job.created_at)};
    queue_of(job.queue);
    record_event(r, kind::added, job.created_at);
    if (is_parent)
        record_event(r, kind::waiting_children, job.created_at);
    jobs_.emplace(r.number, std::move(r));
    settle(job.queue, job.group);
    return {.id = job.id, .how = how};
}

/// Empty if the job is to be added; then it holds its slot.
std::optional<added_job> memory_storage::duplicate_of_another(new_job& job, addition& how) {
    const auto& by = *job.deduplicate;
    const auto until = by.ttl ? std::optional(saturating_add(job.created_at, *by.ttl)) : std::nullopt;
    auto& slots = queue_of(job.queue).slots;
    const auto [place, is_free] = slots.try_emplace(by.id);
    auto& s = place->second;
    if (is_free || has_lapsed(s.until, job.created_at)) {
        s = {.holder = job.id, .until = until};
        return std::nullopt;
    }
    auto* holder = find(job.queue, s.holder);
    record_event(job.queue, kind::deduplicated, s.holder, job.created_at);
    if (by.extend)
        s.until = until;
    if (by.replace && holder && holder->info.state == job_state::delayed && !is_pending_run(*holder)) {
        s = {.holder = job.id, .until = s.until};
        record_event(*holder, kind::removed, job.created_at);
        forget(*holder, job.created_at);
        how = addition::replaced;
        return std::nullopt;
    }
    if (by.keep_last_if_active && holder && holder->info.state == job_state::active)
        (s.last = job)->parent.reset(); // its parent does not wait for it
    return added_job{.id = s.holder, .how = addition::deduplicated};
}

/// For a job that is over: without a ttl its slot is free, or the duplicate's that was kept.
void memory_storage::release_slot(const record& r, wall_time at) {
    auto& slots = queue_of(r.info.queue).slots;
    const auto found = slots.find(r.info.deduplication_id);
    if (r.info.deduplication_id.empty() || found == slots.end() || found->second.holder != r.info.id ||
        found->second.until)
        return;
    auto last = std::move(found->second.last);
    slots.erase(found);
    if (!last)
        return;
    last->created_at = std::max(last->created_at, at);
    if (last->run_at && *last->run_at <= at)
        last->run_at.reset();
    add(std::move(*last));
}

/// For a job that somebody removes.
void memory_storage::free_slot(const record& r) {
    auto& slots = queue_of(r.info.queue).slots;
    const auto found = slots.find(r.info.deduplication_id);
    if (found != slots.end() && found->second.holder == r.info.id)
        slots.erase(found);
}

} // namespace infra::queue
