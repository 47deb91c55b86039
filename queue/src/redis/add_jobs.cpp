#include "add_jobs.hpp"

#include "scripts.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

bool needs_families(const job_group& group) {
    return std::ranges::any_of(
        group, [](const new_job& job) { return job.parent || (job.deduplicate && job.deduplicate->replace); });
}

redis::command call_of(bool families, const queue_list& queues, const receipt& as, const std::string& laid_down,
                       words&& rest) {
    auto all = queues.counts();
    all.insert(all.end(), {as.lane, std::to_string(as.number), laid_down});
    std::ranges::move(rest, std::back_inserter(all));
    auto call = (families ? scripts::add_families : scripts::add_jobs).call(queues.bases(), all);
    if (!as.lane.empty())
        call.again(redis::replay::idempotent);
    return call;
}

std::size_t size_of(const new_job& job) noexcept {
    return job.id.size() + job.name.size() + job.data.size() + job.carrier.size() + job.group.size() +
           (job.deduplicate ? job.deduplicate->id.size() : 0) + 300;
}

addition addition_of(std::int64_t word) {
    switch (word) {
    case 0: return addition::existed;
    case 2: return addition::deduplicated;
    case 3: return addition::replaced;
    case 4: return addition::left_out;
    default: return addition::created;
    }
}

// Those whose ids follow one another. A server that says more than it was asked for is not believed.
void put_added(std::vector<added_job>& into, std::int64_t first, std::int64_t count, std::size_t most) {
    for (std::int64_t i = 0; i < count && into.size() < most; ++i)
        into.push_back({.id = std::to_string(first + i), .how = addition::created});
}

std::vector<added_job> read_group(redis::reply::list answers, std::size_t jobs) {
    std::vector<added_job> added;
    added.reserve(jobs);
    for (std::size_t i = 0; i + 1 < answers.size(); i += 2)
        if (answers[i].type() == redis::reply::kind::integer)
            put_added(added, answers[i].as_integer(), answers[i + 1].as_integer(), jobs);
        else
            added.push_back({.id = std::move(answers[i]).take_text(), .how = addition_of(answers[i + 1].as_integer())});
    return added;
}

error refusal_of(const job_group& group, const std::string& why) {
    const auto blank = why.find(' ');
    const auto word = why.substr(0, blank), rest = why.substr(blank + 1);
    if (word == "full") {
        const auto base = rest.substr(0, rest.rfind(' '));
        return full_error(base.substr(base.rfind(':') + 1), std::stoul(rest.substr(rest.rfind(' ') + 1)));
    }
    const auto& child = group.at(std::stoul(rest));
    const auto& parent = child.parent->parent;
    if (word == "no_parent")
        return no_parent_error(parent);
    if (word == "other_parent")
        return other_parent_error({child.queue, child.id});
    if (word == "waits_for_itself")
        return waits_for_itself_error({child.queue, child.id});
    return too_many_children_error(parent.id.empty() ? job_key{group.at(child.parent->place).queue, {}} : parent);
}

} // namespace

std::size_t size_of(const job_group& group) noexcept {
    std::size_t bytes = 0;
    for (const auto& each : group)
        bytes += size_of(each);
    return bytes;
}

bool fits_one_call(const job_group& group) noexcept {
    return group.size() <= most_jobs_of_call && (group.size() <= 1 || size_of(group) <= most_bytes_of_call);
}

redis::command add_command(std::string_view prefix, std::span<const job_group* const> groups, const receipt& as) {
    queue_list queues(prefix);
    words all;
    job_words said(queues);
    for (const auto* each : groups)
        said.put(all, *each);
    return call_of(std::ranges::any_of(groups, [](const auto* each) { return needs_families(*each); }), queues, as, "",
                   std::move(all));
}

laid_down_group lay_down(std::string_view prefix, const job_group& group, std::string_view token, const receipt& as) {
    const auto parents = parents_in(group);
    queue_list queues(prefix);
    const auto key = queue_keys(prefix, group.front().queue).ours("laid-down:" + std::string(token));
    std::vector<redis::batch> pieces;
    for (std::size_t i = 0; i < group.size();) {
        words jobs;
        std::size_t bytes = 0;
        job_words said(queues);
        for (const auto first = i; i < group.size() && i - first < most_jobs_of_call && bytes < most_bytes_of_call;
             ++i) {
            said.put(jobs, group, i, parents[i]);
            bytes += size_of(group[i]);
        }
        const auto piece = key + ':' + std::to_string(pieces.size() + 1);
        redis::command put{"RPUSH", piece};
        put.add_all(jobs);
        pieces.push_back(
            {{"DEL", piece}, std::move(put), {"PEXPIRE", piece, std::chrono::milliseconds(laid_down_for).count()}});
        pieces.back().again(redis::replay::idempotent);
    }
    auto add = call_of(needs_families(group), queues, as, key, {std::to_string(pieces.size()), now_of(group)});
    return {.pieces = std::move(pieces), .add = std::move(add)};
}

std::vector<group_added> read_added(std::span<const job_group* const> groups, redis::reply answer) {
    redis::throw_if_error(answer);
    auto answers = std::move(answer).take_items();
    std::vector<group_added> all(groups.size());
    for (std::size_t i = 0; i < groups.size() && i < answers.size(); ++i) {
        if (answers[i].type() == redis::reply::kind::array)
            all[i].added = read_group(std::move(answers[i]).take_items(), groups[i]->size());
        else if (answers[i].type() == redis::reply::kind::integer)
            put_added(all[i].added, answers[i].as_integer(), 1, groups[i]->size());
        else
            all[i].refused = refusal_of(*groups[i], answers[i].as_text());
    }
    return all;
}

} // namespace infra::queue::redis_backend
