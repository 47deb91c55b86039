#include "health_history.hpp"

#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "log_shown.hpp"
#include "printable.hpp"
#include "table.hpp"
#include "top_figures.hpp"
#include "until_interrupted.hpp"

#include <infra/base/clock.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace infra::cli {
namespace {

constexpr std::size_t shown_runs = 20;

int badness_of(const json::value& check) {
    const auto status = cell_of(check, "status");
    return status == "healthy" ? 0 : status == "degraded" ? 1 : 2;
}

std::string state_of(const json::value& check) {
    return is_so(check, "skipped") ? "not run" : cell_of(check, "status");
}

ink check_ink_of(const json::value& check) {
    const int bad = badness_of(check);
    return is_so(check, "skipped") ? ink::faint : bad == 0 ? ink::good : bad == 1 ? ink::doubt : ink::bad;
}

// A letter a run, the newest last: the higher, the worse.
std::string runs_of(const json::value& check) {
    constexpr std::string_view heights[] = {"▁", "▄", "█"};
    const auto& runs = items_of(check, "history");
    std::string text;
    for (auto i = runs.size() - std::min(runs.size(), shown_runs); i < runs.size(); ++i)
        text += heights[badness_of(runs[i])];
    return text;
}

table_row check_row_of(const json::value& check, wall_time now) {
    const auto took = known_number_of(check, "ms");
    return {cell_of(check, "name"),
            state_of(check),
            top::duration_text(took ? std::optional(*took / 1e3) : std::nullopt),
            age_text(check, "checked", now),
            age_text(check, "changed", now),
            runs_of(check),
            is_so(check, "critical") ? "readiness" : "warnings",
            cell_of(check, "message")};
}

std::string health_head_of(const json::value& seen, wall_time now, bool colours) {
    auto text = painted(colours, check_ink_of(seen), printable(cell_of(seen, "status")));
    if (const auto since = integer_of(seen, "since"); since != 0)
        text += " since " + time_text(since) + ", " + age_text(seen, "since", now);
    text += is_so(seen, "live") ? "; it lives" : "; it should be started anew";
    return text + (is_so(seen, "ready") ? ", and is ready" : ", and gets no requests");
}

json::value run_document_of(const json::value& run) {
    return {{"at", time_document_of(run, "at")},
            {"status", value_or_null(run, "status")},
            {"ms", value_or_null(run, "ms")}};
}

json::value check_document_of(const json::value& check) {
    json::object out;
    for (const auto* name : {"name", "status", "critical", "skipped", "message", "details", "ms", "failures"})
        out[name] = value_or_null(check, name);
    for (const auto* name : {"checked", "changed", "last_success", "last_failure"})
        out[name] = time_document_of(check, name);
    json::array runs;
    std::ranges::transform(items_of(check, "history"), std::back_inserter(runs), run_document_of);
    out["history"] = std::move(runs);
    return out;
}

awaitable<exit_code> ask_health_page(service_access at, bool now, const output& to) {
    const dashboard_client service(co_await asio::this_coro::executor, std::move(at));
    json::value seen;
    if (now)
        seen = co_await service.send(http::method::post, "/health/run", nullptr);
    else
        seen = co_await service.get("/health");
    to.print(health_history_of(seen, real_clock().wall(), to.colours), health_history_document_of(seen));
    co_return badness_of(seen) == 2 ? exit_code::unhealthy : exit_code::ok;
}

} // namespace

exit_code show_health_history(const service_place& place, bool now, const output& to) {
    return told_how_it_ends(to, [&] { return until_interrupted(ask_health_page(access_to(place), now, to)); });
}

std::string health_history_of(const json::value& seen, wall_time now, bool colours) {
    auto checks = items_of(seen, "checks");
    std::ranges::sort(checks, [](const json::value& a, const json::value& b) {
        const auto x = badness_of(a), y = badness_of(b);
        return x != y ? x > y : cell_of(a, "name") < cell_of(b, "name");
    });
    std::vector<table_row> rows;
    for (const auto& each : checks)
        rows.push_back(check_row_of(each, now));
    const auto paint = [&](std::size_t row, std::size_t column, std::string_view cell) {
        return painted(colours && column == 1, check_ink_of(checks[row]), cell);
    };
    const table_row heads{"CHECK", "STATE", "TOOK", "LOOKED", "CHANGED", "LAST RUNS", "COUNTS FOR", "SAYS"};
    return health_head_of(seen, now, colours) + (rows.empty() ? "" : "\n\n" + table(heads, rows, paint));
}

json::value health_history_document_of(const json::value& seen) {
    json::object out;
    for (const auto* name : {"status", "live", "ready", "partial"})
        out[name] = value_or_null(seen, name);
    out["since"] = time_document_of(seen, "since");
    json::array checks;
    std::ranges::transform(items_of(seen, "checks"), std::back_inserter(checks), check_document_of);
    out["checks"] = std::move(checks);
    return out;
}

} // namespace infra::cli
