#include "add_jobs.hpp"

#include "job_hash.hpp"
#include "scores.hpp"
#include "scripts.hpp"

#include <algorithm>
#include <map>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;

// In the place of the id of a parent that gets its own only from the script: a byte that stands in no JSON.
constexpr std::string_view unnamed = "\x01";
constexpr std::string_view unnamed_in_json = R"(\u0001)";

/// The queues of a call, as KEYS, and how many jobs each has.
class queue_list {
public:
    explicit queue_list(std::string_view prefix) : prefix_(prefix) {}

    std::string place_of(const std::string& queue, std::size_t jobs) {
        const auto [found, is_new] = places_.try_emplace(queue, bases_.size());
        if (is_new) {
            bases_.push_back(queue_keys(prefix_, queue).base());
            jobs_.push_back(0);
        }
        jobs_[found->second] += jobs;
        return std::to_string(found->second + 1);
    }
    const words& bases() const noexcept { return bases_; }
    const std::string& base_of(const std::string& queue) const { return bases_[places_.at(queue)]; }
    words counts() const {
        words all;
        for (const auto each : jobs_)
            all.push_back(std::to_string(each));
        return all;
    }

private:
    std::string prefix_;
    std::map<std::string, std::size_t, std::less<>> places_;
    words bases_;
    std::vector<std::size_t> jobs_;
};

std::string where_of(const new_job& job) {
    if (job.run_at && *job.run_at > job.created_at)
        return std::to_string(to_due_ms(*job.run_at));
    return job.options.lifo ? "front" : "line";
}

void put_slot(words& into, const deduplication& by) {
    std::string flags;
    for (const auto& [holds, flag] :
         {std::pair(by.extend, 'x'), std::pair(by.replace, 'r'), std::pair(by.keep_last_if_active, 'k')})
        if (holds)
            flags += flag;
    into.insert(into.end(), {by.id, by.ttl ? std::to_string(by.ttl->count()) : "", flags});
}

const job_key& parent_of(const job_group& group, const child_of& child, job_key& made) {
    if (!child.parent.id.empty())
        return child.parent;
    const auto& parent = group[child.place];
    return made = {parent.queue, parent.id.empty() ? job_id(unnamed) : parent.id};
}

void put_child(words& into, const child_of& child, const parent_link& link) {
    const bool is_stored = !child.parent.id.empty();
    into.insert(into.end(), {is_stored ? "" : std::to_string(child.place), link.queue_key, is_stored ? link.id : "",
                             child.token, std::string(flag_of(link.on_failure))});
}

std::string letters_of(const new_job& job, bool gets_children) {
    std::string letters;
    for (const auto& [holds, letter] :
         {std::pair(job.deduplicate.has_value(), 'd'), std::pair(job.expires_at.has_value(), 'x'),
          std::pair(!job.group.empty(), 'g'), std::pair(gets_children, 'p'), std::pair(job.parent.has_value(), 'c')})
        if (holds)
            letters += letter;
    return letters;
}

// Only where it is the id that JSON has written so: within texts quotes are escaped.
void unescape_unnamed(std::string& json, std::string_view before) {
    const auto found = json.find(std::string(before).append(unnamed_in_json));
    if (found != std::string::npos)
        json.replace(found + before.size(), unnamed_in_json.size(), unnamed);
}

void put_hash(words& into, hash_fields hash, bool may_be_unnamed) {
    into.push_back(std::to_string(hash.size() * 2));
    for (auto& [name, value] : hash) {
        if (may_be_unnamed && name == "opts")
            unescape_unnamed(value, R"("parent":{"id":")");
        if (may_be_unnamed && name == "parent")
            unescape_unnamed(value, R"({"id":")");
        into.push_back(std::move(name));
        into.push_back(std::move(value));
    }
}

void put_job(words& into, const job_group& group, const new_job& job, bool gets_children, queue_list& queues) {
    std::optional<parent_link> link;
    if (job.parent) {
        job_key made;
        const auto& parent = parent_of(group, *job.parent, made);
        queues.place_of(parent.queue, 0);
        link = parent_link{queues.base_of(parent.queue), parent.id, job.parent->on_failure};
    }
    into.insert(into.end(), {queues.place_of(job.queue, 1), job.id, where_of(job), std::to_string(job.options.priority),
                             letters_of(job, gets_children)});
    put_hash(into, hash_of(job, link, gets_children), link && link->id == unnamed);
    if (job.deduplicate)
        put_slot(into, *job.deduplicate);
    if (job.expires_at)
        into.push_back(std::to_string(to_unix_ms(*job.expires_at)));
    if (link)
        put_child(into, *job.parent, *link);
}

// Most jobs of a call are like the one before: so much less is said, read and parsed.
bool is_plain(const new_job& job) {
    return job.id.empty() && !job.run_at && !job.options.lifo && !job.options.ttl && !job.expires_at && !job.parent &&
           !job.deduplicate && job.group.empty();
}

bool are_alike(const new_job& a, const new_job& b) {
    return is_plain(b) && a.queue == b.queue && a.name == b.name && a.carrier == b.carrier && a.options == b.options;
}

/// `model` is the last job that was put in full, if others may be like it.
void put_job_or_like(words& into, const job_group& group, std::size_t i, bool gets_children, queue_list& queues,
                     const new_job*& model) {
    const auto& job = group[i];
    if (model && !gets_children && are_alike(*model, job)) {
        queues.place_of(job.queue, 1);
        into.insert(into.end(), {"=", job.data, std::to_string(to_unix_ms(job.created_at))});
        return;
    }
    model = is_plain(job) && !gets_children ? &job : nullptr;
    put_job(into, group, job, gets_children, queues);
}

bool needs_families(const job_group& group) {
    return std::ranges::any_of(
        group, [](const new_job& job) { return job.parent || (job.deduplicate && job.deduplicate->replace); });
}

std::string now_of(const job_group& group) {
    return group.empty() ? "0" : std::to_string(to_unix_ms(group.front().created_at));
}

void put_group(words& into, const job_group& group, queue_list& queues, const new_job*& model) {
    const auto parents = parents_in(group);
    words jobs;
    for (std::size_t i = 0; i < group.size(); ++i)
        put_job_or_like(jobs, group, i, parents[i], queues, model);
    into.push_back(std::to_string(jobs.size()));
    into.push_back(now_of(group));
    std::ranges::move(jobs, std::back_inserter(into));
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

std::vector<added_job> read_group(redis::reply::list answers) {
    std::vector<added_job> added;
    added.reserve(answers.size() / 2);
    for (std::size_t i = 0; i + 1 < answers.size(); i += 2)
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
    const new_job* model = nullptr;
    for (const auto* each : groups)
        put_group(all, *each, queues, model);
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
        const new_job* model = nullptr;
        for (const auto first = i; i < group.size() && i - first < most_jobs_of_call && bytes < most_bytes_of_call;
             ++i) {
            put_job_or_like(jobs, group, i, parents[i], queues, model);
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
            all[i].added = read_group(std::move(answers[i]).take_items());
        else
            all[i].refused = refusal_of(*groups[i], answers[i].as_text());
    }
    return all;
}

} // namespace infra::queue::redis_backend
