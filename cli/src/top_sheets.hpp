#pragma once

/// The tables of `infra top`, as data. Pure.

#include "cell_text.hpp"
#include "top_figures.hpp"
#include "top_keys.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli::top {

struct sheet_column {
    std::string_view head;
    std::size_t cells = 0; ///< 0: what the others leave
    aligned how = aligned::right;
};

struct sheet_row {
    std::vector<std::string> cells{};               ///< safe
    std::vector<std::optional<double>> sorted_by{}; ///< of each column but the first, which is sorted by its text
    mood how = mood::plain;
};

struct sheet {
    std::vector<sheet_column> columns;
    std::vector<sheet_row> rows;
    std::string_view nothing; ///< said instead of no rows
};

/// The table of a section, in that order; the overview's is that of the queues.
sheet sheet_of(const picture& shown, section of, sorting order);

} // namespace infra::cli::top
