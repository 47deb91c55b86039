#include "top_sheets.hpp"

#include <algorithm>

namespace infra::cli::top {
namespace {

sheet queues_sheet(const picture& shown) {
    sheet made{.columns = {{"QUEUE", 0, aligned::left},
                           {"WAITING", 9},
                           {"OLDEST", 8},
                           {"FINISHED", 9},
                           {"FAILING", 8},
                           {"ACTIVE", 7},
                           {"DELAYED", 8},
                           {"FAILED", 7},
                           {"WORKERS", 8}},
               .rows = {},
               .nothing = "no queue has been used yet"};
    for (const auto& each : shown.figures.queues) {
        const auto& q = each.now;
        const auto oldest = q.waiting > 0 ? std::optional(q.oldest_seconds) : std::nullopt;
        made.rows.push_back(
            {.cells = {one_line(each.name) + (q.paused ? " (paused)" : ""), count_text(q.waiting),
                       duration_text(oldest), rate_text(each.finished), rate_text(each.failing), count_text(q.active),
                       count_text(q.delayed), count_text(q.failed), count_text(q.workers)},
             .sorted_by = {q.waiting, oldest, each.finished, each.failing, q.active, q.delayed, q.failed, q.workers},
             .how = each.failing.value_or(0) > 0      ? mood::bad
                    : q.workers == 0 && q.waiting > 0 ? mood::doubt
                                                      : mood::plain});
    }
    return made;
}

sheet routes_sheet(const picture& shown) {
    sheet made{
        .columns = {{"ROUTE", 0, aligned::left}, {"REQUESTS", 9}, {"ERRORS", 8}, {"P50", 7}, {"P95", 7}, {"P99", 7}},
        .rows = {},
        .nothing = "no request has been answered yet"};
    for (const auto& each : shown.figures.routes) {
        const auto& d = each.durations;
        made.rows.push_back({.cells = {one_line(each.name), rate_text(each.requests), rate_text(each.errors),
                                       duration_text(d.p50), duration_text(d.p95), duration_text(d.p99)},
                             .sorted_by = {each.requests, each.errors, d.p50, d.p95, d.p99},
                             .how = each.errors.value_or(0) > 0 ? mood::bad : mood::plain});
    }
    return made;
}

mood mood_of(std::string_view status) {
    return status == "healthy" ? mood::plain : status == "degraded" ? mood::doubt : mood::bad;
}

sheet checks_sheet(const picture& shown) {
    sheet made{.columns = {{"CHECK", 20, aligned::left}, {"STATUS", 10, aligned::left}, {"WHY", 0, aligned::left}},
               .rows = {},
               .nothing = "the service has no checks, or does not list them"};
    for (const auto& each : shown.last ? shown.last->checks : std::vector<check_reading>{})
        made.rows.push_back({.cells = {one_line(each.name), one_line(each.status), one_line(each.message)},
                             .how = mood_of(each.status)});
    return made;
}

sheet attention_sheet(const picture& shown) {
    sheet made{.columns = {{"SEVERITY", 8, aligned::left}, {"WHAT", 0, aligned::left}, {"COUNT", 7}},
               .rows = {},
               .nothing = "nothing needs attention"};
    if (shown.last && !shown.last->note.empty())
        made.nothing = "not known: only operators are told";
    for (const auto& each : shown.last ? shown.last->concerns : std::vector<concern_reading>{})
        made.rows.push_back({.cells = {one_line(each.severity), one_line(each.text), count_text(each.count)},
                             .how = each.severity == "error" ? mood::bad : mood::doubt});
    return made;
}

// What is not known comes last, whatever the direction.
bool before(const sheet_row& a, const sheet_row& b, sorting by) {
    if (by.column > 0) {
        const auto &x = a.sorted_by[by.column - 1], &y = b.sorted_by[by.column - 1];
        if (x.has_value() != y.has_value())
            return x.has_value();
        if (x && *x != *y)
            return by.reversed ? *x < *y : *x > *y;
    }
    return by.column == 0 && by.reversed ? a.cells > b.cells : a.cells < b.cells;
}

} // namespace

sheet sheet_of(const picture& shown, section of, sorting order) {
    switch (of) {
    case section::routes: {
        auto made = routes_sheet(shown);
        std::ranges::sort(made.rows, [&](const auto& a, const auto& b) { return before(a, b, order); });
        return made;
    }
    case section::checks: {
        auto made = checks_sheet(shown);
        std::ranges::sort(made.rows, [](const auto& a, const auto& b) {
            return a.how == b.how ? a.cells < b.cells : a.how > b.how; // the worst first
        });
        return made;
    }
    case section::attention: return attention_sheet(shown);
    default: {
        auto made = queues_sheet(shown);
        std::ranges::sort(made.rows, [&](const auto& a, const auto& b) { return before(a, b, order); });
        return made;
    }
    }
}

} // namespace infra::cli::top
