#include "command_tree.hpp"
#include "frame.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace infra::cli {
namespace {

std::vector<std::string> parts_of(std::string_view text, char between) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(between, at), text.size());
        parts.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

// CLI::IsMember says `TEXT:{a,b}`; where a verb checks by itself, its option is called `a|b`.
std::vector<std::string> choices_of(std::string_view type) {
    const auto begin = type.find('{');
    if (begin != std::string_view::npos && type.ends_with('}'))
        return parts_of(type.substr(begin + 1, type.size() - begin - 2), ',');
    return type.find('|') == std::string_view::npos ? std::vector<std::string>() : parts_of(type, '|');
}

std::vector<std::string> names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const auto& each : option.get_snames())
        names.push_back("-" + each);
    for (const auto& each : option.get_lnames())
        names.push_back("--" + each);
    return names;
}

option_in_tree shown(const CLI::Option& option) {
    const auto type = option.get_type_name();
    const bool is_flag = option.get_items_expected_max() == 0;
    return {.names = names_of(option),
            .word = option.get_positional() ? option.get_name(true) : "",
            .description = option.get_description(),
            .value = is_flag ? "" : type.substr(0, type.find(':')),
            .choices = is_flag ? std::vector<std::string>() : choices_of(type),
            .fallback = option.get_default_str(),
            .required = option.get_required(),
            .repeats = option.get_expected_max() > 1};
}

verb_in_tree shown(const CLI::App& app, std::vector<std::string> words, const frame& f) {
    verb_in_tree verb{.words = std::move(words),
                      .description = app.get_description(),
                      .examples = f.examples_of(app),
                      .options = {},
                      .verbs = {}};
    for (const auto* each : app.get_options())
        if (app.get_parent() == nullptr || each != app.get_help_ptr()) // --help is there everywhere
            verb.options.push_back(shown(*each));
    for (const auto* each : app.get_subcommands([](const CLI::App*) { return true; })) {
        auto below = verb.words;
        below.push_back(each->get_name());
        verb.verbs.push_back(shown(*each, std::move(below), f));
    }
    return verb;
}

boost::json::array texts(const std::vector<std::string>& all) { return boost::json::array(all.begin(), all.end()); }

boost::json::value document_of(const option_in_tree& o) {
    const auto or_null = [](const std::string& text) {
        return text.empty() ? boost::json::value() : boost::json::value(text);
    };
    return {{"names", texts(o.names)},   {"place", or_null(o.word)},    {"description", o.description},
            {"value", or_null(o.value)}, {"choices", texts(o.choices)}, {"default", or_null(o.fallback)},
            {"required", o.required},    {"repeats", o.repeats}};
}

} // namespace

std::string verb_in_tree::path() const {
    std::string text;
    for (const auto& each : words)
        text.append(text.empty() ? "" : " ").append(each);
    return text;
}

verb_in_tree tree_of(const frame& f) { return shown(f.tree(), {}, f); }

boost::json::value document_of(const verb_in_tree& verb) {
    boost::json::array options, verbs;
    for (const auto& each : verb.options)
        options.push_back(document_of(each));
    for (const auto& each : verb.verbs)
        verbs.push_back(document_of(each));
    return {{"verb", verb.path()},
            {"description", verb.description},
            {"examples", texts(verb.examples)},
            {"options", std::move(options)},
            {"verbs", std::move(verbs)}};
}

} // namespace infra::cli
