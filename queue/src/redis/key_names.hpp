#pragma once

// What a key is by its name alone, whoever wrote it.

#include "keys.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

struct key_name {
    enum class kind {
        of_queue,      ///< `id` is BullMQ's word: wait, meta …
        of_job,        ///< or of the definition of a schedule whose id ends like a run's
        deduplication, ///< `id` is what duplicates have in common
        other,         ///< of the queue, and of nothing that is examined
    };
    kind what = kind::other;
    std::string queue{}; ///< with a ~ in it: perhaps one of ours beside a queue
    std::string id{};
    job_part part = job_part::hash;

    friend bool operator==(const key_name&, const key_name&) = default;
};

/// Empty for a key that is not of this prefix, or of no queue.
std::optional<key_name> read_key(std::string_view prefix, std::string_view key);

} // namespace infra::queue::redis_backend
