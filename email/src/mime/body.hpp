#pragma once

/// Content transfer encodings (RFC 2045). Pure.

#include <optional>
#include <string>
#include <string_view>

namespace infra::email::mime {

/// Text in lines of at most 76 characters. Line breaks of any kind become CRLF, and none is added at the end; everything
/// beyond printable ASCII is encoded.
std::string quoted_printable(std::string_view text);

/// Base64 in lines of 76 characters that end in CRLF.
std::string base64_lines(std::string_view bytes);

/// The text again, with LF at the end of lines; empty for what quoted_printable() does not write.
std::optional<std::string> from_quoted_printable(std::string_view encoded);

/// The bytes again; empty for what is no Base64 in lines that end in CRLF.
std::optional<std::string> from_base64_lines(std::string_view encoded);

} // namespace infra::email::mime
