#include "forms.hpp"
#include "near_miss.hpp"
#include "readers.hpp"

#include <algorithm>
#include <set>

namespace infra::app {
namespace {

// Telemetry follows the environment of a whole cluster, which may be meant for other programs: what is not used keeps nobody from
// starting. And a program without a log helps nobody.
bool is_forgiven(const setting& known) {
    return known.module == "otlp" || known.module == "monitoring" || known.kind == setting_kind::levels ||
           known.reserved_for_cli;
}

class collected {
public:
    void add_problem(std::string sentence) { add(report.problems, std::move(sentence)); }
    void add_warning(std::string sentence) { add(report.warnings, std::move(sentence)); }

    settings_report report;

private:
    // Two modules may read one variable, and a bad value is one mistake.
    void add(std::vector<std::string>& to, std::string sentence) {
        if (told_.insert(settings::subject_of(sentence)).second)
            to.push_back(std::move(sentence));
    }

    std::set<std::string, std::less<>> told_;
};

// A name of the command's, for the programs that it starts; of the tests'; or one that somebody misspelt.
void warn_of_unknown(collected& found, std::string_view name) {
    constexpr std::string_view prefixes[] = {"INFRA_JOB_", "INFRA_TEST_"};
    const auto variable = settings::subject_of(name);
    if (find_setting(variable) || std::ranges::any_of(prefixes, [&](auto p) { return name.starts_with(p); }))
        return;
    const auto meant = settings::meant_by(variable);
    if (meant.empty() && !name.starts_with("INFRA_"))
        return;
    found.add_warning(
        std::string(name) + " is not read by anything" +
        (meant.empty() ? "; see `infra config docs` for what is" : "; did you mean " + std::string(meant) + "?"));
}

} // namespace

settings_report check_settings(const environment& variables) {
    collected found;
    for (const auto& each : known_settings())
        if (auto problem = settings::form_problem(each, variables); !problem.empty() && !is_forgiven(each))
            found.add_problem(std::move(problem));
    for (auto& each : settings::problems_of_modules(variables))
        found.add_problem(std::move(each));
    for (const auto& each : known_settings())
        if (auto problem = settings::form_problem(each, variables); !problem.empty() && is_forgiven(each))
            found.add_warning(std::move(problem));
    for (const auto& [name, value] : variables.all())
        if (!value.empty())
            warn_of_unknown(found, name);
    return std::move(found.report);
}

} // namespace infra::app
