#pragma once

/// When a server wants to be asked again.
///
///     if (const auto after = response.headers.get("Retry-After"))
///         wait = http::parse_retry_after(*after, time.wall()).value_or(1s);

#include <infra/base/time.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace infra::http {

/// What a Retry-After field says (RFC 9110, 10.2.3): seconds, or a date. Never negative, at most an hour; empty for anything
/// else.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, wall_time now) noexcept;

} // namespace infra::http
