#include "plain_add.hpp"

#include "scripts.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

/// Those that are alike stand in runs, which say once what they have in common.
class run_words {
public:
    void put(words& into, const new_job& job) {
        if (!first_ || !is_of_the_run(job))
            begin(into, job);
        into.push_back(job.data);
        if (have_opts_)
            into.push_back(opts_.with(job.carrier));
        into[count_at_] = std::to_string(++count_);
    }

private:
    bool is_alike(const new_job& job) const { return job.name == first_->name && job.options == first_->options; }

    bool is_of_the_run(const new_job& job) const {
        return is_alike(job) && to_unix_ms(job.created_at) == to_unix_ms(first_->created_at) &&
               (have_opts_ || job.carrier == first_->carrier);
    }

    // Two callers with traces of their own are seldom the only ones.
    void begin(words& into, const new_job& job) {
        have_opts_ = first_ && is_alike(job) && job.carrier != first_->carrier;
        if (!first_ || job.options != first_->options)
            opts_ = shared_opts(job.options);
        first_ = &job;
        count_ = 0;
        count_at_ = into.size();
        into.insert(into.end(), {{},
                                 std::to_string(to_unix_ms(job.created_at)),
                                 job.name,
                                 have_opts_ ? std::string() : opts_.with(job.carrier)});
    }

    const new_job* first_ = nullptr;
    shared_opts opts_{};
    bool have_opts_ = false;
    std::size_t count_ = 0;
    std::size_t count_at_ = 0;
};

} // namespace

bool are_plain(std::span<const job_group* const> groups) {
    const auto& queue = groups.front()->front().queue;
    return std::ranges::all_of(groups, [&](const job_group* group) {
        return std::ranges::all_of(*group, [&](const new_job& job) {
            return is_plain(job) && !job.parent && job.options.priority == 0 && job.queue == queue;
        });
    });
}

redis::command plain_add_command(std::string_view prefix, std::span<const job_group* const> groups, const receipt& as) {
    words all{as.lane, std::to_string(as.number), {}};
    std::size_t jobs = 0;
    run_words said;
    for (const auto* group : groups)
        for (const auto& job : *group) {
            said.put(all, job);
            ++jobs;
        }
    all[2] = std::to_string(jobs);
    const words base{queue_keys(prefix, groups.front()->front().queue).base()};
    auto call = scripts::add_plain.call(base, all);
    if (!as.lane.empty())
        call.again(redis::replay::idempotent);
    return call;
}

std::optional<std::vector<group_added>> read_plainly_added(std::span<const job_group* const> groups,
                                                           const redis::reply& answer) {
    redis::throw_if_error(answer);
    if (answer.type() != redis::reply::kind::integer)
        return std::nullopt;
    auto id = answer.as_integer();
    std::vector<group_added> all(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
        for (std::size_t job = 0; job < groups[i]->size(); ++job)
            all[i].added.push_back({.id = std::to_string(id++), .how = addition::created});
    return all;
}

} // namespace infra::queue::redis_backend
