#pragma once

#include <string>
#include <vector>

namespace infra::cli {

using table_row = std::vector<std::string>;

/// Rows below their heads, each column as wide as its widest cell; without a line break at the end. Cells are made
/// printable; a long one is cut, but for the last of a row.
std::string table(const table_row& heads, const std::vector<table_row>& rows);

/// `name   value`, a line each; without those whose value is empty.
std::string fact_sheet(const std::vector<std::pair<std::string, std::string>>& facts);

} // namespace infra::cli
