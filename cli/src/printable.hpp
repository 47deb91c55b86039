#pragma once

#include <string>
#include <string_view>

namespace infra::cli {

/// Without what a terminal would obey: text that comes from elsewhere may be anybody's.
std::string printable(std::string_view text);

} // namespace infra::cli
