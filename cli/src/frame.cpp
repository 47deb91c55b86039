#include "frame.hpp"

#include "printable.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <ostream>

namespace infra::cli {
namespace {

constexpr exit_meaning meanings[] = {{exit_code::ok, "ok"},
                                     {exit_code::failed, "failed"},
                                     {exit_code::usage, "wrong usage"},
                                     {exit_code::not_found, "not found"},
                                     {exit_code::unhealthy, "unhealthy"},
                                     {exit_code::unreachable, "no connection"},
                                     {exit_code::partial, "only partly done"},
                                     {exit_code::interrupted, "interrupted"}};

std::string last_line() {
    std::string text;
    for (const auto& each : meanings)
        text.append(text.empty() ? "Exit codes: " : ", ")
            .append(std::to_string(static_cast<int>(each.code)))
            .append(" ")
            .append(each.meaning);
    return text + ".";
}

// Below a verb's options; the list of all verbs shows their descriptions alone.
std::string footer(const std::vector<std::string>& examples) {
    std::string text;
    for (const auto& each : examples)
        text += (text.empty() ? "Examples:\n  " : "\n  ") + each;
    return text + (text.empty() ? "" : "\n\n") + last_line();
}

// Letters that are missing, too many, wrong, or changed places with the next.
std::size_t distance(std::string_view a, std::string_view b) {
    const std::size_t width = b.size() + 1;
    std::vector<std::size_t> to((a.size() + 1) * width);
    const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return to[i * width + j]; };
    for (std::size_t i = 0; i <= a.size(); ++i)
        at(i, 0) = i;
    for (std::size_t j = 0; j <= b.size(); ++j)
        at(0, j) = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
            at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + wrong});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
        }
    return at(a.size(), b.size());
}

std::vector<std::string> names_below(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* each : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(each->get_name());
    return names;
}

// What was understood as commands: the innermost, and the words that lead to it.
struct understood {
    const CLI::App* last;
    std::string words{};
};

understood commands_of(const CLI::App& root) {
    understood known{&root};
    while (!known.last->get_subcommands().empty()) {
        known.last = known.last->get_subcommands().front();
        known.words += known.last->get_name() + " ";
    }
    return known;
}

// Those of a verb, and of the words before it.
std::vector<std::string> options_along(const CLI::App* app) {
    std::vector<std::string> names;
    for (; app != nullptr; app = app->get_parent())
        for (const auto* each : app->get_options()) {
            for (const auto& name : each->get_lnames())
                names.push_back("--" + name);
            for (const auto& name : each->get_snames())
                names.push_back("-" + name);
        }
    return names;
}

std::string there_is_no(const std::string& what, const std::string& meant) {
    return "there is no " + what + (meant.empty() ? "" : "; did you mean '" + meant + "'?");
}

// About the first word that nobody understood; empty where all were, and something else is wrong.
std::string sentence_about(const std::vector<std::string>& unknown, const understood& given) {
    if (unknown.empty())
        return "";
    const auto& word = unknown.front();
    if (word.starts_with('-') && word.size() > 1) {
        const auto name = word.substr(0, word.find('='));
        const bool is_one_letter = name.size() == 2; // any other would be near
        return there_is_no("option '" + name + "'", is_one_letter ? "" : nearest(name, options_along(given.last)));
    }
    const auto verbs = names_below(*given.last);
    return verbs.empty() ? "" : there_is_no("command '" + given.words + word + "'", nearest(word, verbs));
}

} // namespace

std::span<const exit_meaning> exit_codes() noexcept { return meanings; }

void output::print(std::string_view text, const boost::json::value& document) const {
    if (json)
        out << printable_json(boost::json::serialize(document)) << '\n';
    else
        out << text << '\n';
}

exit_code output::fail(exit_code code, std::string_view sentence) const {
    if (json)
        out << printable_json(boost::json::serialize(boost::json::value{{"error", {{"message", sentence}}}})) << '\n';
    err << "infra: " << printable_lines(sentence) << '\n';
    return code;
}

frame::frame(std::ostream& out, std::ostream& err)
    : root_("Operates services built with infra.", "infra"), to_{out, err} {
    const std::vector<std::string> examples{"infra health --url http://127.0.0.1:3000", "infra version --json"};
    root_.footer(footer(examples));
    examples_[&root_] = examples;
    root_.add_flag("--json", to_.json, "Print one JSON document instead of text");
    root_.add_flag("--no-color", no_colours_, "Print without colours, on terminals too; as NO_COLOR does");
    root_.set_version_flag("--version", "infra " INFRA_VERSION, "Print the version and exit");
    root_.require_subcommand(1);
    root_.fallthrough();
}

CLI::App& frame::add(verb v, std::function<exit_code(const output&)> act, CLI::App* parent) {
    auto& app = add_below(parent, std::move(v));
    app.callback([this, act = std::move(act)] { chosen_ = act; });
    return app;
}

CLI::App& frame::add_group(verb v, CLI::App* parent) {
    auto& app = add_below(parent, std::move(v));
    app.require_subcommand(1);
    return app;
}

CLI::App& frame::add_below(CLI::App* parent, verb v) {
    auto* app = (parent ? parent : &root_)->add_subcommand(v.name, v.description);
    app->footer(footer(v.examples));
    app->fallthrough();
    examples_[app] = std::move(v.examples);
    return *app;
}

const std::vector<std::string>& frame::examples_of(const CLI::App& verb) const { return examples_.at(&verb); }

int frame::run(std::vector<std::string> words) try {
    chosen_ = nullptr;
    to_.json = no_colours_ = false;
    try {
        std::ranges::reverse(words); // CLI11 takes its words from the back
        root_.parse(std::move(words));
    } catch (const CLI::ParseError& problem) {
        return report(problem);
    }
    look_at_terminal();
    const auto code = chosen_ ? chosen_(to_) : exit_code::usage;
    return static_cast<int>(to_.out.flush() ? code : cannot_write(code));
} catch (const std::exception& e) {
    return static_cast<int>(to_.fail(exit_code::failed, e.what()));
}

void frame::look_at_terminal() {
    to_.colours = !no_colours_ && has_colours(is_terminal(to_.out), environment::of_process());
    to_.columns = is_terminal(to_.out) ? columns_of(to_.out) : 0;
}

// What the verb found out still tells, unless it would pass for success.
exit_code frame::cannot_write(exit_code code) const {
    to_.err << "infra: cannot write to the standard output\n";
    return code == exit_code::ok ? exit_code::failed : code;
}

// --help is a ParseError to CLI11 too, the one that succeeds.
int frame::report(const CLI::ParseError& problem) {
    if (problem.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
        return root_.exit(problem, to_.out, to_.err);
    const auto given = commands_of(root_);
    auto sentence = sentence_about(root_.remaining(true), given);
    if (sentence.empty())
        sentence = problem.what();
    return static_cast<int>(
        to_.fail(exit_code::usage, sentence + " (infra " + given.words + "--help shows what there is)"));
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    const auto best = std::ranges::min_element(known, {}, [&](const auto& k) { return distance(word, k); });
    const std::size_t close_enough = std::max<std::size_t>(1, word.size() / 3);
    return best != known.end() && distance(word, *best) <= close_enough ? *best : "";
}

} // namespace infra::cli
