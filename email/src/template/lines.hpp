#pragma once

/// What a line of Markdown is at first sight, before it is parsed. Pure.

#include <string_view>

namespace infra::email {

/// The first line of `text`, without its LF.
std::string_view line_of(std::string_view text) noexcept;

/// What a line stands in: quotations and, by its indentation, items of lists.
std::string_view leading(std::string_view line) noexcept;

bool is_blank(std::string_view line) noexcept;
bool is_row(std::string_view line) noexcept;           ///< of a table, if it is in one
bool is_delimiter_row(std::string_view line) noexcept; ///< under a table's header: | --- | :-: |
bool begins_item(std::string_view line) noexcept;

} // namespace infra::email
