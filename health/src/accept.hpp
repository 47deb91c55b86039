#pragma once

// Which of two spellings of a report the asker prefers (RFC 9110, section 12.5.1).

#include <string_view>

namespace infra::health::detail {

/// True if `accept` names `application/health+json` itself, and values it no less than `application/json`.
bool prefers_health_json(std::string_view accept) noexcept;

} // namespace infra::health::detail
