#pragma once

// A job's hash, and what the seam knows of it. All of it may have been written by anybody: what cannot be read makes the
// job unreadable, and it is failed with that reason by whoever takes it; nothing here throws.
//
// Fields of ours have a dot in their names, which BullMQ's have not: infra.expires, infra.group, infra.cancel. What only scripts
// read stands there as well: infra.ttl, since a parent's time to live begins with its release; infra.at, until when a parent is
// delayed, whenever that is.

#include "fields.hpp"
#include "parent_link.hpp"
#include "stored_options.hpp"

#include <infra/queue/backend.hpp>

#include <optional>
#include <string>
#include <vector>

namespace infra::queue::redis_backend {

struct stored_job {
    job_key key{};
    std::string name{};
    std::string data = "{}";
    std::string opts{}; ///< as they are stored
    stored_options with{};
    std::optional<parent_link> parent{};
    std::string parent_key{}; ///< empty: it has none, whatever `parent` says
    wall_time created_at{};
    int attempts_made = 0;
    std::uint64_t starts = 0;
    int stalls = 0;
    std::optional<wall_time> started_at{};
    std::optional<wall_time> finished_at{};
    std::string result{};
    std::string failed_reason{};
    std::vector<std::string> traces{};
    std::string progress{};
    std::string worker{};
    std::string deduplication_id{};
    std::string scheduler{}; ///< whose iteration it is
    std::optional<wall_time> expires_at{};
    std::optional<wall_time> waiting_since{}; ///< where somebody wrote that down; otherwise since it was added or due
    std::string group{};
    bool cancel_requested = false;
    /// Why it is not to be run, and fails: what BullMQ left there for whoever takes it, or what of it is no JSON. Empty: it is.
    std::string fail_with{};
};

/// `like`: another job; where its opts are the same text, as those of jobs of one kind are, they are not read again.
stored_job read_job(job_key key, hash_fields fields, const stored_job* like = nullptr);

/// As it is when it is added. `created_at` and what is left out of `opts` say the rest.
hash_fields hash_of(const new_job& job, const std::optional<parent_link>& parent = {}, bool gets_children = false);

/// `score` is that of its state's sorted set, if it stands in one.
job_info to_info(stored_job job, job_state state, std::optional<double> score = {});
claimed_job to_claimed(stored_job job, std::string token);

} // namespace infra::queue::redis_backend
