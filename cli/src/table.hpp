#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli {

using table_row = std::vector<std::string>;

/// Rows below their heads, each column as wide as its widest cell; without a line break at the end. Cells are made
/// printable; a long one is cut, but for the last of a row.
std::string table(const table_row& heads, const std::vector<table_row>& rows);

/// How a cell is painted, once it is as wide as it gets: `row` counts from 0 below the heads.
using cell_paint = std::function<std::string(std::size_t row, std::size_t column, std::string_view cell)>;
std::string table(const table_row& heads, const std::vector<table_row>& rows, const cell_paint& paint);

/// `name   value`, a line each; without those whose value is empty.
std::string fact_sheet(const std::vector<std::pair<std::string, std::string>>& facts);

} // namespace infra::cli
