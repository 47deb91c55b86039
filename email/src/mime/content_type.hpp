#pragma once

#include <string>
#include <string_view>

namespace infra::email::mime {

/// By the ending of a file's name; "application/octet-stream" for one that is not known.
std::string_view content_type_of(std::string_view filename) noexcept;

/// `type/subtype` of two tokens, without parameters (RFC 2045 section 5.1), of something that may stand in Base64: not
/// multipart and message, whose parts a reader would look for in the encoded text (section 6.4).
bool is_content_type(std::string_view text) noexcept;

} // namespace infra::email::mime
