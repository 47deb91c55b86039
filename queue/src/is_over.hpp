// Whether a job has ended, well or not.
#pragma once

#include <infra/queue/job.hpp>

namespace infra::queue {

inline bool is_over(job_state state) noexcept { return state == job_state::completed || state == job_state::failed; }

inline bool is_over(const job_info& job) noexcept { return is_over(job.state); }

} // namespace infra::queue
