#pragma once

// What an answer means, and when to ask again: OTLP's rules.

#include <chrono>

namespace infra::otlp::detail {

enum class verdict {
    taken,
    again,   ///< 429, 502, 503, 504, or no answer
    refused, ///< anything else: the same request would be refused again
};

verdict judge(int status) noexcept;

/// One second, doubled with each attempt up to half a minute, half of it by chance. `attempt` counts from 1.
std::chrono::milliseconds delay_after(int attempt, double random01) noexcept;

} // namespace infra::otlp::detail
