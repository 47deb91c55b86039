#pragma once

#include <infra/queue/operations.hpp>
#include <infra/realtime/message.hpp>

#include <exception>

namespace infra::realtime::feeds {

message job_message(const queue::job_event& of, bool with_data);

/// What a follower does about what its storage throws.
enum class trouble { passes, ends_it, is_for_the_caller };
trouble judge(const std::exception_ptr& thrown) noexcept;

} // namespace infra::realtime::feeds
