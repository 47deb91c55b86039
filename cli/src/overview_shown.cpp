#include "overview_shown.hpp"

#include "json_members.hpp"
#include "log_shown.hpp"
#include "metric_shown.hpp"
#include "printable.hpp"
#include "table.hpp"
#include "terminal.hpp"
#include "top_figures.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

constexpr std::size_t spark_cells = 30;

json::object members(const json::value& of, std::initializer_list<std::string_view> names) {
    json::object out;
    for (const auto name : names)
        out[name] = value_or_null(of, name);
    return out;
}

json::array all_documents_of(const json::array& all, json::value (*document)(const json::value&)) {
    json::array out;
    std::ranges::transform(all, std::back_inserter(out), document);
    return out;
}

// --- how it is ----------------------------------------------------------------------------------------------------

std::string overview_head_of(const json::value& seen, wall_time now, bool colours) {
    const auto status = cell_of(seen, "status");
    const auto with = status == "healthy" ? ink::good : status == "degraded" ? ink::doubt : ink::bad;
    auto text = painted(colours, with, printable(status));
    if (const auto since = integer_of(seen, "since"); since != 0)
        text += " since " + time_text(since) + ", " + age_text(seen, "since", now);
    for (const auto& each : items_of(seen, "causes"))
        text += "\n  " + printable(cell_of(each, "check")) + ": " + printable(cell_of(each, "text"));
    return text;
}

json::value cause_document_of(const json::value& cause) { return members(cause, {"check", "status", "text"}); }

// --- its numbers --------------------------------------------------------------------------------------------------

std::string written(std::optional<double> n, const std::string& unit) {
    if (unit == "s")
        return top::duration_text(n);
    if (unit == "ratio")
        return top::percent_text(n);
    return top::count_text(n) + (!n || unit.empty() ? "" : unit == "per_minute" ? "/min" : " " + unit);
}

bool is_over(const json::value& figure) {
    const auto value = known_number_of(figure, "value"), limit = known_number_of(figure, "limit");
    return value && limit && *value > *limit;
}

// Of nothing one need not say that it is the limit.
std::string limit_text_of(const json::value& figure) {
    const auto limit = known_number_of(figure, "limit");
    if (!limit || (*limit == 0 && !is_over(figure)))
        return "";
    return (is_over(figure) ? "above " : "") + written(limit, cell_of(figure, "unit"));
}

std::string curve_of(const json::value& figure) {
    std::vector<std::optional<double>> points;
    for (const auto& each : items_of(figure, "spark"))
        points.push_back(each.is_number() ? std::optional(each.to_number<double>()) : std::nullopt);
    auto text = top::curve_text(in_parts(points, spark_cells), std::min(points.size(), spark_cells));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

std::string figure_table_of(const json::array& figures, bool colours) {
    std::vector<table_row> rows;
    for (const auto& each : figures)
        rows.push_back({cell_of(each, "label"), written(known_number_of(each, "value"), cell_of(each, "unit")),
                        limit_text_of(each), curve_of(each)});
    return table({"FIGURE", "NOW", "LIMIT", "CURVE"}, rows,
                 [&](std::size_t row, std::size_t column, std::string_view cell) {
                     return painted(colours && column < 3 && is_over(figures[row]), ink::bad, cell);
                 });
}

json::value figure_document_of(const json::value& figure) {
    return members(figure, {"name", "label", "value", "unit", "limit", "spark"});
}

// --- what needs attention -----------------------------------------------------------------------------------------

std::string concern_table_of(const json::array& concerns, wall_time now, bool colours) {
    std::vector<table_row> rows;
    for (const auto& each : concerns)
        rows.push_back(
            {cell_of(each, "severity"), cell_of(each, "count"), age_text(each, "since", now), cell_of(each, "text")});
    return table({"SEVERITY", "COUNT", "SINCE", "NEEDS ATTENTION"}, rows,
                 [&](std::size_t row, std::size_t column, std::string_view cell) {
                     const bool bad = rows[row][0] == "error";
                     return painted(colours && column == 0, bad ? ink::bad : ink::doubt, cell);
                 });
}

json::value concern_document_of(const json::value& concern) {
    auto out = members(concern, {"severity", "text", "count", "action"});
    out["since"] = time_document_of(concern, "since");
    return out;
}

// --- what was slow ------------------------------------------------------------------------------------------------

std::string slowest_table_of(const json::array& traces, wall_time now) {
    std::vector<table_row> rows;
    for (const auto& each : traces)
        rows.push_back({top::duration_text(number_of(each, "ms") / 1e3), age_text(each, "at", now),
                        cell_of(each, "trace"), (is_so(each, "failed") ? "failed: " : "") + cell_of(each, "name")});
    return table({"TOOK", "BEGAN", "TRACE", "SLOWEST"}, rows);
}

json::value slow_document_of(const json::value& trace) {
    auto out = members(trace, {"trace", "name", "ms", "failed"});
    out["at"] = time_document_of(trace, "at");
    return out;
}

} // namespace

std::string overview_text_of(const json::value& seen, wall_time now, bool colours) {
    auto text = overview_head_of(seen, now, colours);
    if (const auto& figures = items_of(seen, "figures"); !figures.empty())
        text += "\n\n" + figure_table_of(figures, colours);
    const auto& concerns = items_of(seen, "concerns");
    text += "\n\n" + (concerns.empty() ? "nothing needs attention" : concern_table_of(concerns, now, colours));
    if (const auto& slowest = items_of(seen, "slowest"); !slowest.empty())
        text += "\n\n" + slowest_table_of(slowest, now);
    return text;
}

json::value overview_document_of(const json::value& seen) {
    auto out = members(seen, {"status", "checks"});
    out["since"] = time_document_of(seen, "since");
    out["causes"] = all_documents_of(items_of(seen, "causes"), cause_document_of);
    out["figures"] = all_documents_of(items_of(seen, "figures"), figure_document_of);
    out["attention"] = all_documents_of(items_of(seen, "concerns"), concern_document_of);
    out["slowest"] = all_documents_of(items_of(seen, "slowest"), slow_document_of);
    return out;
}

std::string news_line_of(const json::value& news, bool colours) {
    return log_line_of({{"at", value_or_null(news, "at")},
                        {"level", value_or_null(news, "severity")},
                        {"module", value_or_null(news, "kind")},
                        {"message", value_or_null(news, "text")},
                        {"trace", value_or_null(news, "trace")}},
                       colours);
}

json::value news_document_of(const json::value& news) {
    auto out = members(news, {"id", "kind", "severity", "text", "trace"});
    out["at"] = time_document_of(news, "at");
    return out;
}

} // namespace infra::cli
