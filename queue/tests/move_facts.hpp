#pragma once

// What is known of a storage, as texts that can be compared with another's.

#include <infra/queue/backend.hpp>

#include <string>

namespace infra::queue::tests {

std::string text_of(const job_info& j);
std::string text_of(const job_key& parent, const child_info& c);
std::string text_of(const schedule_info& s);
std::string text_of(const queue_settings& s);
std::string text_of(const job_key& job, const log_line& line);

} // namespace infra::queue::tests
