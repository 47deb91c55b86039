#include "config_docs.hpp"
#include "config_verbs.hpp"

#include <algorithm>
#include <iterator>
#include <ostream>

namespace infra::cli {
namespace {

// A pipe would end the cell.
std::string cell_of(std::string_view text) {
    std::string cell;
    for (const char c : text)
        cell.append(c == '|' ? "\\" : "").push_back(c);
    return cell;
}

std::string code_of(std::string_view text) { return text.empty() ? "" : "`" + cell_of(text) + "`"; }

std::string form_of(const app::setting& of) {
    const bool says_nothing = of.kind == app::setting_kind::text && expected_form(of) == "text";
    std::string form = says_nothing ? "" : expected_form(of);
    if (of.secret)
        form.append(form.empty() ? "" : "; ").append("secret");
    if (!of.example.empty() && form.find("such as") == std::string::npos)
        form.append(form.empty() ? "" : ", ").append("such as ").append(code_of(of.example));
    return form;
}

std::string row_of(const app::setting& of) {
    return "| " + code_of(of.name) + " | " + cell_of(of.meaning) + " | " + form_of(of) + " | " + code_of(of.fallback) +
           " |\n";
}

bool begins_module(const settings_list& settings, std::size_t at) {
    return at == 0 || settings[at - 1]->module != settings[at]->module;
}

bool is_of_one_module(const settings_list& settings) {
    return !settings.empty() && settings.front()->module == settings.back()->module;
}

bool is_written_down(const app::setting& of) { return !of.reserved_for_cli && !of.set_by_others; }

// What needs no quotes in a `.env` file is written without.
std::string value_of(const app::setting& of) {
    const std::string value(of.example.empty() ? of.fallback : of.example);
    return value.find_first_of(" #\"'`") == std::string::npos ? value : "'" + value + "'";
}

std::string lines_of(const app::setting& of) {
    std::string text = "# " + std::string(of.meaning);
    if (const auto form = app::expected_form(of); form != "text")
        text += " Expects " + form + ".";
    if (!of.fallback.empty())
        text += " Default: " + std::string(of.fallback);
    return text + "\n# " + std::string(of.name) + "=" + (of.secret ? "" : value_of(of)) + "\n";
}

} // namespace

settings_list settings_of(std::string_view module) {
    settings_list found;
    for (const auto& each : app::known_settings())
        if (module.empty() || each.module == module) {
            const auto last = std::ranges::find(found.rbegin(), found.rend(), each.module, &app::setting::module);
            found.insert(last == found.rend() ? found.end() : last.base(), &each);
        }
    return found;
}

std::string markdown_of(const settings_list& settings) {
    constexpr std::string_view head = "| variable | what it says | form | default |\n| --- | --- | --- | --- |\n";
    const bool alone = is_of_one_module(settings);
    std::string text;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        if (begins_module(settings, i)) {
            text += i == 0 ? "" : "\n";
            text += alone ? "" : "### " + std::string(settings[i]->module) + "\n\n";
            text += head;
        }
        text += row_of(*settings[i]);
    }
    return text;
}

std::string dotenv_of(const settings_list& settings) {
    settings_list written;
    std::ranges::copy_if(settings, std::back_inserter(written),
                         [](const auto* each) { return is_written_down(*each); });
    std::string text =
        "# What a service reads: take away the `# ` before what you set. NAME_FILE=path reads a value from a file.\n";
    for (std::size_t i = 0; i < written.size(); ++i) {
        if (begins_module(written, i))
            text += "\n# --- " + std::string(written[i]->module) + " ---\n";
        text += "\n" + lines_of(*written[i]);
    }
    return text;
}

boost::json::value document_of(const settings_list& settings) {
    boost::json::array all;
    for (const auto* each : settings)
        all.push_back({{"name", each->name},
                       {"module", each->module},
                       {"kind", to_string(each->kind)},
                       {"meaning", each->meaning},
                       {"form", expected_form(*each)},
                       {"default", each->fallback.empty() ? boost::json::value() : boost::json::value(each->fallback)},
                       {"example", each->example.empty() ? boost::json::value() : boost::json::value(each->example)},
                       {"secret", each->secret},
                       {"read_by_services", !each->reserved_for_cli}});
    return {{"settings", std::move(all)}};
}

namespace {

struct docs_words {
    std::string module;
    std::string format = "markdown";
};

exit_code write_down(const docs_words& words, const output& to) {
    const auto settings = settings_of(words.module);
    if (settings.empty())
        return to.fail(exit_code::not_found,
                       "no module is called '" + words.module + "'; infra config docs lists them all");
    if (to.json || words.format == "json")
        output{to.out, to.err, true}.print("", document_of(settings));
    else
        to.out << (words.format == "env" ? dotenv_of(settings) : markdown_of(settings));
    return exit_code::ok;
}

} // namespace

void add_config_docs(const config_group& to) {
    const auto words = std::make_shared<docs_words>();
    auto& app = to.to.add(
        {.name = "docs",
         .description = "Writes down every variable that is read: what it means, its form and its default.",
         .examples = {"infra config docs", "infra config docs --module queue",
                      "infra config docs --format env > .env.example"}},
        [words](const output& o) { return write_down(*words, o); }, &to.app);
    app.add_option("--module", words->module, "Only those of this module, such as queue");
    app.add_option("--format", words->format, "markdown, env (a .env file to fill in) or json")
        ->capture_default_str()
        ->check(CLI::IsMember({"markdown", "env", "json"}));
}

} // namespace infra::cli
