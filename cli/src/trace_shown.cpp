#include "trace_shown.hpp"

#include "cell_text.hpp"
#include "json_members.hpp"
#include "log_shown.hpp"
#include "printable.hpp"
#include "table.hpp"
#include "terminal.hpp"
#include "top_figures.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

constexpr std::size_t bar_cells = 32;
constexpr std::size_t time_cells = 8;
constexpr std::size_t deepest_shown = 24;

std::string began(const json::value& trace) { return time_text(integer_of(trace, "start")); }

// What a double says may be more than a whole number takes.
std::string milliseconds_text(const json::value& of, std::string_view name) {
    return microseconds_text(static_cast<std::int64_t>(std::clamp(number_of(of, name) * 1e3, 0.0, 1e15)));
}

// --- a trace ------------------------------------------------------------------------------------------------------

std::string head_of(const json::value& trace) {
    auto text = printable(cell_of(trace, "name")) + "  " + printable(cell_of(trace, "trace")) + "\nbegan " +
                began(trace) + ", took " + microseconds_text(integer_of(trace, "us")) + ", " +
                std::to_string(items_of(trace, "spans").size()) + " spans";
    if (const auto more = integer_of(trace, "left_out"); more > 0)
        text += " and " + std::to_string(more) + " that are not kept";
    return text + (is_so(trace, "failed") ? ", failed" : "") + (is_so(trace, "open") ? ", goes on" : "");
}

std::string name_of_span(const json::value& span, bool colours) {
    const auto depth = std::clamp<std::int64_t>(integer_of(span, "depth"), 0, deepest_shown);
    const bool failed = is_so(span, "failed");
    auto text = std::string(static_cast<std::size_t>(depth) * 2, ' ') +
                painted(colours && failed, ink::bad, printable(cell_of(span, "name")));
    if (failed)
        text += "  failed";
    if (const auto why = printable(cell_of(span, "error")); !why.empty())
        text += ": " + why;
    return text + (is_so(span, "open") ? "  goes on" : "");
}

std::string line_of(const json::value& span, std::int64_t total, bool colours) {
    const auto start = integer_of(span, "start"), took = integer_of(span, "us");
    const bool critical = is_so(span, "critical");
    return std::string(critical ? "*" : " ") + fitted(microseconds_text(start), time_cells, aligned::right) + "  " +
           fitted(microseconds_text(took), time_cells, aligned::right) + "  " +
           painted(colours, critical ? ink::strong : ink::faint, bar_of(start, took, total, bar_cells, critical)) +
           "  " + name_of_span(span, colours);
}

std::string attributes_below(const json::value& span, bool colours) {
    const auto* found = member_of(span, "attributes");
    const auto text = found && found->is_object() ? fields_text(found->get_object()) : "";
    const auto depth = std::clamp<std::int64_t>(integer_of(span, "depth"), 0, deepest_shown);
    const auto indent = 1 + 2 * (time_cells + 2) + bar_cells + 2 + static_cast<std::size_t>(depth) * 2;
    return text.empty() ? "" : "\n" + std::string(indent, ' ') + painted(colours, ink::faint, text);
}

// What else of our own knows of it.
std::string relations_of(const json::value& trace) {
    std::string jobs, mails;
    for (const auto& each : items_of(trace, "jobs"))
        jobs += (jobs.empty() ? "" : ", ") + cell_of(each, "queue") + "/" + cell_of(each, "id");
    for (const auto& each : items_of(trace, "mails"))
        mails += (mails.empty() ? "" : ", ") + (each.is_string() ? std::string(each.get_string()) : "");
    return fact_sheet({{"jobs", jobs}, {"mails", mails}});
}

json::value span_document_of(const json::value& span) {
    json::object out;
    for (const auto* name : {"id", "parent", "name", "kind", "depth", "start", "us", "own", "critical", "open",
                             "failed", "error", "attributes", "events", "links", "dropped"})
        out[name] = value_or_null(span, name);
    out["cut"] = is_so(span, "cut");
    return out;
}

} // namespace

std::string microseconds_text(std::int64_t us) {
    return us < 1'000 ? std::to_string(us) + "µs" : top::duration_text(static_cast<double>(us) / 1e6);
}

std::string bar_of(std::int64_t start, std::int64_t took, std::int64_t total, std::size_t cells, bool critical) {
    const auto whole = static_cast<double>(std::max<std::int64_t>(total, 1));
    const auto width = static_cast<double>(cells);
    const auto at = [&](double us) { return static_cast<std::size_t>(std::clamp(us / whole * width, 0.0, width)); };
    const auto from = static_cast<double>(start);
    const auto begin = std::min(at(from), cells - 1);
    const auto end = std::max(begin + 1, at(from + static_cast<double>(took)));
    std::string bar(begin, ' ');
    for (auto i = begin; i < end; ++i)
        bar += critical ? "█" : "░";
    return bar + std::string(cells - end, ' ');
}

std::string trace_list_of(const json::array& traces, bool colours) {
    std::vector<table_row> rows;
    for (const auto& each : traces)
        rows.push_back({began(each), milliseconds_text(each, "ms"), cell_of(each, "spans"),
                        is_so(each, "failed") ? "failed" : "", cell_of(each, "trace"), cell_of(each, "name")});
    constexpr std::size_t failed = 3;
    return table({"BEGAN", "TOOK", "SPANS", "", "TRACE", "NAME"}, rows,
                 [colours](std::size_t, std::size_t column, std::string_view cell) {
                     return painted(colours && column == failed, ink::bad, cell);
                 });
}

std::string trace_names_of(const json::array& names) {
    std::vector<table_row> rows;
    for (const auto& each : names)
        rows.push_back({cell_of(each, "count"), cell_of(each, "failed"), milliseconds_text(each, "slowest"),
                        cell_of(each, "name")});
    return table({"COUNT", "FAILED", "SLOWEST", "NAME"}, rows);
}

std::string waterfall_of(const json::value& trace, bool attributes, bool colours) {
    auto text = head_of(trace) + "\n\n" + fitted("START", time_cells + 1, aligned::right) + "  " +
                fitted("TOOK", time_cells, aligned::right) + "  " + fitted("* what the whole waited for", bar_cells) +
                "  SPAN";
    const auto total = integer_of(trace, "us");
    for (const auto& each : items_of(trace, "spans"))
        text += "\n" + line_of(each, total, colours) + (attributes ? attributes_below(each, colours) : "");
    const auto relations = relations_of(trace);
    return text + (relations.empty() ? "" : "\n\n" + relations);
}

json::value trace_row_document_of(const json::value& row) {
    json::object out;
    for (const auto* name : {"trace", "name", "kind", "start", "ms", "spans", "failed"})
        out[name] = value_or_null(row, name);
    out["start"] = began(row);
    return out;
}

json::value trace_document_of(const json::value& trace) {
    json::object out;
    for (const auto* name : {"trace", "name", "start", "us", "failed", "open", "left_out", "jobs", "mails"})
        out[name] = value_or_null(trace, name);
    out["start"] = began(trace);
    json::array spans;
    for (const auto& each : items_of(trace, "spans"))
        spans.push_back(span_document_of(each));
    out["spans"] = std::move(spans);
    return out;
}

} // namespace infra::cli
