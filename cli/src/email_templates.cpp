#include "email_verbs.hpp"
#include "printable.hpp"
#include "table.hpp"

#include <infra/email/look.hpp>
#include <infra/email/templates.hpp>

#include <algorithm>
#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

std::string locales_of(const email::listed_template& one) {
    std::string text;
    for (const auto& each : one.locales)
        text += (text.empty() ? "" : ", ") + (each.empty() ? "-" : each);
    return text;
}

struct seen_template {
    email::template_look first; ///< of the first locale: what is shown
    std::string gaps;           ///< of all, each behind its locale
    std::string problem;
};

void add_behind_locale(std::string& to, const std::string& locale, const std::string& what) {
    if (!what.empty())
        to += (to.empty() ? "" : "; ") + (locale.empty() ? "" : locale + ": ") + what;
}

seen_template look_at(const std::string& directory, const email::listed_template& one) {
    seen_template seen;
    for (const auto& locale : one.locales) {
        auto look = email::look_at_template({.directory = directory, .name = one.name, .locale = locale});
        add_behind_locale(seen.gaps, locale, look.gaps);
        add_behind_locale(seen.problem, locale, look.problem);
        if (&locale == &one.locales.front())
            seen.first = std::move(look);
    }
    return seen;
}

exit_code list_templates_in(const std::string& directory, const output& to) {
    std::vector<table_row> rows;
    json::array documents;
    bool all_well = true;
    for (const auto& each : email::list_templates(directory)) {
        const auto seen = look_at(directory, each);
        const auto wrong = seen.problem.empty() ? seen.gaps : seen.problem;
        const auto& first = seen.first;
        const auto subject = first.mail ? first.mail->subject : std::string();
        all_well = all_well && seen.problem.empty();
        rows.push_back({each.name, locales_of(each), first.sample_path.empty() ? "none" : "there", subject, wrong});
        documents.push_back({{"name", each.name},
                             {"locales", json::array(each.locales.begin(), each.locales.end())},
                             {"sample", !first.sample_path.empty()},
                             {"subject", subject},
                             {"gaps", seen.gaps},
                             {"problem", seen.problem}});
    }
    if (to.json || !rows.empty())
        to.print(table({"NAME", "LOCALES", "DATA", "SUBJECT", "WRONG"}, rows), {{"templates", std::move(documents)}});
    else
        to.err << "infra: no templates are in " << printable(directory) << '\n';
    return all_well ? exit_code::ok : exit_code::failed;
}

} // namespace

void add_email_templates(const email_group& to) {
    const auto directory = std::make_shared<std::string>("emails");
    to.add({.name = "templates",
            .description = "Lists the templates with their locales, whether data lies beside them, and what is wrong "
                           "with them. Exits with 1 where one cannot be rendered.",
            .examples = {"infra email templates", "infra email templates --dir src/emails --json"}},
           [directory](const output& o) { return list_templates_in(*directory, o); })
        .add_option("--dir", *directory, "Where they are")
        ->capture_default_str()
        ->type_name("DIR");
}

} // namespace infra::cli
