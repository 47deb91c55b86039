#pragma once

/// The dates of header fields: Date, Last-Modified, Retry-After (RFC 9110 section 5.6.7).
///
///     response.set("Last-Modified", format_http_date(modified));              // "Sun, 06 Nov 1994 08:49:37 GMT"
///     if (const auto date = parse_http_date(value)) wait_until(*date);

#include <infra/base/time.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra {

/// Seconds are rounded down.
std::string format_http_date(wall_time t);

/// The one form that senders may use; the two obsolete ones have died out, and a date that is not understood is as good as
/// none. What no wall_time can hold becomes its first or last instant.
std::optional<wall_time> parse_http_date(std::string_view text) noexcept;

} // namespace infra
