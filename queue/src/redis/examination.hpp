#pragma once

// Reads what the doctor judges. A first walk over all keys and lists sees each at another moment, and so only suspects; what is
// suspected is looked at again, in one moment.

#include "diagnoses.hpp"
#include "verbs.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::queue::redis_backend {

/// Of a job, what the first walk has seen.
struct seen_job {
    bool has_hash = false;
    bool is_locked = false;
    std::uint8_t parts = 0;
    std::uint16_t in = 0;    // a bit for each place
    std::uint16_t twice = 0; // likewise
};

struct seen_queue {
    std::unordered_map<std::string, seen_job> jobs{};
    std::vector<std::string> slots{}; ///< ids of deduplications
    bool has_settings = false;
};

/// One examination.
struct examination {
    shared_store at;
    examine_options how;
    std::map<std::string, seen_queue> queues{};
    std::vector<finding> unusable{}; ///< of queues that cannot be examined, nor used
    std::size_t jobs = 0;
    bool complete = true;
};
using shared_examination = std::shared_ptr<examination>;

/// A finding, and where its job is to stay if it stands in several places.
struct found_case {
    finding is{};
    std::optional<place> stays{};
};

/// The first walk.
awaitable<void> see_all(shared_examination e);

/// What is wrong with jobs of a queue.
awaitable<std::vector<found_case>> examine_jobs(shared_examination e, std::string queue);

/// What is wrong with queues, deduplications and schedules, at this moment.
awaitable<std::vector<finding>> examine_rest(shared_examination e);

/// What is wrong with the servers.
awaitable<std::vector<finding>> examine_servers(shared_examination e);

/// Puts right what can be, and says so in the findings.
awaitable<std::vector<found_case>> cure(shared_examination e, std::vector<found_case> cases);

} // namespace infra::queue::redis_backend
