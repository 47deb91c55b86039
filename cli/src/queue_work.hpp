#pragma once

/// `infra queue work` without the queue.

#include "child.hpp"

#include <infra/queue/job.hpp>

#include <optional>
#include <string>

namespace infra::cli {

/// What the command is given: the payload, a line of JSON, and who it works for: INFRA_JOB_ID, INFRA_JOB_NAME,
/// INFRA_JOB_QUEUE, INFRA_JOB_ATTEMPT, INFRA_JOB_ATTEMPTS and INFRA_JOB_FENCE.
child_command command_for(std::string command, std::string data, const queue::job_context& job);

/// The last line of what it wrote, if that is JSON.
std::optional<std::string> result_of(const child_end& end);

/// `exit code 3: cannot reach the server`, with the end of what it complained.
std::string reason_of(const child_end& end);

} // namespace infra::cli
