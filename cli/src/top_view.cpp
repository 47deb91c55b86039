#include "top_view.hpp"

#include "top_sheets.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace infra::cli::top {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t label_cells = 13;
constexpr std::size_t value_cells = 14;
constexpr std::size_t least_curve = 4;
constexpr std::size_t narrow = 72; // columns: only the keys that lead to all others
constexpr std::array<std::string_view, sections> section_names{"Overview", "Queues", "Routes", "Checks", "Attention"};

tint tint_of(mood how) { return how == mood::bad ? tint::bad : how == mood::doubt ? tint::doubt : tint::plain; }

std::size_t cells_of(const line& of) {
    std::size_t all = 0;
    for (const auto& each : of)
        all += cli::cells_of(each.text);
    return all;
}

// What is too long is cut at the end.
line cut(line from, std::size_t columns) {
    std::size_t left = columns;
    line made;
    for (auto& each : from) {
        const auto cells = cli::cells_of(each.text);
        if (cells > left)
            each.text = left > 0 ? fitted(each.text, left) : "";
        left -= std::min(left, cells);
        if (!each.text.empty())
            made.push_back(std::move(each));
    }
    return made;
}

// The right part at the margin, if there is room for it beside the left.
line spread(line left, line right, std::size_t columns) {
    const auto used = cells_of(left), more = cells_of(right);
    if (more == 0 || used + more + gap > columns)
        return cut(std::move(left), columns);
    left.push_back({std::string(columns - used - more, ' ')});
    std::ranges::move(right, std::back_inserter(left));
    return left;
}

// --- above and below ----------------------------------------------------------------------------------------------

tint tint_of_state(std::string_view state) {
    return state == "healthy"    ? tint::good
           : state == "degraded" ? tint::doubt
           : state == "unknown"  ? tint::faint
                                 : tint::bad;
}

line status_line(const picture& shown, const place& of, std::size_t columns) {
    const auto state = state_of(shown);
    line left{{" ● " + state, tint_of_state(state)}, {"  " + name_of(shown), tint::strong}};
    if (const auto up = shown.uptime_seconds())
        left.push_back({"  up " + duration_text(*up)});
    return spread(std::move(left), {{one_line(of.url) + " ", tint::faint}}, columns);
}

line remark_line(const picture& shown, std::size_t columns, steady_time now) {
    const auto what = remark_on(shown, now);
    return what ? cut({{" " + what->text, what->how == mood::plain ? tint::faint : tint_of(what->how)}}, columns)
                : line{};
}

std::string counted_name(std::size_t which, const picture& shown) {
    std::string name(section_names[which]);
    const auto concerns = shown.last ? shown.last->concerns.size() : 0;
    if (static_cast<section>(which) == section::attention && concerns > 0)
        name += " (" + std::to_string(concerns) + ")";
    return name;
}

line section_line(const picture& shown, const view& how, std::size_t columns) {
    line left{{" "}};
    for (std::size_t i = 0; i < sections; ++i) {
        const bool chosen = how.at == static_cast<section>(i);
        const auto name = std::to_string(i + 1) + " " + counted_name(i, shown);
        left.push_back({chosen ? "[" + name + "]" : " " + name + " ", chosen ? tint::chosen : tint::plain});
    }
    return spread(std::move(left), how.paused ? line{{" PAUSED ", tint::chosen}, {" "}} : line{}, columns);
}

line key_line(const view& how, const screen& made, std::size_t shown_lines, std::size_t columns) {
    std::string where;
    if (made.most_scroll > 0) {
        const auto first = std::min(how.scroll, made.most_scroll);
        where = std::to_string(first + 1) + "–" + std::to_string(first + made.page) + " of " +
                std::to_string(shown_lines) + " ";
    }
    const std::string_view keys =
        columns < narrow ? " q quit · ? help" : " q quit · space pause · tab section · s sort · ? help";
    return spread({{std::string(keys), tint::faint}}, {{where, tint::faint}}, columns);
}

// --- tables -------------------------------------------------------------------------------------------------------

// As many as fit, from the left; the one without a width has at least so many cells.
constexpr std::size_t least_text = 14;

std::vector<std::size_t> widths_of(const sheet& of, std::size_t columns) {
    std::vector<std::size_t> widths;
    std::size_t used = 1;
    for (const auto& each : of.columns)
        used += each.cells == 0 ? least_text : 0;
    for (const auto& each : of.columns) {
        if (each.cells > 0 && used + each.cells + gap > columns && !widths.empty())
            break;
        used += each.cells == 0 ? 0 : each.cells + gap;
        widths.push_back(each.cells);
    }
    const auto rest = columns > used ? columns - used : 0;
    for (auto& each : widths)
        each = each == 0 ? least_text + rest : each;
    return widths;
}

std::string cells_in_line(const sheet& of, const std::vector<std::size_t>& widths, const auto& cell) {
    std::string text(1, ' ');
    for (std::size_t i = 0; i < widths.size(); ++i)
        text += (i > 0 ? std::string(gap, ' ') : "") + fitted(cell(i), widths[i], of.columns[i].how);
    return text;
}

std::string head_of(const sheet& of, std::size_t column, sorting order, bool sortable) {
    std::string head(of.columns[column].head);
    return sortable && order.column == column ? head + (order.reversed ? "▴" : "▾") : head;
}

line heads_line(const sheet& of, const std::vector<std::size_t>& widths, sorting order, bool sortable) {
    return {{cells_in_line(of, widths, [&](std::size_t i) { return head_of(of, i, order, sortable); }), tint::faint}};
}

void add_rows(std::vector<line>& to, const sheet& of, const std::vector<std::size_t>& widths) {
    for (const auto& row : of.rows)
        to.push_back({{cells_in_line(of, widths, [&](std::size_t i) { return row.cells[i]; }), tint_of(row.how)}});
    if (of.rows.empty())
        to.push_back({{" " + std::string(of.nothing), tint::faint}});
}

// --- the body -----------------------------------------------------------------------------------------------------

/// Lines that stay, and lines that scroll below them.
struct body {
    std::vector<line> fixed{};
    std::vector<line> scrolled{};
};

std::size_t figures_beside(std::size_t columns) {
    constexpr std::size_t two = 58, one = 40;
    return columns < two ? 1 : std::max<std::size_t>(2, (columns + gap) / one);
}

line figure_cell(const figure& one, const history& past, std::size_t cells) {
    const std::size_t least = label_cells + 1 + value_cells;
    const std::size_t curve = cells > least + 1 + least_curve ? cells - least - 1 : 0;
    const std::size_t label = std::min(label_cells, cells);
    const std::size_t value = cells > label + 1 ? std::min(value_cells, cells - label - 1) : 0;
    line made{{fitted(one.label, label), tint::faint}};
    made.push_back(
        {" " + fitted(one.value, value, aligned::right), one.how == mood::plain ? tint::strong : tint_of(one.how)});
    if (curve > 0)
        made.push_back({" " + (one.curve ? curve_text(past.cells(*one.curve, curve), curve) : std::string(curve, ' ')),
                        tint::good});
    return made;
}

// Read down, then to the right.
std::vector<line> figure_lines(const picture& shown, std::size_t columns) {
    const auto all = figures_of(shown);
    const auto beside = figures_beside(columns);
    const auto rows = (all.size() + beside - 1) / beside;
    const auto cells = (columns - 1 - std::min(columns - 1, gap * (beside - 1))) / beside;
    std::vector<line> lines(rows);
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto& to = lines[i % rows];
        to.push_back({i < rows ? " " : std::string(gap, ' ')});
        std::ranges::move(figure_cell(all[i], shown.past, cells), std::back_inserter(to));
    }
    return lines;
}

body section_body(const picture& shown, const view& how, std::size_t columns) {
    const auto table = sheet_of(shown, how.at, how.order());
    const auto widths = widths_of(table, columns);
    const auto heads = heads_line(table, widths, how.order(), sortable_columns(how.at) > 0);
    body made;
    if (how.at == section::overview) {
        made.scrolled = figure_lines(shown, columns);
        made.scrolled.emplace_back();
        made.scrolled.push_back(heads);
    } else {
        made.fixed = {heads};
    }
    add_rows(made.scrolled, table, widths);
    return made;
}

body help_body() {
    constexpr std::string_view text[] = {
        "q, Ctrl-C           ends",
        "space, p            stands still, and goes on",
        "tab, arrows, 1 … 5  another section",
        "j, k, up, down      a line",
        "f, b, page keys     a page",
        "g, G                the first line, the last",
        "s, r                sorts by the next column, turns the order round",
        "?                   this; any key leaves it",
        "",
        "Rates are what happened between two looks. Probes, scrapes and pages of",
        "operators are no requests here. A curve shows the last 300 looks, each of",
        "its cells the highest of a part. – is what is not known: before the second",
        "look, over a restart, or without INFRA_ADMIN_TOKEN.",
    };
    body made;
    for (const auto each : text)
        made.scrolled.push_back({{" " + std::string(each)}});
    return made;
}

body body_of(const picture& shown, const view& how, std::size_t columns) {
    if (how.help)
        return help_body();
    if (!shown.last)
        return {.fixed = {}, .scrolled = {{{" nothing is known of the service yet", tint::faint}}}};
    return section_body(shown, how, columns);
}

void dim(std::vector<line>& lines) {
    for (auto& each : lines)
        for (auto& part : each)
            part.in = tint::faint;
}

} // namespace

screen render(const picture& shown, const view& how, const place& of, extent size, steady_time now) {
    auto content = body_of(shown, how, size.columns);
    if (shown.down && !how.help) {
        dim(content.fixed);
        dim(content.scrolled);
    }
    screen made{.lines = {status_line(shown, of, size.columns), remark_line(shown, size.columns, now),
                          section_line(shown, how, size.columns)}};
    std::ranges::move(content.fixed, std::back_inserter(made.lines));
    const auto around = made.lines.size() + 1;
    made.page = size.rows > around ? size.rows - around : 1;
    const auto count = content.scrolled.size();
    made.most_scroll = count > made.page ? count - made.page : 0;
    const auto first = std::min(how.scroll, made.most_scroll);
    for (std::size_t i = first; i < std::min(count, first + made.page); ++i)
        made.lines.push_back(std::move(content.scrolled[i]));
    made.lines.resize(std::max<std::size_t>(size.rows, 1) - 1);
    made.lines.push_back(key_line(how, made, count, size.columns));
    for (auto& each : made.lines)
        each = cut(std::move(each), size.columns);
    return made;
}

std::string text_of(const line& from) {
    std::string text;
    for (const auto& each : from)
        text += each.text;
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

std::string painted(const line& from, bool colours) {
    if (!colours)
        return text_of(from);
    constexpr std::array<std::string_view, 7> begin{"",        "\x1b[32m", "\x1b[33m", "\x1b[31m",
                                                    "\x1b[2m", "\x1b[1m",  "\x1b[7m"};
    std::string text;
    for (const auto& each : from) {
        const auto& how = begin[static_cast<std::size_t>(each.in)];
        text.append(how).append(each.text).append(how.empty() ? "" : "\x1b[0m");
    }
    return text;
}

} // namespace infra::cli::top
