#pragma once

// What an answer means, and when to ask again: OTLP's rules.

#include <infra/base/http_message.hpp>
#include <infra/base/time.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace infra::otlp::detail {

enum class verdict {
    taken,
    again,   ///< 429, 502, 503, 504, or no answer
    refused, ///< anything else: the same request would be refused again
};

verdict judge(int status) noexcept;

/// Of a Retry-After header: seconds, or an HTTP date. Never negative, at most an hour; empty for anything else.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, wall_time now) noexcept;

/// One second, doubled with each attempt up to half a minute, half of it by chance. `attempt` counts from 1.
std::chrono::milliseconds delay_after(int attempt, double random01) noexcept;

} // namespace infra::otlp::detail
