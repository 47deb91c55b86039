#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "log_shown.hpp"
#include "not_empty.hpp"
#include "printable.hpp"
#include "table.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

struct levels_words {
    service_place place;
    std::string level;
    std::string module;
    std::string how_long;
    bool undo = false;
};

std::int64_t minutes_of_change(const std::string& given) {
    using namespace std::chrono;
    const auto time = parse_duration(given);
    if (!time || *time < minutes(1) || *time > hours(24) || *time % minutes(1) != milliseconds(0))
        throw std::invalid_argument("--for: expected whole minutes, from 1m to 24h");
    return duration_cast<minutes>(*time).count();
}

json::value order_of(const levels_words& words) {
    return {{"module", words.module},
            {"to", words.level},
            {"minutes", minutes_of_change(words.how_long.empty() ? "10m" : words.how_long)}};
}

void check_levels(const levels_words& words) {
    const bool about_level = !words.module.empty() || !words.how_long.empty();
    if (words.undo && (about_level || !words.level.empty()))
        throw std::invalid_argument("--undo: takes all changes back at once; leave the rest out");
    if (words.level.empty() && about_level)
        throw std::invalid_argument("--module, --for: which level? Say debug, info, warn or error");
}

// --- shown --------------------------------------------------------------------------------------------------------

table_row level_row_of(const std::string& name, const json::value& rule, const json::value& levels) {
    const auto& changes = items_of(levels, "changed");
    const auto change = std::ranges::find_if(
        changes, [&](const json::value& each) { return cell_of(each, "module") == cell_of(rule, "module"); });
    if (change == changes.end())
        return {name, cell_of(rule, "level")};
    return {name, cell_of(rule, "level"), time_text(integer_of(*change, "until")), cell_of(*change, "by")};
}

std::string level_table_of(const json::value& levels) {
    const auto& rules = items_of(levels, "modules");
    std::vector<table_row> rows{level_row_of(rules.empty() ? "all" : "all others", levels, levels)};
    for (const auto& each : rules)
        rows.push_back(level_row_of(cell_of(each, "module"), each, levels));
    return table({"MODULE", "LEVEL", "UNTIL", "BY"}, rows);
}

json::value change_document_of(const json::value& change) {
    const auto module = cell_of(change, "module");
    return {{"module", module.empty() ? json::value() : json::value(module)},
            {"level", value_or_null(change, "level")},
            {"until", time_text(integer_of(change, "until"))},
            {"by", value_or_null(change, "by")}};
}

json::value levels_document_of(const json::value& levels) {
    json::array rules, changed;
    for (const auto& each : items_of(levels, "modules"))
        rules.push_back({{"module", value_or_null(each, "module")}, {"level", value_or_null(each, "level")}});
    std::ranges::transform(items_of(levels, "changed"), std::back_inserter(changed), change_document_of);
    return {{"level", value_or_null(levels, "level")},
            {"modules", std::move(rules)},
            {"changed", std::move(changed)},
            {"known", json::value(items_of(levels, "known"))}};
}

// A level of a module that nobody writes as changes nothing, and looks as if it had.
std::string doubt_about(const std::string& module, const json::value& levels) {
    std::vector<std::string> known;
    for (const auto& each : items_of(levels, "known"))
        if (each.is_string())
            known.emplace_back(each.get_string());
    const auto writes = [&](const std::string& name) { return name == module || name.starts_with(module + "."); };
    if (module.empty() || std::ranges::any_of(known, writes))
        return "";
    const auto meant = nearest(module, known);
    return "no line of '" + module + "' is among the newest" + (meant.empty() ? "" : "; did you mean " + meant + "?");
}

// --- the verb -----------------------------------------------------------------------------------------------------

awaitable<exit_code> ask_levels(levels_words words, service_access at, const output& to) {
    const dashboard_client service(co_await asio::this_coro::executor, std::move(at));
    json::value levels;
    if (words.undo)
        levels = co_await service.send(http::method::delete_, "/logs/levels", nullptr);
    else if (!words.level.empty())
        levels = co_await service.send(http::method::put, "/logs/levels", order_of(words));
    else
        levels = co_await service.get("/logs/levels");
    to.print(level_table_of(levels), levels_document_of(levels));
    if (const auto doubt = doubt_about(words.module, levels); !doubt.empty() && !to.json)
        to.err << "infra: " << printable(doubt) << '\n';
    co_return exit_code::ok;
}

} // namespace

void add_levels(frame& f) {
    const auto words = std::make_shared<levels_words>();
    auto& app = f.add(
        {.name = "levels",
         .description = "Shows from which level on the modules of a running service write into its log, and changes "
                        "that for a while: it goes back by itself, and when the service ends. It asks the service's "
                        "dashboard, with INFRA_ADMIN_TOKEN.",
         .examples = {"infra levels", "infra levels debug --module db.pool --for 30m",
                      "infra levels warn               # of all without a level of their own", "infra levels --undo"}},
        [words](const output& to) {
            return told_how_it_ends(to, [&] {
                check_levels(*words);
                return until_interrupted(ask_levels(*words, access_to(words->place), to));
            });
        });
    app.add_option("level", words->level, "From this one on, for a while")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    app.add_option("--module", words->module, "Only this one and those below it: db has db.pool")->check(not_empty);
    app.add_option("--for", words->how_long, "How long, from 1m to 24h; default 10m")->check(not_empty);
    app.add_flag("--undo", words->undo, "Take all changes back now");
    add_place(app, words->place);
}

} // namespace infra::cli
