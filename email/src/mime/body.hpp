#pragma once

/// Content transfer encodings (RFC 2045). Pure.

#include <string>
#include <string_view>

namespace infra::email::mime {

/// Text in lines of at most 76 characters. Line breaks of any kind become CRLF, and none is added at the end; everything
/// beyond printable ASCII is encoded.
std::string quoted_printable(std::string_view text);

/// Base64 in lines of 76 characters that end in CRLF.
std::string base64_lines(std::string_view bytes);

} // namespace infra::email::mime
