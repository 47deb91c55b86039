#include "job_words.hpp"

#include "job_hash.hpp"
#include "parent_link.hpp"
#include "scores.hpp"
#include "stored_options.hpp"

#include <infra/base/json.hpp>

#include <algorithm>
#include <iterator>

namespace infra::queue::redis_backend {
namespace {

// In the place of the id of a parent that gets its own only from the script: a byte that stands in no JSON.
constexpr std::string_view unnamed = "\x01";
constexpr std::string_view unnamed_in_json = R"(\u0001)";

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

void unescape_unnamed(hash_fields& hash) {
    for (auto& [name, value] : hash) {
        if (name == "opts")
            unescape_unnamed(value, R"("parent":{"id":")");
        if (name == "parent")
            unescape_unnamed(value, R"({"id":")");
    }
}

bool have_one_parent(const new_job& a, const new_job& b) {
    if (!a.parent || !b.parent)
        return !a.parent && !b.parent;
    return a.parent->place == b.parent->place && a.parent->on_failure == b.parent->on_failure &&
           a.parent->parent == b.parent->parent && a.parent->token == b.parent->token;
}

} // namespace

std::string queue_list::place_of(const std::string& queue, std::size_t jobs) {
    const auto [found, is_new] = places_.try_emplace(queue, bases_.size());
    if (is_new) {
        bases_.push_back(queue_keys(prefix_, queue).base());
        jobs_.push_back(0);
    }
    last_ = found->second;
    jobs_[last_] += jobs;
    return std::to_string(last_ + 1);
}

words queue_list::counts() const {
    words all;
    for (const auto each : jobs_)
        all.push_back(std::to_string(each));
    return all;
}

bool is_plain(const new_job& job) {
    return job.id.empty() && !job.run_at && !job.options.lifo && !job.options.ttl && !job.expires_at &&
           !job.deduplicate && job.group.empty();
}

shared_opts::shared_opts(const job_options& options) : text_(json::to_text(opts_of(options))) {}

std::string shared_opts::with(const std::string& carrier) const {
    auto text = text_;
    if (carrier.empty())
        return text;
    text.pop_back();
    return text.append(R"(,"tm":)").append(json::to_text(carrier)).append(1, '}');
}

std::string now_of(const job_group& group) {
    return group.empty() ? "0" : std::to_string(to_unix_ms(group.front().created_at));
}

void job_words::put(words& into, const job_group& group, std::size_t i, bool gets_children) {
    const auto& job = group[i];
    if (!gets_children && put_alike(into, job))
        return;
    model_ = is_plain(job) && !gets_children ? &job : nullptr;
    opts_.reset();
    end_run();
    put_in_full(into, group, job, gets_children);
}

void job_words::put(words& into, const job_group& group) {
    if (model_ && model_->parent)
        model_ = nullptr; // places of parents are those of its own group
    if (group.size() == 1 && put_alike(into, group.front()))
        return;
    const auto parents = parents_in(group);
    words jobs;
    end_run();
    for (std::size_t i = 0; i < group.size(); ++i)
        put(jobs, group, i, parents[i]);
    end_run(); // what follows stands beside it
    into.push_back(std::to_string(jobs.size()));
    into.push_back(now_of(group));
    std::ranges::move(jobs, std::back_inserter(into));
}

bool job_words::is_like_model(const new_job& job) const {
    return model_ && is_plain(job) && model_->queue == job.queue && model_->name == job.name &&
           model_->options == job.options && have_one_parent(*model_, job) &&
           (!job.parent || model_->carrier == job.carrier);
}

bool job_words::put_alike(words& into, const new_job& job) {
    if (!is_like_model(job))
        return false;
    if (!is_of_the_run(job))
        begin_run(into, job);
    queues_.count_one_more();
    into.push_back(job.data);
    if (have_opts_) {
        if (!opts_)
            opts_.emplace(model_->options);
        into.push_back(opts_->with(job.carrier));
    }
    into[run_at_] = std::to_string(++run_);
    return true;
}

bool job_words::is_of_the_run(const new_job& job) const {
    return run_ > 0 && time_ == to_unix_ms(job.created_at) && have_opts_ == (job.carrier != model_->carrier);
}

void job_words::begin_run(words& into, const new_job& job) {
    run_ = 0;
    time_ = to_unix_ms(job.created_at);
    have_opts_ = job.carrier != model_->carrier;
    into.insert(into.end(), {have_opts_ ? "+" : "*", {}, std::to_string(time_)});
    run_at_ = into.size() - 2;
}

void job_words::put_in_full(words& into, const job_group& group, const new_job& job, bool gets_children) {
    std::optional<parent_link> link;
    if (job.parent) {
        job_key made;
        const auto& parent = parent_of(group, *job.parent, made);
        queues_.place_of(parent.queue, 0);
        link = parent_link{queues_.base_of(parent.queue), parent.id, job.parent->on_failure};
    }
    into.insert(into.end(), {queues_.place_of(job.queue, 1), job.id, where_of(job),
                             std::to_string(job.options.priority), letters_of(job, gets_children)});
    auto hash = hash_of(job, link, gets_children);
    if (link && link->id == unnamed)
        unescape_unnamed(hash);
    put_hash(into, std::move(hash));
    if (job.deduplicate)
        put_slot(into, *job.deduplicate);
    if (job.expires_at)
        into.push_back(std::to_string(to_unix_ms(*job.expires_at)));
    if (link)
        put_child(into, *job.parent, *link);
}

} // namespace infra::queue::redis_backend
