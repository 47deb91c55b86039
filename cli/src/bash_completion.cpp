#include "command_tree.hpp"

#include <algorithm>
#include <functional>

namespace infra::cli {
namespace {

// What is the same whatever verbs there are. The tables before it give a path's verbs, its own options, what an option is followed
// by and what stands in which place.
constexpr std::string_view machinery = R"bash(
# The words before the one that is completed, as they were typed: bash parts them at ':' and '='.
_infra_read_line() {
    local i word
    words=() cur=
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ ${#words[@]} -gt 0 && ($word == [:=]* || ${words[-1]} == *:) ]] ||
            [[ ${#words[@]} -gt 0 && ${words[-1]} == --*= ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
    if [[ ${#words[@]} -gt 0 ]]; then
        cur=${words[-1]}
        unset 'words[-1]'
    fi
}

# What follows the option $2 of the path $1, which may be one of a path above.
_infra_follows() {
    local path=$1
    while :; do
        _infra_value "$path" "$2"
        [[ -n $reply || -z $path ]] && return
        [[ $path == *' '* ]] && path=${path% *} || path=
    done
}

_infra_options_along() {
    local path=$1 all=
    while :; do
        _infra_options "$path"
        all+=" $reply"
        [[ -z $path ]] && break
        [[ $path == *' '* ]] && path=${path% *} || path=
    done
    reply=$all
}

# Those of the storage that is named on the line; none where it does not answer at once. Whoever writes to it makes up such names:
# none is offered that has signs of the shell's, which compgen would follow at once, and the line when it is run.
_infra_queues() {
    "${COMP_WORDS[0]}" queue ls --json --timeout 500ms "${storage[@]}" 2>/dev/null |
        grep -oE '"queue":"[A-Za-z0-9_][A-Za-z0-9_.,@%+/-]*"' | cut -d '"' -f 4
}

# Into COMPREPLY what of the kind $1 begins with $2, behind the text $3.
_infra_offer() {
    local found=()
    case $1 in
    file) mapfile -t found < <(compgen -f -- "$2") && compopt -o filenames 2>/dev/null ;;
    dir) mapfile -t found < <(compgen -d -- "$2") && compopt -o filenames 2>/dev/null ;;
    queue) mapfile -t found < <(compgen -W "$(_infra_queues)" -- "$2") ;;
    =*) mapfile -t found < <(compgen -W "${1#=}" -- "$2") ;;
    esac
    COMPREPLY=("${found[@]/#/$3}")
}

_infra() {
    local IFS=$' \t\n' cur word path= reply= follows= named= place=0 words storage=()
    _infra_read_line
    COMPREPLY=()
    for word in "${words[@]}"; do
        if [[ -n $follows ]]; then
            [[ $named == --url || $named == --prefix ]] && storage+=("$named" "$word")
            follows=
        elif [[ $word == -*=* ]]; then
            [[ $word == --url=* || $word == --prefix=* ]] && storage+=("$word")
        elif [[ $word == -?* ]]; then
            named=$word
            _infra_follows "$path" "$word"
            follows=$reply
        else
            _infra_verbs "$path"
            if [[ " $reply " == *" $word "* ]]; then
                path+=${path:+ }$word
            else
                place=$((place + 1))
            fi
        fi
    done
    if [[ -n $follows ]]; then
        _infra_offer "$follows" "$cur"
    elif [[ $cur == --*=* ]]; then
        _infra_follows "$path" "${cur%%=*}"
        _infra_offer "$reply" "${cur#*=}" "${cur%%=*}="
    elif [[ $cur == -* ]]; then
        _infra_options_along "$path"
        _infra_offer "=$reply" "$cur"
    else
        _infra_verbs "$path"
        if [[ -n $reply ]]; then
            _infra_offer "=$reply" "$cur"
        else
            _infra_places "$path"
            local kinds=()
            read -ra kinds <<<"$reply" # a '*' is no pattern here
            local kind=${kinds[place]-}
            [[ -z $kind && ${#kinds[@]} -gt 0 && ${kinds[-1]} == *'*' ]] && kind=${kinds[-1]}
            kind=${kind%'*'}
            _infra_offer "${kind//,/ }" "$cur"
        fi
    fi
    # What stands before the last ':' or '=' is not part of the word that bash puts the answer into.
    local last=${COMP_WORDS[COMP_CWORD]}
    [[ $last == [:=] ]] && last=
    local before=${cur%"$last"}
    [[ -n $before ]] && COMPREPLY=("${COMPREPLY[@]#"$before"}")
    return 0
}

complete -F _infra infra
)bash";

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
    std::string text;
    for (const auto& each : words)
        text.append(text.empty() ? "" : between).append(each);
    return text;
}

std::string kind_of(const option_in_tree& o) {
    if (!o.choices.empty())
        return "=" + joined(o.choices, o.has_place() ? "," : " ");
    return o.value == "FILE" ? "file" : o.value == "DIR" ? "dir" : o.value == "QUEUE" ? "queue" : "any";
}

std::string line_of(const std::string& key, const std::string& reply) {
    return "    '" + key + "') reply='" + reply + "' ;;\n";
}

std::string verbs_line(const verb_in_tree& verb) {
    std::vector<std::string> names;
    for (const auto& each : verb.verbs)
        names.push_back(each.words.back());
    return names.empty() ? "" : line_of(verb.path(), joined(names));
}

std::string options_line(const verb_in_tree& verb) {
    std::vector<std::string> names;
    for (const auto& each : verb.options)
        std::ranges::copy(each.names, std::back_inserter(names));
    return names.empty() ? "" : line_of(verb.path(), joined(names));
}

std::string value_lines(const verb_in_tree& verb) {
    std::string text;
    for (const auto& each : verb.options)
        for (const auto& name : each.names)
            if (!each.value.empty())
                text += line_of(verb.path() + " " + name, kind_of(each));
    return text;
}

std::string places_line(const verb_in_tree& verb) {
    std::vector<std::string> kinds;
    for (const auto& each : verb.options)
        if (each.has_place())
            kinds.push_back(kind_of(each) + (each.repeats ? "*" : ""));
    return kinds.empty() ? "" : line_of(verb.path(), joined(kinds));
}

std::string lines_of(const verb_in_tree& verb, std::string (*line)(const verb_in_tree&)) {
    auto text = line(verb);
    for (const auto& each : verb.verbs)
        text += lines_of(each, line);
    return text;
}

std::string table_of(const std::string& name, const std::string& key, const verb_in_tree& tree,
                     std::string (*line)(const verb_in_tree&)) {
    return "\n" + name + "() {\n    reply=\n    case " + key + " in\n" + lines_of(tree, line) + "    esac\n}\n";
}

} // namespace

std::string bash_completion_of(const verb_in_tree& tree) {
    return "# Completion of infra for bash, as `infra completion bash` writes it.\n" +
           table_of("_infra_verbs", "$1", tree, verbs_line) + table_of("_infra_options", "$1", tree, options_line) +
           table_of("_infra_value", "\"$1 $2\"", tree, value_lines) +
           table_of("_infra_places", "$1", tree, places_line) + std::string(machinery);
}

} // namespace infra::cli
