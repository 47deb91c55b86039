#pragma once

#include <string>
#include <string_view>

namespace infra::cli {

/// Without what a terminal would obey: text that comes from elsewhere may be anybody's.
std::string printable(std::string_view text);

/// The same, keeping its lines.
std::string printable_lines(std::string_view text);

} // namespace infra::cli
