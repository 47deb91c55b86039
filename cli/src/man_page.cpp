#include "command_tree.hpp"
#include "frame.hpp"

#include <infra/app/settings.hpp>

#include <algorithm>

namespace infra::cli {
namespace {

// A backslash begins an escape, a hyphen would be set as another character, and a line that begins with a dot is a request.
std::string escaped(std::string_view text) {
    std::string made;
    for (const char c : text) {
        if (c == '\\')
            made += "\\e";
        else if (c == '-')
            made += "\\-";
        else
            made += c;
    }
    return made.starts_with('.') || made.starts_with('\'') ? "\\&" + made : made;
}

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string slanted(std::string_view text) { return "\\fI" + escaped(text) + "\\fR"; }

std::string value_of(const option_in_tree& o) {
    if (o.choices.empty())
        return slanted(o.value);
    std::string text;
    for (const auto& each : o.choices)
        text.append(text.empty() ? "" : "|").append(escaped(each));
    return text;
}

std::string heading_of(const option_in_tree& o) {
    std::string text;
    for (const auto& each : o.names)
        text.append(text.empty() ? "" : ", ").append(bold(each));
    if (text.empty())
        return slanted(o.word) + (o.choices.empty() ? "" : " (" + value_of(o) + ")");
    return text + (o.value.empty() ? "" : " " + value_of(o));
}

std::string paragraph_of(const option_in_tree& o) {
    std::string text = ".TP\n" + heading_of(o) + "\n" + escaped(o.description);
    if (!o.fallback.empty())
        text += "; default: " + escaped(o.fallback);
    return text + ".\n";
}

// `queue ls [queue] [options]`
std::string use_of(const verb_in_tree& verb) {
    std::string text = bold(verb.path());
    bool has_more = false;
    for (const auto& each : verb.options) {
        has_more |= !each.has_place();
        if (each.has_place())
            text += " " + std::string(each.required ? "" : "[") + slanted(each.word) + (each.repeats ? "..." : "") +
                    (each.required ? "" : "]");
    }
    return text + (has_more ? " [" + slanted("options") + "]" : "");
}

std::string lines_of(const std::vector<std::string>& examples) {
    std::string text = ".RS\n.nf\n";
    for (const auto& each : examples)
        text += escaped(each) + "\n";
    return text + ".fi\n.RE\n";
}

std::string options_of(const verb_in_tree& verb) {
    std::string text;
    for (const auto& each : verb.options)
        text += paragraph_of(each);
    return text;
}

// What a group's own options say holds for each verb below it.
void write_verbs(std::string& to, const verb_in_tree& verb) {
    for (const auto& each : verb.verbs) {
        to += each.verbs.empty()
                  ? ".SS \"" + use_of(each) + "\"\n"
                  : ".SS \"" + bold(each.path()) + " " + slanted("verb") + " [" + slanted("options") + "]\"\n";
        to += escaped(each.description) + "\n" + options_of(each) + ".PP\n" + lines_of(each.examples);
        write_verbs(to, each);
    }
}

std::string exit_status() {
    std::string text;
    for (const auto& each : exit_codes())
        text += ".TP\n" + bold(std::to_string(static_cast<int>(each.code))) + "\n" + escaped(each.meaning) + "\n";
    return text;
}

// What the command reads like a service, or alone.
std::string environment_section() {
    constexpr std::string_view also[] = {"QUEUE_URL", "CACHE_URL", "EMAIL_URL",    "STORAGE_URL",       "REDIS_URL",
                                         "HOST",      "PORT",      "HEALTH_TOKEN", "INFRA_ADMIN_TOKEN", "NO_COLOR"};
    std::string text;
    for (const auto& each : app::known_settings())
        if (each.reserved_for_cli || std::ranges::count(also, each.name) > 0)
            text += ".TP\n" + bold(each.name) + "\n" + escaped(each.meaning) + "\n";
    return text + ".PP\nEach may be given as " + slanted("NAME") + bold("_FILE") +
           " too, the path of a file that holds the value. " + bold("infra config docs") +
           " tells all that services read.\n";
}

} // namespace

std::string man_page_of(const verb_in_tree& tree, std::string_view version) {
    std::string text =
        ".TH INFRA 1 \"\" \"infra " + std::string(version) +
        "\" \"User Commands\"\n"
        ".SH NAME\ninfra \\- operates services built with infra\n"
        ".SH SYNOPSIS\n" +
        bold("infra") + " " + slanted("verb") + " [" + slanted("options") +
        "]\n"
        ".SH DESCRIPTION\n"
        "What an operator types, and what a container probe runs. The standard output is data, the standard error is "
        "messages. Flags may stand before or after the verb.\n";
    text += ".SH OPTIONS\n" + options_of(tree);
    text += ".SH VERBS\n";
    write_verbs(text, tree);
    text += ".SH EXIT STATUS\n" + exit_status();
    text += ".SH ENVIRONMENT\n" + environment_section();
    text += ".SH EXAMPLES\n" + lines_of(tree.examples);
    return text;
}

} // namespace infra::cli
