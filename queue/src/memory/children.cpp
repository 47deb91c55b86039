#include "storage.hpp"

#include "../is_over.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace infra::queue {
namespace {

std::size_t size_of(const child_info& child) { return child.result.size() + child.failed_reason.size(); }

} // namespace

namespace {

/// Slots that the jobs of a call take, as far as they are new.
class slots_of_call {
public:
    explicit slots_of_call(const std::vector<new_job>& all) : all_(all), is_parent_(parents_in(all)) {}

    /// False: it is the duplicate of one before it.
    bool take(std::size_t i) {
        const auto& by = all_[i].deduplicate;
        if (!by)
            return true;
        const auto [found, is_free] = holders_.try_emplace({all_[i].queue, by->id}, i);
        const auto holder = std::exchange(found->second, i);
        if (is_free || (by->replace && all_[holder].run_at && !is_parent_[holder]))
            return true;
        found->second = holder;
        return false;
    }

private:
    const std::vector<new_job>& all_;
    const std::vector<bool> is_parent_;
    std::map<std::pair<std::string, std::string>, std::size_t> holders_;
};

} // namespace

/// Those whose parent is there already, and so gets none; or, where that is asked for, the duplicate of one before it.
std::vector<bool> memory_storage::left_out_of(const std::vector<new_job>& all, bool for_duplicates_of_call) {
    std::vector<bool> left_out, gets_none;
    slots_of_call slots(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& each = all[i];
        left_out.push_back(each.parent && each.parent->parent.id.empty() && gets_none[each.parent->place]);
        gets_none.push_back(left_out.back() || gets_no_children(each) || (for_duplicates_of_call && !slots.take(i)));
    }
    return left_out;
}

// Before anything is added, since all are or none.
void memory_storage::refuse_families(const std::vector<new_job>& all, const std::vector<bool>& left_out) {
    std::map<std::pair<std::string, job_id>, std::size_t> more; // children for each parent
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& each = all[i];
        if (!each.parent || left_out[i])
            continue;
        refuse_child(all, each);
        const auto& parent = each.parent->parent;
        const auto* there = parent.id.empty() ? nullptr : find(parent.queue, parent.id);
        auto& number = more[parent.id.empty() ? std::pair(std::string(), std::to_string(each.parent->place))
                                              : std::pair(there->info.queue, parent.id)];
        if (++number + (there ? there->children.size() : 0) > max_children)
            throw too_many_children_error(parent.id.empty() ? job_key{all[each.parent->place].queue, {}} : parent);
    }
}

// What replaces another is created.
bool memory_storage::gets_no_children(const new_job& job) {
    if (!job.id.empty() && find(job.queue, job.id))
        return true;
    if (!is_there(job))
        return false;
    const auto* holder = find(job.queue, queue_of(job.queue).slots.at(job.deduplicate->id).holder);
    return !job.deduplicate->replace || !holder || holder->info.state != job_state::delayed || is_pending_run(*holder);
}

/// Of the jobs of a call those above the given one are new, as far as they are of the call.
memory_storage::record* memory_storage::first_stored_above(const std::vector<new_job>& all, const new_job& child) {
    const auto* each = &child;
    while (each->parent && each->parent->parent.id.empty())
        each = &all[each->parent->place];
    return each->parent ? find(each->parent->parent.queue, each->parent->parent.id) : nullptr;
}

void memory_storage::refuse_child(const std::vector<new_job>& all, const new_job& child) {
    const auto& by = *child.parent;
    auto* parent = by.parent.id.empty() ? nullptr : find(by.parent.queue, by.parent.id);
    const bool runs =
        parent && parent->info.state == job_state::active && (by.token.empty() || by.token == parent->token);
    const bool waits = parent && parent->info.state == job_state::waiting_children && by.token.empty();
    if (!by.parent.id.empty() && !runs && !waits)
        throw no_parent_error(by.parent);
    auto* there = child.id.empty() ? nullptr : find(child.queue, child.id);
    if (const auto* other = there ? parent_of(*there) : nullptr; other && other != parent)
        throw other_parent_error({child.queue, child.id});
    for (const auto* above = there ? first_stored_above(all, child) : nullptr; above; above = parent_of(*above))
        if (above == there)
            throw waits_for_itself_error({child.queue, child.id});
}

/// A child that is over ends for this parent now. What would leave no trace is no child.
void memory_storage::adopt(record& child, record& parent, child_failure on_failure, wall_time now) {
    if (is_over(child.info) && !end_of_child(child.info.state == job_state::completed, on_failure).kept)
        return;
    child.parent = parent.number;
    child.info.parent = job_key{parent.info.queue, parent.info.id};
    const auto [place, is_new] = parent.children.try_emplace(
        child.number, child_info{.job = {child.info.queue, child.info.id}, .on_failure = on_failure});
    parent.family_changed |= is_new;
    if (!is_over(child.info))
        return;
    if (const auto* fails = tell_parent(child, now))
        doomed_.push_back({fails->number, reason_of_failed_child(child.info.queue + ":" + child.info.id), now});
}

/// Those above may have failed one because of another meanwhile.
void memory_storage::fail_doomed() {
    for (const auto& each : std::exchange(doomed_, {}))
        if (auto* r = at(each.number); r && !is_over(r->info))
            end(*r, job_state::failed, each.reason, each.at, r->info.options.keep_failed);
}

memory_storage::record* memory_storage::parent_of(const record& child) { return at(child.parent); }

/// Gives the parent if that is to fail because of it.
memory_storage::record* memory_storage::tell_parent(record& child, wall_time now) {
    auto* parent = parent_of(child);
    const auto found = parent ? parent->children.find(child.number) : std::map<std::uint64_t, child_info>::iterator();
    if (!parent || found == parent->children.end())
        return nullptr;
    const auto end = end_of_child(child.info.state == job_state::completed, found->second.on_failure);
    parent->family_changed |= !end.kept || found->second.state != end.as;
    found->second.state = end.as;
    if (end.kept)
        keep_end(*parent, found->second, child);
    else
        parent->children.erase(found);
    switch (end.on_parent) {
    case child_end::effect::fail:
        return is_over(parent->info) || parent->info.state == job_state::active ? nullptr : parent;
    case child_end::effect::release: release(*parent, now); return nullptr;
    case child_end::effect::none: release_if_done(*parent, now); return nullptr;
    }
    return nullptr;
}

/// Who clears up takes a job away: one that waits for it knows it as failed.
memory_storage::record* memory_storage::tell_parent_of_removal(record& child, wall_time now) {
    const auto* parent = parent_of(child);
    const auto found =
        parent ? parent->children.find(child.number) : std::map<std::uint64_t, child_info>::const_iterator();
    if (!parent || found == parent->children.end() || found->second.state != child_state::pending)
        return nullptr;
    child.info.failed_reason = removed_reason;
    return tell_parent(child, now);
}

void memory_storage::keep_end(record& parent, child_info& kept, const record& child) {
    parent.children_bytes -= size_of(kept);
    const bool completed = child.info.state == job_state::completed;
    kept.result = completed ? child.info.result : std::string();
    kept.failed_reason = completed ? std::string() : child.info.failed_reason;
    if (parent.children_bytes + size_of(kept) > max_children_bytes) {
        kept.result.clear();
        kept.failed_reason.clear();
    }
    parent.children_bytes += size_of(kept);
}

std::size_t memory_storage::pending_in(const record& parent) {
    return static_cast<std::size_t>(std::ranges::count_if(
        parent.children, [](const auto& each) { return each.second.state == child_state::pending; }));
}

std::vector<std::uint64_t> memory_storage::pending_below(const record& r) const {
    std::vector<std::uint64_t> all{r.number};
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (const auto* above = at(all[i]))
            for (const auto& [number, child] : above->children)
                if (child.state == child_state::pending)
                    all.push_back(number);
        if (all.size() > max_family)
            throw too_large_family_error();
    }
    all.erase(all.begin());
    return all;
}

children_at_end memory_storage::at_end(const record& parent) {
    children_at_end all{.pending = pending_in(parent), .changed = parent.family_changed};
    for (const auto& [number, each] : parent.children) {
        if (each.state != child_state::failed)
            continue;
        all.released_early |= each.on_failure == child_failure::continue_parent;
        if (each.on_failure == child_failure::fail_parent && all.doomed_by.empty())
            all.doomed_by = each.job.queue + ":" + each.job.id;
    }
    return all;
}

/// Only one that waits for children: in front of its line, or delayed still. Its time to live begins.
void memory_storage::release(record& parent, wall_time now) {
    auto& job = parent.info;
    if (job.state != job_state::waiting_children)
        return;
    const auto run_at = job.run_at && *job.run_at > now ? job.run_at : std::nullopt;
    if (job.options.ttl)
        job.expires_at = saturating_add(run_at.value_or(now), *job.options.ttl);
    wait_again(parent, -++numbers_, now, run_at);
    record_event(parent, kind::waiting, now);
    publish({job.queue});
}

void memory_storage::release_if_done(record& parent, wall_time now) {
    if (pending_in(parent) == 0 && !get_children_.contains(parent.number))
        release(parent, now);
}

/// From a parent that waits for it: it is forgotten. What became of one that is over stays.
void memory_storage::detach(const record& child, wall_time now) {
    auto* parent = parent_of(child);
    const auto found = parent ? parent->children.find(child.number) : std::map<std::uint64_t, child_info>::iterator();
    if (!parent || found == parent->children.end() || found->second.state != child_state::pending)
        return;
    parent->children_bytes -= size_of(found->second);
    parent->children.erase(found);
    parent->family_changed = true;
    release_if_done(*parent, now);
}

/// By its parent, of one that is retried.
void memory_storage::expect_again(record& child) {
    auto* parent = parent_of(child);
    if (!parent || (parent->info.state != job_state::waiting_children && !is_over(parent->info)))
        return;
    const auto found = parent->children.find(child.number);
    if (found == parent->children.end())
        return;
    parent->children_bytes -= size_of(found->second);
    found->second = {.job = found->second.job, .on_failure = found->second.on_failure};
}

void memory_storage::wait_for_children(record& r, wall_time now) {
    r.info.state = job_state::waiting_children;
    r.info.run_at.reset();
    r.info.cancel_requested = false;
    r.info.worker.clear();
    settle(r.info.queue, r.info.group);
    record_event(r, kind::waiting_children, now);
    release_if_done(r, now);
}

/// As a person wants it.
void memory_storage::wait_as_retried(record& r, wall_time now) {
    for (auto& [number, each] : r.children)
        if (each.state == child_state::failed && each.on_failure == child_failure::fail_parent)
            each.on_failure = child_failure::ignore;
    if (pending_in(r) > 0)
        wait_for_children(r, now);
    else {
        wait_again(r, ++numbers_, now);
        record_event(r, kind::waiting, now);
    }
    expect_again(r);
}

children_page memory_storage::children(const children_request& request) const {
    children_page page;
    const auto* parent = find(request.parent.queue, request.parent.id);
    if (!parent)
        return page;
    std::uint64_t after = 0;
    std::from_chars(request.cursor.data(), request.cursor.data() + request.cursor.size(), after);
    for (auto each = parent->children.upper_bound(after); each != parent->children.end(); ++each) {
        if (page.children.size() == request.max) {
            page.next = std::to_string(after);
            break;
        }
        page.children.push_back(each->second);
        after = each->first;
    }
    return page;
}

} // namespace infra::queue
