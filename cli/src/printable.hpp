#pragma once

#include <string>
#include <string_view>

namespace infra::cli {

/// Without what a terminal would obey: text that comes from elsewhere may be anybody's. UTF-8, whatever it was.
std::string printable(std::string_view text);

/// The same, keeping its lines.
std::string printable_lines(std::string_view text);

/// A JSON text that says the same, with that written as `\u009b`.
std::string printable_json(std::string_view text);

} // namespace infra::cli
