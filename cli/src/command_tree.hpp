#pragma once

/// The verbs with their options as plain data: what the man page and the shells' completions are written from.
///
///     const auto tree = tree_of(frame);
///     to.out << man_page_of(tree) << bash_completion_of(tree);

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::cli {

class frame;

struct option_in_tree {
    std::vector<std::string> names; ///< "-r", "--recursive"; none: it is given by its place
    std::string word{};             ///< what one given by its place is called: "queue"
    std::string description;
    std::string value{};                ///< what it is followed by: FILE, DIR, QUEUE, TEXT, INT …; empty: by nothing
    std::vector<std::string> choices{}; ///< the only ones, where they are known
    std::string fallback{};
    bool required = false;
    bool repeats = false; ///< may take several values

    bool has_place() const noexcept { return !word.empty(); }
};

struct verb_in_tree {
    std::vector<std::string> words; ///< "queue", "ls"; none: the command itself
    std::string description;
    std::vector<std::string> examples;
    std::vector<option_in_tree> options; ///< its own, and those by their place in the order in which they are given
    std::vector<verb_in_tree> verbs;     ///< below it; such a word does nothing alone

    std::string path() const; ///< "queue ls"
};

verb_in_tree tree_of(const frame& f);

boost::json::value document_of(const verb_in_tree& verb);

/// For `man`: roff with the macros of man(7). `version` is that of the program.
std::string man_page_of(const verb_in_tree& tree, std::string_view version);

/// Scripts that a shell sources; they ask the program itself for the names of queues.
std::string bash_completion_of(const verb_in_tree& tree);
std::string zsh_completion_of(const verb_in_tree& tree);

} // namespace infra::cli
