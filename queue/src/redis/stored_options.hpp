#pragma once

// A job's `opts`: one JSON object, with BullMQ's names, short for some. What BullMQ has no name for stands in a member of
// ours, `infra`, which it hands on unread.

#include "parent_link.hpp"

#include <infra/queue/backend.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

/// BullMQ's bound: 2^21 - 1.
inline constexpr int most_priority = 2'097'151;

/// The member of what is BullMQ's, in which stands what is ours.
inline constexpr std::string_view our_member = "infra";

/// What `opts` say.
struct stored_options {
    job_options options{}; ///< without a word about what to keep: everything, as in BullMQ
    std::optional<infra::queue::deduplication> deduplicate{};
    std::chrono::milliseconds delay{0};       ///< from when it was added until it may run
    std::string carrier{};                    ///< the producer's trace headers
    std::string backoff_strategy{};           ///< the name of one that only a worker of BullMQ knows; empty: none
    std::optional<std::size_t> keep_logs{};   ///< so many lines
    std::optional<std::size_t> keep_traces{}; ///< so many errors
};

/// Fails only where the text is no JSON object.
json::result<stored_options> read_options(std::string_view text);

/// Of a job that is added. Its parent is not named by the job itself, but by what the storage calls it.
json::object opts_of(const new_job& job, const std::optional<parent_link>& parent = {});

/// Of the jobs that a schedule makes: what holds for each of them.
json::object opts_of(const job_options& options);

} // namespace infra::queue::redis_backend
