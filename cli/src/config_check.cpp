#include "config_verbs.hpp"
#include "printable.hpp"

#include <infra/app/settings.hpp>

#include <boost/json/array.hpp>

#include <algorithm>

namespace infra::cli {
namespace {

// Sentences begin with the name of what they are about, or with a file's: then there is none.
const app::setting* subject_of(std::string_view sentence) {
    constexpr std::string_view file = "_FILE";
    auto name = sentence.substr(0, sentence.find_first_of(": "));
    if (!app::find_setting(name) && name.ends_with(file))
        name.remove_suffix(file.size());
    return app::find_setting(name);
}

std::string advice_of(const app::setting& about) {
    std::string text(about.meaning);
    if (!about.example.empty())
        text.append(" Such as ").append(about.name).append("=").append(about.example).append(".");
    if (!about.fallback.empty())
        text.append(" Default: ").append(about.fallback);
    return text;
}

std::string lines_of(std::string_view label, const std::string& sentence) {
    auto text = std::string(label) + "  " + printable(sentence);
    if (const auto* about = subject_of(sentence))
        text += "\n         " + advice_of(*about);
    return text + "\n";
}

boost::json::value document_of(const std::string& sentence) {
    const auto* about = subject_of(sentence);
    return {{"sentence", sentence},
            {"variable", about ? boost::json::value(about->name) : boost::json::value()},
            {"meaning", about ? boost::json::value(about->meaning) : boost::json::value()},
            {"form", about ? boost::json::value(expected_form(*about)) : boost::json::value()}};
}

boost::json::array documents_of(const std::vector<std::string>& sentences) {
    boost::json::array all;
    std::ranges::transform(sentences, std::back_inserter(all), [](const auto& each) { return document_of(each); });
    return all;
}

std::string counted(std::size_t n, std::string_view what) {
    return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

std::size_t set_in(const configuration& c) {
    const auto all = app::effective_settings(c.process, c.beside.values);
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [](const auto& each) { return each.source != app::setting_source::standard; }));
}

std::string verdict_of(const app::settings_report& found, std::size_t set) {
    if (found.problems.empty() && found.warnings.empty())
        return "nothing is wrong; " + counted(set, "variable") + " of infra's " + (set == 1 ? "is set" : "are set");
    if (found.problems.empty())
        return counted(found.warnings.size(), "warning") + "; a service starts with this";
    return counted(found.problems.size(), "problem") + ", " + counted(found.warnings.size(), "warning") +
           "; a service does not start with this";
}

exit_code check(bool strict, const configuration& given, const output& to) {
    auto found = app::check_settings(given.all());
    found.problems.insert(found.problems.begin(), given.beside.problems.begin(), given.beside.problems.end());
    const bool is_well = found.problems.empty() && !(strict && !found.warnings.empty());
    std::string text;
    for (const auto& each : found.problems)
        text += lines_of(to.painted(ink::bad, "problem"), each);
    for (const auto& each : found.warnings)
        text += lines_of(to.painted(ink::doubt, "warning"), each);
    const auto set = set_in(given);
    to.print(text + verdict_of(found, set),
             {{"ok", is_well},
              {"problems", documents_of(found.problems)},
              {"warnings", documents_of(found.warnings)},
              {"set", set},
              {"file", given.file.empty() ? boost::json::value() : boost::json::value(given.file)}});
    return is_well ? exit_code::ok : exit_code::failed;
}

} // namespace

void add_config_check(const config_group& to) {
    const auto strict = std::make_shared<bool>(false);
    auto& app =
        to.add({.name = "check",
                .description = "Tells all that is wrong with the settings, at once and without opening anything. What "
                               "keeps a service from starting exits with 1.",
                .examples = {"infra config check", "infra config check -i --env-file production.env --strict"}},
               [strict](const configuration& given, const output& o) { return check(*strict, given, o); });
    add_config_options(app, *to.place);
    app.add_flag("--strict", *strict, "Warnings exit with 1 too");
}

} // namespace infra::cli
