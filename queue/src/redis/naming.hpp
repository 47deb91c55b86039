#pragma once

// Queues and jobs by their names: which there are, which of them a key means, and how many go into one call.

#include "verbs.hpp"

#include <functional>

namespace infra::queue::redis_backend {

/// So many jobs, or queues, are asked for in one call of a script.
inline constexpr std::size_t most_in_a_call = 1000;

/// Before a queue is written to for the first time.
awaitable<void> make_known(shared_store s, std::vector<std::string> queues);

/// All that may be there; of some nothing may be left.
awaitable<queue_names> all_queues(shared_store s);

/// The one that is named, or all.
awaitable<std::vector<std::string>> queues_of(shared_store s, std::string named);

awaitable<void> forget_known(shared_store s, std::string queue);

/// Every key of the storage that fits a pattern, page by page; `type`: of that type alone.
awaitable<void> for_all_keys(shared_store s, std::string pattern, std::function<void(std::vector<std::string>)> use,
                             std::string type = {});

/// Each with its queue, where one has the job. Throws errc::ambiguous where two have it.
awaitable<std::vector<job_key>> with_queues(shared_store s, std::vector<job_key> keys);

/// Where the names of each stand among all: what may go into one call, in their order. Throws as slot_of().
std::vector<std::vector<std::size_t>> calls_for(const store& s, const std::vector<std::string>& queues);

/// The bases of those queues.
std::vector<std::string> bases_of(const store& s, const std::vector<std::string>& queues,
                                  const std::vector<std::size_t>& which);

} // namespace infra::queue::redis_backend
