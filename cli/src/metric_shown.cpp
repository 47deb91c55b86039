#include "metric_shown.hpp"

#include "json_members.hpp"
#include "log_shown.hpp"
#include "printable.hpp"
#include "table.hpp"
#include "top_figures.hpp"

#include <algorithm>
#include <cstdio>

namespace infra::cli {
namespace {

constexpr std::size_t curve_cells = 60;

using points = std::vector<std::optional<double>>;

std::string number_text(std::optional<double> n) {
    if (!n)
        return std::string(top::unknown_text);
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", *n);
    return text;
}

points points_of(const json::value& line) {
    points all;
    for (const auto& each : items_of(line, "values"))
        all.push_back(each.is_number() ? std::optional(each.to_number<double>()) : std::nullopt);
    return all;
}

std::string labels_of(const json::value& line) {
    const auto* labels = member_of(line, "labels");
    const auto text = labels && labels->is_object() ? fields_text(labels->get_object()) : "";
    return text.empty() ? "all" : text;
}

table_row row_of(const json::value& line) {
    const auto all = points_of(line);
    std::optional<double> lowest, highest, last;
    for (const auto& each : all) {
        if (!each)
            continue;
        lowest = std::min(lowest.value_or(*each), *each);
        highest = std::max(highest.value_or(*each), *each);
        last = each;
    }
    return {labels_of(line), number_text(lowest), number_text(highest), number_text(last),
            top::curve_text(in_parts(all, curve_cells), std::min(all.size(), curve_cells))};
}

} // namespace

std::vector<std::optional<double>> in_parts(const std::vector<std::optional<double>>& values, std::size_t parts) {
    const auto count = std::min(values.size(), parts);
    points made;
    for (std::size_t part = 0; part < count; ++part) {
        double sum = 0;
        std::size_t known = 0;
        for (auto i = part * values.size() / count; i < (part + 1) * values.size() / count; ++i)
            if (values[i]) {
                sum += *values[i];
                ++known;
            }
        made.push_back(known > 0 ? std::optional(sum / static_cast<double>(known)) : std::nullopt);
    }
    return made;
}

std::string metric_list_of(const json::array& metrics) {
    std::vector<table_row> rows;
    for (const auto& each : metrics)
        rows.push_back({cell_of(each, "name"), cell_of(each, "type"), cell_of(each, "series"),
                        number_text(known_number_of(each, "last")), cell_of(each, "help")});
    return table({"NAME", "TYPE", "SERIES", "LAST", "WHAT IT IS"}, rows);
}

std::string metric_curves_of(const json::value& drawn) {
    const auto& times = items_of(drawn, "times");
    auto text = printable(cell_of(drawn, "name")) + "  " + printable(cell_of(drawn, "show"));
    if (const auto unit = printable(cell_of(drawn, "unit")); !unit.empty())
        text += " in " + unit;
    if (!times.empty() && times.front().is_int64() && times.back().is_int64())
        text += ", from " + time_text(times.front().get_int64()) + " to " + time_text(times.back().get_int64());
    std::vector<table_row> rows;
    for (const auto& each : items_of(drawn, "lines"))
        rows.push_back(row_of(each));
    return text + "\n\n" + table({"SERIES", "LOWEST", "HIGHEST", "LAST", "CURVE"}, rows);
}

json::value metric_row_document_of(const json::value& row) {
    json::object out;
    for (const auto* name : {"name", "type", "unit", "help", "series", "labels", "last"})
        out[name] = value_or_null(row, name);
    return out;
}

json::value metric_document_of(const json::value& drawn) {
    json::object out;
    for (const auto* name : {"name", "type", "unit", "show", "step", "more"})
        out[name] = value_or_null(drawn, name);
    json::array times, lines;
    for (const auto& each : items_of(drawn, "times"))
        times.emplace_back(each.is_int64() ? json::value(time_text(each.get_int64())) : json::value());
    for (const auto& each : items_of(drawn, "lines"))
        lines.push_back({{"labels", value_or_null(each, "labels")}, {"values", value_or_null(each, "values")}});
    out["times"] = std::move(times);
    out["lines"] = std::move(lines);
    return out;
}

} // namespace infra::cli
