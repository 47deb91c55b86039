#pragma once

// What enqueue hands to the backend, from what a caller said.

#include <infra/queue/queue.hpp>

namespace infra::queue {

/// What all jobs of one call have in common.
struct origin {
    wall_time now;
    std::string carrier;
};

/// What `call` says goes before what the definition does. Throws std::invalid_argument naming what is wrong.
job_options checked(job_options defaults, const enqueue_options& call);

/// Throws errc::too_large or errc::invalid_payload.
new_job to_store(detail::to_add job, const std::string& queue, const job_options& how, const enqueue_options& call,
                 const origin& from, std::size_t max_payload_bytes);

} // namespace infra::queue
