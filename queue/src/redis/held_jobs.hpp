#pragma once

// What is known of the jobs that this process runs, from the claim that took them to their end: so that an end needs no look
// at the job's hash. One that is not known here was taken elsewhere, or is over: its hash says.

#include "work.hpp"

#include <infra/base/awaitable.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::queue::redis_backend {

class store;

/// Threads: any member from any thread.
class held_jobs {
public:
    /// So many are remembered at least; those that nobody ends are forgotten in the end.
    explicit held_jobs(std::size_t most = 10'000) : most_(most) {}

    void put(const lease& held, held_job what);
    /// It is forgotten by that.
    std::optional<held_job> take(const lease& held);

    std::size_t size() const;

private:
    using jobs = std::unordered_map<std::string, held_job>;

    const std::size_t most_;
    mutable std::mutex mutex_;
    jobs young_; // guarded by mutex_
    jobs old_;   // guarded by mutex_; go when there are `most_` young ones
};

/// The same, with what the hashes say of those at these places.
awaitable<std::vector<ended_job>> read_held(std::shared_ptr<store> s, std::vector<ended_job> ended,
                                            std::vector<std::size_t> places);

} // namespace infra::queue::redis_backend
