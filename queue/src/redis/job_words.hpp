#pragma once

// How the jobs of a call are said to scripts/add_jobs.lua and scripts/add_families.lua: the words that
// scripts/lib/adding.lua reads.

#include "keys.hpp"

#include <infra/queue/backend.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

using words = std::vector<std::string>;
using job_group = std::vector<new_job>;

/// The queues of a call, as KEYS, and how many jobs each has.
class queue_list {
public:
    explicit queue_list(std::string_view prefix) : prefix_(prefix) {}

    std::string place_of(const std::string& queue, std::size_t jobs);
    /// In the queue whose place was asked for last.
    void count_one_more() { ++jobs_[last_]; }

    const words& bases() const noexcept { return bases_; }
    const std::string& base_of(const std::string& queue) const { return bases_[places_.at(queue)]; }
    words counts() const;

private:
    std::string prefix_;
    std::map<std::string, std::size_t, std::less<>> places_;
    words bases_;
    std::vector<std::size_t> jobs_;
    std::size_t last_ = 0;
};

/// Of jobs whose options are the same, and their trace headers their own: to write them anew for each costs as much as all else of its words.
class shared_opts {
public:
    shared_opts() = default;
    explicit shared_opts(const job_options& options);

    std::string with(const std::string& carrier) const;

private:
    std::string text_{}; ///< as far as all have them in common
};

/// It waits at the end of its priority's line, under an id that it is given, and is nobody's duplicate.
bool is_plain(const new_job& job);

/// Most jobs are like the last one that was said in full: of those only the data are said, and read, and parsed; and the
/// opts, where each carries the trace headers of a caller of its own.
///
/// Lifetime: of the jobs, which it remembers.
class job_words {
public:
    explicit job_words(queue_list& queues) : queues_(queues) {}

    /// One of a group.
    void put(words& into, const job_group& group, std::size_t i, bool gets_children);
    /// All of it, with what stands before it.
    void put(words& into, const job_group& group);

private:
    bool is_like_model(const new_job& job) const;
    bool put_alike(words& into, const new_job& job);
    void begin_run(words& into, const new_job& job);
    bool is_of_the_run(const new_job& job) const;
    void end_run() noexcept { run_ = 0; }
    void put_in_full(words& into, const job_group& group, const new_job& job, bool gets_children);

    queue_list& queues_;
    const new_job* model_ = nullptr;    ///< the last one that was said in full, if others may be like it
    std::optional<shared_opts> opts_{}; ///< its opts, made when they are needed

    // Those that are like it, one after the other, and were added in the same millisecond.
    std::size_t run_ = 0;
    std::size_t run_at_ = 0; ///< where it stands how many they are
    std::int64_t time_ = 0;
    bool have_opts_ = false;
};

/// Of a group.
std::string now_of(const job_group& group);

} // namespace infra::queue::redis_backend
