#include "email_verbs.hpp"
#include "printable.hpp"
#include "table.hpp"

#include <infra/base/id.hpp>
#include <infra/email/mime.hpp>
#include <infra/email/template.hpp>
#include <infra/email/templates.hpp>
#include <infra/runtime/wait.hpp>

#include <memory>

namespace infra::cli {
namespace {

struct render_words {
    std::string name;
    std::string directory = "emails";
    std::string data;
    std::string locale;
    bool html = false, text = false, eml = false;
    bool strict = false;
};

json::object data_for(const render_words& words) {
    if (!words.data.empty())
        return data_of(words.data);
    return email::find_sample(words.directory, words.name, words.locale).value_or(email::template_sample()).data;
}

email::rendered_email rendered(const render_words& words) {
    const email::mailer mailer({.url = "memory:"}); // nothing is sent
    auto loading = mailer.load_template(words.name, {.locale = words.locale, .directory = words.directory});
    const auto t = wait(std::move(loading));
    return email::render_template(t, data_for(words), {.strict = words.strict});
}

std::string eml_of(const email::rendered_email& mail) {
    const auto from = mail.from.value_or(email::address("sender@example.org"));
    return email::to_mime({.id = uuid_v7(),
                           .date = std::chrono::system_clock::now(),
                           .from = from,
                           .to = {"recipient@example.org"},
                           .subject = mail.subject,
                           .html = mail.html,
                           .text = mail.text});
}

json::value document_of(const email::rendered_email& mail) {
    return {{"subject", mail.subject},
            {"preheader", mail.preheader},
            {"from", mail.from ? json::value(shown({*mail.from})) : json::value()},
            {"html", mail.html},
            {"text", mail.text}};
}

// As a person reads it.
std::string sheet_of(const email::rendered_email& mail) {
    return fact_sheet({{"Subject", mail.subject},
                       {"Preheader", mail.preheader},
                       {"From", mail.from ? shown({*mail.from}) : ""}}) +
           "\n\n" + printable_lines(mail.text);
}

exit_code render(const render_words& words, const output& to) {
    const auto mail = rendered(words);
    auto text = words.html ? mail.html : words.text ? mail.text : words.eml ? eml_of(mail) : sheet_of(mail);
    while (text.ends_with('\n') && !words.eml)
        text.pop_back(); // printing adds one
    if (words.eml && !to.json)
        to.out << text;
    else
        to.print(text, document_of(mail));
    return exit_code::ok;
}

} // namespace

void add_email_render(const email_group& to) {
    const auto words = std::make_shared<render_words>();
    auto& app = to.add({.name = "render",
                        .description = "Prints a template as it is sent: its subject and its text, or one part alone. "
                                       "No such template exits with 3.",
                        .examples = {"infra email render welcome", "infra email render welcome --html > welcome.html",
                                     "infra email render welcome --locale de --data ann.json --strict --json"}},
                       [words](const output& o) { return render(*words, o); });
    app.add_option("name", words->name, "Of the template, without .md")->required();
    app.add_option("--dir", words->directory, "Where templates are")->capture_default_str()->type_name("DIR");
    app.add_option("--data", words->data, "A file of JSON, or - ; default the .json file beside the template")
        ->type_name("FILE");
    app.add_option("--locale", words->locale, "Such as pt-BR");
    auto* html = app.add_flag("--html", words->html, "The html alone");
    auto* text = app.add_flag("--text", words->text, "The text part alone");
    auto* eml = app.add_flag("--eml", words->eml, "The whole mail, as a file that mail readers open");
    html->excludes(text)->excludes(eml);
    text->excludes(eml);
    app.add_flag("--strict", words->strict, "Fail where a place has no value, and list them all");
}

} // namespace infra::cli
