#include "config_docs.hpp"
#include "config_verbs.hpp"
#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "not_empty.hpp"
#include "printable.hpp"
#include "setting_shown.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

struct show_words {
    setting_choice which;
    service_place place;
};

void print_settings(const shown_settings& shown, const std::vector<std::string>& warnings, const output& to) {
    json::array documents, said;
    std::ranges::transform(shown, std::back_inserter(documents), setting_document_of);
    for (const auto& each : warnings)
        said.push_back(json::value(each));
    to.print(setting_table_of(shown, to), {{"settings", std::move(documents)}, {"warnings", std::move(said)}});
    if (to.json)
        return;
    for (const auto& each : warnings)
        to.err << "infra: " << printable(each) << '\n';
}

// --- as a service would be started here ---------------------------------------------------------------------------

shown_setting shown_of(const app::effective_setting& s, const configuration& given) {
    const bool from_file = s.source == app::setting_source::dotenv;
    return {.name = std::string(s.known->name),
            .module = std::string(s.known->module),
            .value = s.value,
            .source = from_file ? given.file : std::string(to_string(s.source)),
            .problem = s.problem,
            .secret = s.known->secret,
            .is_set = s.source != app::setting_source::standard};
}

// In the order of the documentation.
shown_settings settings_in(const configuration& given) {
    const auto all = app::effective_settings(given.process, given.beside.values);
    shown_settings found;
    for (const auto* each : settings_of())
        for (const auto& effective : all)
            if (effective.known == each)
                found.push_back(shown_of(effective, given));
    return found;
}

exit_code show_here(const show_words& words, const configuration& given, const output& to) {
    print_settings(chosen(words.which, settings_in(given)), given.beside.problems, to);
    return exit_code::ok;
}

// --- of a service that runs ---------------------------------------------------------------------------------------

awaitable<exit_code> show_settings_there(show_words words, service_access at, const output& to) {
    const dashboard_client service(co_await asio::this_coro::executor, std::move(at));
    const auto page = co_await service.get("/settings");
    shown_settings all;
    std::ranges::transform(items_of(page, "items"), std::back_inserter(all), setting_in);
    std::vector<std::string> warnings;
    for (const auto& each : items_of(page, "warnings"))
        if (each.is_string())
            warnings.emplace_back(each.get_string());
    print_settings(chosen(words.which, all), warnings, to);
    co_return exit_code::ok;
}

exit_code show_settings(const show_words& words, const config_place& here, const output& to) {
    return told_how_it_ends(to, [&] {
        if (words.place.url.empty())
            return with_configuration(here, to,
                                      [&](const configuration& c, const output& o) { return show_here(words, c, o); });
        if (!here.env_file.empty() || here.ignores_process)
            throw std::invalid_argument("--env-file, --ignore-environment: a service that runs has its own variables; "
                                        "leave them or --url out");
        return until_interrupted(show_settings_there(words, access_to(words.place), to));
    });
}

} // namespace

void add_config_show(const config_group& to) {
    const auto words = std::make_shared<show_words>();
    auto& app = to.to.add(
        {.name = "show",
         .description = "Shows what counts of each setting, and where it comes from: as a service would be started "
                        "here, or with --url of one that runs, which is asked by its dashboard, with "
                        "INFRA_ADMIN_TOKEN. Secrets are not shown.",
         .examples = {"infra config show", "infra config show QUEUE_URL REDIS_URL",
                      "infra config show --set --env-file production.env --json",
                      "infra config show --set --url http://127.0.0.1:3000"}},
        [words, place = to.place](const output& o) { return show_settings(*words, *place, o); }, &to.app);
    add_config_options(app, *to.place);
    app.add_option("names", words->which.names, "Only these variables");
    app.add_option("--module", words->which.module, "Only those of this module, such as queue")->check(not_empty);
    app.add_flag("--set", words->which.only_set, "Only what is set somewhere, no defaults");
    app.add_flag("--all", words->which.all, "What has no value too");
    app.add_option("--url", words->place.url, "Of the service that listens there; default: of none that runs")
        ->check(not_empty);
    app.add_option("--timeout", words->place.timeout, "How long to wait for its answer")->capture_default_str();
}

} // namespace infra::cli
