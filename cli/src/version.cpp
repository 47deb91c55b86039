#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "log_shown.hpp"
#include "not_empty.hpp"
#include "table.hpp"
#include "top_figures.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <infra/base/clock.hpp>

#include <boost/asio/this_coro.hpp>
#include <boost/version.hpp>

#include <memory>

namespace infra::cli {
namespace {

exit_code show_own(const output& to) {
    const std::string boost = std::to_string(BOOST_VERSION / 100'000) + "." +
                              std::to_string(BOOST_VERSION / 100 % 1'000) + "." + std::to_string(BOOST_VERSION % 100);
    to.print("infra " INFRA_VERSION " (Clang " __clang_version__ ", Boost " + boost + ")",
             {{"version", INFRA_VERSION}, {"compiler", "Clang " __clang_version__}, {"boost", boost}});
    return exit_code::ok;
}

// --- of a service that runs ---------------------------------------------------------------------------------------

constexpr const char* facts[] = {"infra", "compiler", "boost", "assertions", "cores", "host", "process"};

std::string build_text_of(const json::value& session, const json::value& page, wall_time now) {
    const auto build = value_or_null(page, "build");
    std::vector<std::pair<std::string, std::string>> known{
        {"service", cell_of(session, "service") + " " + cell_of(session, "version")},
        {"environment", cell_of(session, "environment")}};
    for (const auto* name : facts)
        known.emplace_back(name, cell_of(build, name));
    std::vector<table_row> rows;
    for (const auto& each : items_of(page, "kept")) {
        const auto most = number_of(each, "most");
        rows.push_back({cell_of(each, "name"), age_text(each, "oldest", now), cell_of(each, "entries"),
                        top::size_text(known_number_of(each, "bytes")), most == 0 ? "" : top::size_text(most)});
    }
    return fact_sheet(known) +
           (rows.empty() ? "" : "\n\n" + table({"KEEPS", "BACK", "ENTRIES", "HOLDS", "AT MOST"}, rows));
}

json::value kept_document_of(const json::value& kept) {
    json::object out;
    for (const auto* name : {"name", "entries", "bytes", "most"})
        out[name] = value_or_null(kept, name);
    out["oldest"] = time_document_of(kept, "oldest");
    return out;
}

json::value build_document_of(const json::value& session, const json::value& page) {
    const auto build = value_or_null(page, "build");
    json::object out{{"version", value_or_null(build, "infra")},
                     {"service", value_or_null(session, "service")},
                     {"service_version", value_or_null(session, "version")},
                     {"environment", value_or_null(session, "environment")}};
    for (const auto* name : {"compiler", "boost", "assertions", "cores", "host", "process"})
        out[name] = value_or_null(build, name);
    json::array kept;
    for (const auto& each : items_of(page, "kept"))
        kept.push_back(kept_document_of(each));
    out["kept"] = std::move(kept);
    return out;
}

awaitable<exit_code> show_build_there(service_access at, const output& to) {
    const dashboard_client service(co_await asio::this_coro::executor, std::move(at));
    const auto session = co_await service.get("/session");
    if (cell_of(session, "service").empty())
        throw refused(exit_code::failed, "the service answered without its name; is --url that of the service?");
    const auto page = co_await service.get("/settings");
    to.print(build_text_of(session, page, real_clock().wall()), build_document_of(session, page));
    co_return exit_code::ok;
}

} // namespace

void add_version(frame& f) {
    const auto place = std::make_shared<service_place>();
    auto& app = f.add(
        {.name = "version",
         .description = "Shows which infra this is and what it was built with; with --url the same of a "
                        "service that runs, and what it keeps to be looked at. That takes its dashboard, "
                        "and INFRA_ADMIN_TOKEN.",
         .examples = {"infra version", "infra version --json", "infra version --url http://10.0.0.7:3000"}},
        [place](const output& to) {
            if (place->url.empty())
                return show_own(to);
            return told_how_it_ends(to, [&] { return until_interrupted(show_build_there(access_to(*place), to)); });
        });
    app.add_option("--url", place->url, "Of the service that listens there; default: of this command")
        ->check(not_empty);
    app.add_option("--timeout", place->timeout, "How long to wait for its answer")->capture_default_str();
}

} // namespace infra::cli
