#include "command_tree.hpp"
#include "frame.hpp"
#include "verbs.hpp"

#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

exit_code print_script(const verb_in_tree& tree, const std::string& shell, const output& to) {
    const auto script = shell == "bash" ? bash_completion_of(tree) : zsh_completion_of(tree);
    if (to.json)
        to.print("", {{"shell", shell}, {"script", script}});
    else
        to.out << script;
    return exit_code::ok;
}

exit_code print_man_page(const verb_in_tree& tree, const output& to) {
    if (to.json)
        to.print("", document_of(tree));
    else
        to.out << man_page_of(tree, INFRA_VERSION);
    return exit_code::ok;
}

} // namespace

void add_completion(frame& f) {
    const auto shell = std::make_shared<std::string>();
    f.add({.name = "completion",
           .description = "Prints the script with which a shell completes verbs, options, files and queues.",
           .examples = {"source <(infra completion bash)", "infra completion zsh > ~/.zfunc/_infra"}},
          [&f, shell](const output& to) { return print_script(tree_of(f), *shell, to); })
        .add_option("shell", *shell, "Which")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
}

void add_man(frame& f) {
    f.add({.name = "man",
           .description = "Prints the manual page; with --json the tree of all verbs and their options.",
           .examples = {"infra man | man -l -", "infra man --json | jq '.verbs[].verb'"}},
          [&f](const output& to) { return print_man_page(tree_of(f), to); });
}

} // namespace infra::cli
