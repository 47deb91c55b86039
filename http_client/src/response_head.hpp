#pragma once

/// The fields of a response as libcurl hands them over, line by line.

#include <infra/base/http_message.hpp>

#include <optional>
#include <string_view>

namespace infra::http {

/// Parses lines that end in LF or CRLF, without the status line and up to an empty line, if any. A line that begins with
/// white space continues the one before (RFC 9112 section 5.2). Empty for a line that is no field.
std::optional<headers> parse_fields(std::string_view lines);

} // namespace infra::http
