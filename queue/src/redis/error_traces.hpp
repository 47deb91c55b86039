#pragma once

// Why earlier attempts of a job failed: BullMQ's `stacktrace`, a JSON array of texts. Ours have one line of a stack, which says
// when that was:
//
//     the mailbox is full
//         at attempt 2, 2026-01-01T00:00:00.000Z

#include <infra/queue/options.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend {

/// None where the text is no array, as BullMQ has it.
std::vector<std::string> read_traces(std::string_view text);

/// Of a job of so many attempts, the last of which left the last trace. Of traces that others wrote the reason is what stands
/// before their stack, and the time is unknown: 1970.
std::vector<job_error> to_errors(const std::vector<std::string>& traces, int attempts_made);

/// The text to store after one more; the last `most` are kept.
std::string with_error(std::vector<std::string> traces, const job_error& e, std::size_t most);

} // namespace infra::queue::redis_backend
