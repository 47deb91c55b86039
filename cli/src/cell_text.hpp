#pragma once

/// Text in the cells of a terminal, of which a letter takes one, an ideograph two and an accent none.

#include <cstddef>
#include <string>
#include <string_view>

namespace infra::cli {

/// Text of anybody, safe on a line of a terminal: UTF-8 without control characters, and without what turns the direction of writing or is
/// not seen at all.
std::string one_line(std::string_view text);

/// How many cells a text that is safe takes.
std::size_t cells_of(std::string_view safe);

enum class aligned { left, right };

/// Exactly so many cells: with blanks, or cut with an ellipsis.
std::string fitted(std::string_view safe, std::size_t cells, aligned how = aligned::left);

} // namespace infra::cli
