#include "config_docs.hpp"
#include "config_verbs.hpp"
#include "printable.hpp"
#include "table.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace infra::cli {
namespace {

struct show_words {
    std::vector<std::string> names;
    std::string module;
    bool only_set = false;
    bool all = false;
};

bool is_set(const app::effective_setting& s) { return s.source != app::setting_source::standard; }

bool is_asked_for(const app::effective_setting& s, const show_words& words) {
    if (!words.names.empty())
        return std::ranges::count(words.names, s.known->name) > 0;
    if (!words.module.empty() && s.known->module != words.module)
        return false;
    return words.all || is_set(s) || (!words.only_set && !s.value.empty());
}

// In the order of the documentation.
std::vector<app::effective_setting> asked_for(const show_words& words, const configuration& given) {
    const auto all = app::effective_settings(given.process, given.beside.values);
    std::vector<app::effective_setting> found;
    for (const auto* each : settings_of())
        for (const auto& effective : all)
            if (effective.known == each && is_asked_for(effective, words))
                found.push_back(effective);
    return found;
}

std::string source_of(const app::effective_setting& s, const configuration& given) {
    return s.source == app::setting_source::dotenv ? given.file : std::string(to_string(s.source));
}

table_row row_of(const app::effective_setting& s, const configuration& given) {
    return {std::string(s.known->name), source_of(s, given),
            s.value + (s.problem.empty() ? "" : "  (" + s.problem + ")")};
}

std::string text_of(const std::vector<app::effective_setting>& shown, const configuration& given, const output& to) {
    std::vector<table_row> rows;
    for (const auto& each : shown)
        rows.push_back(row_of(each, given));
    return table({"NAME", "FROM", "VALUE"}, rows, [&](std::size_t row, std::size_t, std::string_view cell) {
        return to.painted(!shown[row].problem.empty() ? ink::bad : is_set(shown[row]) ? ink::strong : ink::faint, cell);
    });
}

boost::json::value document_of(const app::effective_setting& s, const configuration& given) {
    return {{"name", s.known->name},
            {"module", s.known->module},
            {"value", s.value.empty() ? boost::json::value() : boost::json::value(s.value)},
            {"from", source_of(s, given)},
            {"secret", s.known->secret},
            {"problem", s.problem.empty() ? boost::json::value() : boost::json::value(s.problem)}};
}

std::string known_name_like(const std::string& name) {
    std::vector<std::string> known;
    for (const auto& each : app::known_settings())
        known.emplace_back(each.name);
    return nearest(name, known);
}

exit_code refuse(const std::string& name, const output& to) {
    const auto meant = known_name_like(name);
    return to.fail(exit_code::not_found,
                   "nothing reads '" + printable(name) + "'" +
                       (meant.empty() ? "; infra config docs lists what is read" : "; did you mean " + meant + "?"));
}

exit_code show(const show_words& words, const configuration& given, const output& to) {
    for (const auto& each : words.names)
        if (!app::find_setting(each))
            return refuse(each, to);
    if (!words.module.empty() && settings_of(words.module).empty())
        return to.fail(exit_code::not_found, "no module is called '" + printable(words.module) + "'");
    const auto shown = asked_for(words, given);
    boost::json::array documents;
    for (const auto& each : shown)
        documents.push_back(document_of(each, given));
    to.print(text_of(shown, given, to), {{"settings", std::move(documents)}});
    for (const auto& each : given.beside.problems)
        to.err << "infra: " << printable(each) << '\n';
    return exit_code::ok;
}

} // namespace

void add_config_show(const config_group& to) {
    const auto words = std::make_shared<show_words>();
    auto& app =
        to.add({.name = "show",
                .description = "Shows what counts of each setting, and where it comes from. Secrets are not shown.",
                .examples = {"infra config show", "infra config show QUEUE_URL REDIS_URL",
                             "infra config show --set --env-file production.env --json"}},
               [words](const configuration& given, const output& o) { return show(*words, given, o); });
    add_config_options(app, *to.place);
    app.add_option("names", words->names, "Only these variables");
    app.add_option("--module", words->module, "Only those of this module, such as queue");
    app.add_flag("--set", words->only_set, "Only what is set somewhere, no defaults");
    app.add_flag("--all", words->all, "What has no value too");
}

} // namespace infra::cli
