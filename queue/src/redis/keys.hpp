#pragma once

// The names of keys: BullMQ's, and ours beside them.
//
//     bull:mail           the base of a queue; bull:mail:wait, bull:mail:meta … are its own
//     bull:mail:17        a job; bull:mail:17:lock, bull:mail:17:logs … belong to it
//     bull:mail~groups    ours. BullMQ takes what it does not know under `bull:mail:` for jobs, and may sweep it away

#include <optional>
#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

inline constexpr std::string_view default_prefix = "bull";

/// What BullMQ keeps about one job, in keys of their own.
enum class job_part { hash, lock, logs, dependencies, processed, failed, unsuccessful };

class queue_keys {
public:
    queue_keys(std::string_view prefix, std::string_view queue);

    const std::string& base() const noexcept { return base_; }

    /// `what` is BullMQ's word: wait, active, meta …
    std::string of_queue(std::string_view what) const;
    std::string of_job(std::string_view id, job_part part = job_part::hash) const;
    std::string ours(std::string_view what) const;

private:
    std::string base_;
};

/// Where a job is that is known by its key, as parents know their children.
struct job_place {
    std::string prefix{};
    std::string queue{};
    std::string id{};

    friend bool operator==(const job_place&, const job_place&) = default;
};

/// Split at the last two colons, since a prefix may contain some. Empty if there are not two.
std::optional<job_place> place_of(std::string_view job_key);

/// What decides on the slot of a cluster: between the first { and the next }. Empty: the whole key does.
std::string_view hash_tag(std::string_view key) noexcept;

// --- Names of connections, by which BullMQ knows workers -----------------------------------------------------------

/// Of a worker's connection. Of its name each character that Redis takes in no name becomes a hyphen; empty: it has none.
std::string worker_connection(std::string_view prefix, std::string_view queue, std::string_view worker);

struct named_worker {
    std::string queue{};
    std::string worker{}; ///< empty: it has no name

    friend bool operator==(const named_worker&, const named_worker&) = default;
};

/// Whose connection that is, if it is that of a worker of a queue under this prefix.
std::optional<named_worker> worker_of(std::string_view prefix, std::string_view connection);

} // namespace infra::queue::redis_backend
