#pragma once

// Request targets (RFC 9112 section 3.2) and hosts: which are acceptable, and their parts.

#include <infra/base/http_message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::http::detail {

/// Views into the target. For `OPTIONS *` the path is "*".
struct target_parts {
    std::string_view path;
    std::string_view query;
    std::string_view authority; ///< of the absolute form; empty otherwise
};

/// Empty for what is neither origin-form nor absolute-form (http, https) nor, with OPTIONS, the asterisk.
std::optional<target_parts> split_target(std::string_view target, method m) noexcept;

/// Empty for a broken percent sign, a control character or what is not UTF-8: nothing of that kind reaches a handler or a
/// log line.
std::optional<std::string> decode_path(std::string_view raw);

/// A Host field's value: a name or address with an optional port, no white space, no user. It may be empty.
bool is_host(std::string_view text) noexcept;

/// 1 to 128 characters of a token: what a client may call its request.
bool is_request_id(std::string_view text) noexcept;

} // namespace infra::http::detail
