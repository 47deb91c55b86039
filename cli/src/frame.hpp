#pragma once

/// What all verbs of the command hang on: one tree of subcommands, one way to print, one set of exit codes.
///
///     void add_version(frame& f) {
///         f.add({.name = "version", .description = "Shows which infra this is.", .examples = {"infra version --json"}},
///               [](const output& to) { to.print("0.1.0", {{"version", "0.1.0"}}); return exit_code::ok; });
///     }

#include "terminal.hpp"

#include <CLI/CLI.hpp>

#include <boost/json/value.hpp>

#include <functional>
#include <iosfwd>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli {

/// The same for every verb; documented in the room's README and in `infra --help`.
enum class exit_code : int {
    ok = 0,
    failed = 1,
    usage = 2,
    not_found = 3,
    unhealthy = 4,
    unreachable = 5,
    partial = 6,
    interrupted = 130, ///< by SIGINT or SIGTERM, after tidying up
};

struct exit_meaning {
    exit_code code;
    std::string_view meaning; ///< "not found"
};

/// All of them.
std::span<const exit_meaning> exit_codes() noexcept;

/// Where a verb prints.
struct output {
    std::ostream& out; ///< data
    std::ostream& err; ///< messages
    bool json = false;
    bool colours = false;    ///< what is printed may have them
    std::size_t columns = 0; ///< of the terminal that it goes to; 0: it goes to none

    /// Data: the text for people or, under --json, the document on one line.
    void print(std::string_view text, const boost::json::value& document) const;

    /// A failure: the sentence on stderr, and under --json `{"error":{"message":…}}` on stdout, too. Returns `code`.
    exit_code fail(exit_code code, std::string_view sentence) const;

    /// For print(): the text in a colour, where it may have one.
    std::string painted(ink with, std::string_view text) const { return cli::painted(colours && !json, with, text); }
};

struct verb {
    std::string name;
    std::string description; ///< one sentence, with its full stop
    std::vector<std::string> examples{};
};

class frame {
public:
    frame(std::ostream& out, std::ostream& err);

    /// Adds a verb below `parent`, or below the command itself; the reference is where its options are added.
    CLI::App& add(verb v, std::function<exit_code(const output&)> act, CLI::App* parent = nullptr);

    /// Adds a word that does nothing alone; it is the parent of verbs.
    CLI::App& add_group(verb v, CLI::App* parent = nullptr);

    /// Runs one command line, without the program's name. Never throws.
    int run(std::vector<std::string> words);

    /// The verbs with their options, for those who write them down.
    const CLI::App& tree() const noexcept { return root_; }
    const std::vector<std::string>& examples_of(const CLI::App& verb) const;

private:
    CLI::App& add_below(CLI::App* parent, verb v);
    void look_at_terminal();
    exit_code cannot_write(exit_code code) const;
    int report(const CLI::ParseError& problem);

    CLI::App root_;
    std::map<const CLI::App*, std::vector<std::string>> examples_;
    output to_;
    bool no_colours_ = false;
    std::function<exit_code(const output&)> chosen_;
};

/// The known word nearest to `word`, if it is close enough to be meant; empty otherwise.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

} // namespace infra::cli
