#pragma once

/// What bytes are, as Content-Type says it. Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace infra::storage {

inline constexpr std::string_view unknown_type = "application/octet-stream";

/// By the extension of the key's last segment, in any case; empty where that says nothing.
std::string_view type_by_name(std::string_view key) noexcept;

/// By the first bytes: what begins as no other does, then text, then unknown_type. Never what a browser would run (HTML, SVG, scripts):
/// that needs a name that says so, or the caller's word.
std::string_view type_by_bytes(std::string_view beginning) noexcept;

/// As many as type_by_bytes() looks at.
inline constexpr std::size_t sniffed_bytes = 512;

/// By the name, and where that says nothing by the bytes.
std::string content_type_of(std::string_view key, std::string_view beginning);

} // namespace infra::storage
