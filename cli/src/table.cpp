#include "table.hpp"
#include "printable.hpp"

#include <algorithm>
#include <utility>

namespace infra::cli {
namespace {

constexpr std::size_t widest_cell = 60;

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string cut(std::string text) {
    if (width_of(text) <= widest_cell)
        return text;
    std::size_t end = 0;
    for (std::size_t left = widest_cell; end < text.size(); ++end)
        if (begins_character(text[end]) && left-- == 1)
            break;
    return text.substr(0, end) + "…";
}

std::vector<std::string> shown(const table_row& row) {
    std::vector<std::string> cells;
    for (const auto& each : row)
        cells.push_back(cells.size() + 1 == row.size() ? printable(each) : cut(printable(each)));
    return cells;
}

using paint_in_row = std::function<std::string(std::size_t, std::string_view)>;

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                    const paint_in_row& paint) {
    std::string line;
    std::size_t gap = 0; // before the next cell that has something in it
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!cells[i].empty())
            line.append(std::exchange(gap, 0), ' ').append(paint(i, cells[i]));
        gap += widths[i] - width_of(cells[i]) + 2;
    }
    return line;
}

std::string unpainted(std::size_t, std::string_view cell) { return std::string(cell); }

} // namespace

std::string table(const table_row& heads, const std::vector<table_row>& rows) {
    return table(heads, rows,
                 [](std::size_t, std::size_t column, std::string_view cell) { return unpainted(column, cell); });
}

std::string table(const table_row& heads, const std::vector<table_row>& rows, const cell_paint& paint) {
    std::vector<std::vector<std::string>> all{heads};
    std::ranges::transform(rows, std::back_inserter(all), shown);
    std::vector<std::size_t> widths(heads.size(), 0);
    for (const auto& row : all)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    auto text = line_of(heads, widths, unpainted);
    for (std::size_t row = 0; row < rows.size(); ++row)
        text += "\n" + line_of(all[row + 1], widths, [&paint, row](std::size_t column, std::string_view cell) {
                    return paint(row, column, cell);
                });
    return text;
}

std::string fact_sheet(const std::vector<std::pair<std::string, std::string>>& facts) {
    std::size_t widest = 0;
    for (const auto& [name, value] : facts)
        if (!value.empty())
            widest = std::max(widest, name.size());
    std::string text;
    for (const auto& [name, value] : facts)
        if (!value.empty())
            text += (text.empty() ? "" : "\n") + name + std::string(widest - name.size() + 2, ' ') + printable(value);
    return text;
}

} // namespace infra::cli
