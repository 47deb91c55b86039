#pragma once

#include <string_view>

namespace infra::http::detail {

/// By a file name's extension, in any case; application/octet-stream for one that is not known.
std::string_view content_type_of(std::string_view file_name) noexcept;

} // namespace infra::http::detail
