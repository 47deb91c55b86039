#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "log_shown.hpp"
#include "table.hpp"
#include "top_figures.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <infra/base/clock.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <numeric>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

struct errors_words {
    service_place place;
    std::string module;
    std::string since = "15m";
    std::size_t limit = 50;
};

std::string minutes_back(const std::string& given) {
    using namespace std::chrono;
    const auto back = parse_duration(given);
    if (!back || *back < minutes(1) || *back > hours(1))
        throw std::invalid_argument("--since: expected how long ago, from 1m to 1h, which is what a service keeps");
    return std::to_string(ceil<minutes>(*back).count());
}

json::array wanted(const json::value& page, const errors_words& words) {
    json::array found;
    for (const auto& each : items_of(page, "items")) {
        const auto module = cell_of(each, "module");
        const bool fits = words.module.empty() || module == words.module || module.starts_with(words.module + ".");
        if (fits && found.size() < words.limit)
            found.push_back(each);
    }
    return found;
}

std::vector<std::optional<double>> by_minute(const json::value& page, std::string_view level) {
    std::vector<std::optional<double>> counts;
    const auto minutes = value_or_null(page, "minutes");
    for (const auto& each : items_of(minutes, level))
        counts.emplace_back(each.is_number() ? each.to_number<double>() : 0);
    return counts;
}

std::string level_line_of(const json::value& page, std::string_view level) {
    const auto counts = by_minute(page, level);
    const auto sum = std::accumulate(counts.begin(), counts.end(), 0.0,
                                     [](double all, const auto& each) { return all + each.value_or(0); });
    return top::count_text(sum) + "  " + top::curve_text(counts, counts.size());
}

std::string error_groups_text_of(const json::value& page, const json::array& groups, wall_time now) {
    std::vector<table_row> rows;
    for (const auto& each : groups)
        rows.push_back({cell_of(each, "count"), age_text(each, "last", now), age_text(each, "first", now),
                        cell_of(each, "module"), cell_of(each, "trace"), cell_of(each, "text")});
    return fact_sheet({{"errors", level_line_of(page, "error")}, {"warnings", level_line_of(page, "warn")}}) +
           (rows.empty() ? "" : "\n\n" + table({"COUNT", "LAST", "FIRST", "MODULE", "TRACE", "ERROR"}, rows));
}

json::value error_group_document_of(const json::value& group) {
    json::object out;
    for (const auto* name : {"count", "first", "last", "module", "trace", "text", "words"})
        out[name] = value_or_null(group, name);
    for (const auto* name : {"first", "last"})
        out[name] = time_text(integer_of(group, name));
    return out;
}

awaitable<exit_code> show_errors(errors_words words, service_access at, const output& to) {
    const dashboard_client service(co_await asio::this_coro::executor, std::move(at));
    const auto page = co_await service.get(with_query("/logs/errors", {{"minutes", minutes_back(words.since)}}));
    const auto groups = wanted(page, words);
    json::array documents;
    std::ranges::transform(groups, std::back_inserter(documents), error_group_document_of);
    to.print(error_groups_text_of(page, groups, real_clock().wall()),
             {{"errors", std::move(documents)}, {"minutes", value_or_null(page, "minutes")}});
    if (groups.empty() && !to.json)
        to.err << "infra: no error since then\n";
    co_return exit_code::ok;
}

} // namespace

void add_errors(frame& f) {
    const auto words = std::make_shared<errors_words>();
    auto& app = f.add(
        {.name = "errors",
         .description =
             "Shows what went wrong of late in a running service, by its log: equal errors once, the most frequent "
             "first, each with how often, when last and first, and the trace of the latest. It asks the service's "
             "dashboard, with INFRA_ADMIN_TOKEN.",
         .examples = {"infra errors --since 1h", "infra errors --module queue",
                      "infra errors --json | jq -r '.errors[0].trace'     # infra traces shows it"}},
        [words](const output& to) {
            return told_how_it_ends(
                to, [&] { return until_interrupted(show_errors(*words, access_to(words->place), to)); });
        });
    app.add_option("--since", words->since, "How far back to count, from 1m to 1h")->capture_default_str();
    app.add_option("--module", words->module, "Only of this one and those below it: db has db.pool");
    app.add_option("-n,--limit", words->limit, "At most so many")->capture_default_str()->check(CLI::Range(1, 200));
    add_place(app, words->place);
}

} // namespace infra::cli
