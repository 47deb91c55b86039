#include "command_tree.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

constexpr std::string_view queues = R"zsh(
# Those of the storage that is named on the line; none where it does not answer at once.
_infra_queues() {
    local -a storage found
    local i
    for ((i = 1; i < $#infra_words; i++)); do
        [[ $infra_words[i] == (--url|--prefix) ]] && storage+=($infra_words[i] ${(Q)infra_words[i + 1]})
        [[ $infra_words[i] == --(url|prefix)=* ]] && storage+=(${(Q)infra_words[i]})
    done
    found=(${(f)"$(_call_program queues infra queue ls --json --timeout 500ms ${(q)storage} 2>/dev/null |
        grep -o '"queue":"[^"\\ ]*"' | cut -d '"' -f 4)"})
    compadd "$@" -a found
}
)zsh";

// Within single quotes; what _arguments and _describe take for their own signs has a backslash before it.
std::string escaped(std::string_view text, std::string_view signs) {
    std::string made;
    for (const char c : text) {
        if (c == '\'')
            made += "'\\''";
        else
            made.append(signs.find(c) == std::string_view::npos ? "" : "\\").push_back(c);
    }
    return made;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string text;
    for (const auto& each : words)
        text.append(text.empty() ? "" : between).append(each);
    return text;
}

std::string action_of(const option_in_tree& o) {
    if (!o.choices.empty())
        return "(" + joined(o.choices, " ") + ")";
    return o.value == "FILE" ? "_files" : o.value == "DIR" ? "_files -/" : o.value == "QUEUE" ? "_infra_queues" : "";
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// One for each name, each of which puts the others out of the running.
std::string specs_of(const option_in_tree& o) {
    const auto others = o.repeats ? "*" : o.names.size() > 1 ? "(" + joined(o.names, " ") + ")" : "";
    const auto behind = o.value.empty() ? "" : ":" + escaped(lower(o.value), ":") + ":" + action_of(o);
    std::string text;
    for (const auto& name : o.names)
        text += "        '" + others + name + "[" + escaped(o.description, "[]") + "]" + behind + "'\n";
    return text;
}

std::string place_spec(const option_in_tree& o, std::size_t place) {
    const auto where = o.repeats ? "*" : std::to_string(place) + (o.required ? "" : ":");
    return "        '" + where + ":" + escaped(o.word, ":") + ":" + action_of(o) + "'\n";
}

std::string own_specs(const verb_in_tree& verb) {
    std::string text;
    std::size_t place = 0;
    for (const auto& each : verb.options) {
        text += specs_of(each);
        if (each.has_place())
            text += place_spec(each, ++place);
    }
    return text;
}

std::string function_of(const verb_in_tree& verb) {
    return "_infra" + (verb.words.empty() ? "" : "__" + joined(verb.words, "__"));
}

std::string described(const verb_in_tree& verb) {
    return "            '" + escaped(verb.words.back(), ":") + ":" + escaped(verb.description, "") + "'\n";
}

std::string choice_of_verbs(const verb_in_tree& verb) {
    std::string described_verbs, cases;
    for (const auto& each : verb.verbs) {
        described_verbs += described(each);
        cases += "        " + each.words.back() + ") " + function_of(each) + " ;;\n";
    }
    return "    _arguments -C -A '-*' : $infra_specs '1:verb:->verb' '*::word:->words' && return\n"
           "    case $state in\n"
           "    verb)\n"
           "        local -a verbs\n"
           "        verbs=(\n" +
           described_verbs +
           "        )\n"
           "        _describe verb verbs\n"
           "        ;;\n"
           "    words)\n"
           "        case $words[1] in\n" +
           cases +
           "        esac\n"
           "        ;;\n"
           "    esac\n";
}

void write_function(std::string& to, const verb_in_tree& verb) {
    to += "\n" + function_of(verb) + "() {\n";
    to += verb.words.empty() ? "    local -a infra_specs infra_words=($words)\n" : "";
    to += "    local curcontext=$curcontext state line\n    typeset -A opt_args\n    infra_specs+=(\n" +
          own_specs(verb) + "    )\n";
    to += verb.verbs.empty() ? "    _arguments : $infra_specs\n" : choice_of_verbs(verb);
    to += "}\n";
    for (const auto& each : verb.verbs)
        write_function(to, each);
}

} // namespace

std::string zsh_completion_of(const verb_in_tree& tree) {
    std::string text =
        "#compdef infra\n# Completion of infra for zsh, as `infra completion zsh` writes it.\n" + std::string(queues);
    write_function(text, tree);
    // Autoloaded it is the body of _infra; sourced it is not to run.
    return text + "\nif [[ $funcstack[1] == _infra ]]; then\n    _infra \"$@\"\nelse\n    compdef _infra infra\nfi\n";
}

} // namespace infra::cli
