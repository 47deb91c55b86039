#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "log_shown.hpp"
#include "printable.hpp"
#include "table.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

struct actions_words {
    service_place place;
    std::size_t limit = 50;
};

json::value action_document_of(const json::value& action) {
    json::object made;
    for (const auto* name : {"at", "who", "address", "what", "method", "path", "status", "outcome", "ms", "trace"})
        made[name] = value_or_null(action, name);
    made["at"] = time_text(integer_of(action, "at"));
    return made;
}

std::string actions_table_of(const json::array& all) {
    std::vector<table_row> rows;
    for (const auto& each : all)
        rows.push_back({time_text(integer_of(each, "at")), cell_of(each, "who"), cell_of(each, "address"),
                        cell_of(each, "outcome"), cell_of(each, "what"), cell_of(each, "path")});
    return table({"TIME", "WHO", "FROM", "OUTCOME", "WHAT", "PATH"}, rows);
}

awaitable<exit_code> list_actions(actions_words words, service_access at, const output& to) {
    const dashboard_client from(co_await asio::this_coro::executor, std::move(at));
    const auto [all, more] = co_await from.list("/actions", {}, words.limit);
    json::array documents;
    std::ranges::transform(all, std::back_inserter(documents), action_document_of);
    if (to.json || !all.empty())
        to.print(actions_table_of(all), {{"actions", std::move(documents)}, {"more", more}});
    if (!to.json && all.empty())
        to.err << "infra: nobody has changed anything by the dashboard since the service began\n";
    else if (!to.json && more)
        to.err << "infra: there are more; --limit shows them\n";
    co_return exit_code::ok;
}

awaitable<exit_code> make_login_link(service_access at, const output& to) {
    const auto url = service_root(at.url);
    const dashboard_client from(co_await asio::this_coro::executor, std::move(at));
    const auto made = co_await from.send(http::method::post, "/login-link", nullptr);
    const auto path = cell_of(made, "path");
    if (!path.starts_with('/'))
        throw refused(exit_code::failed, "the service answered without a link; is --url that of the service?");
    const auto link = url + path;
    to.print(printable(link), {{"url", link}, {"seconds", integer_of(made, "seconds")}});
    if (!to.json)
        to.err << "infra: good once, for " << integer_of(made, "seconds") / 60
               << " minutes, from the service's own machine or a tunnel to it\n";
    co_return exit_code::ok;
}

} // namespace

void add_actions(frame& f) {
    const auto words = std::make_shared<actions_words>();
    auto& app =
        f.add({.name = "actions",
               .description = "Lists what was changed by a running service's dashboard, and by commands that ask "
                              "it: who, from where, how it ended; the newest first. With INFRA_ADMIN_TOKEN.",
               .examples = {"infra actions", "infra actions --json | jq '.actions[].what'"}},
              [words](const output& to) {
                  return told_how_it_ends(
                      to, [&] { return until_interrupted(list_actions(*words, access_to(words->place), to)); });
              });
    app.add_option("-n,--limit", words->limit, "At most so many")->capture_default_str()->check(CLI::Range(1, 10'000));
    add_place(app, words->place);
}

void add_login(frame& f) {
    const auto place = std::make_shared<service_place>();
    auto& app = f.add(
        {.name = "login",
         .description = "Prints a link with which a browser gets into a running service's dashboard, once. It asks "
                        "the service, with INFRA_ADMIN_TOKEN; one that says itself who may gives none.",
         .examples = {"infra login", "xdg-open \"$(infra login --url http://127.0.0.1:3000)\""}},
        [place](const output& to) {
            return told_how_it_ends(to, [&] { return until_interrupted(make_login_link(access_to(*place), to)); });
        });
    add_place(app, *place);
}

} // namespace infra::cli
