#include "email_verbs.hpp"
#include "printable.hpp"

#include <infra/email/message.hpp>

#include <memory>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

struct send_words {
    std::vector<std::string> to, cc, bcc, reply_to;
    std::string from;
    std::string subject;
    std::string body;
    std::string name, directory = "emails", data, locale;
    std::vector<std::string> attached;
    std::string url;
    std::string key;
    std::string timeout = "30s";
};

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(sentence);
}

void check(const send_words& words) {
    require(words.body.empty() != words.name.empty(), "either --body with a --subject or --template is needed");
    require(words.body.empty() || !words.subject.empty(), "--body needs a --subject");
    require(!words.name.empty() || (words.data.empty() && words.locale.empty()),
            "--data and --locale are for --template");
    require(words.body != "-" || words.data != "-", "--body and --data cannot both read the standard input");
}

email::message message_of(const send_words& words) {
    email::message made{.to = words.to,
                        .cc = words.cc,
                        .bcc = words.bcc,
                        .reply_to = words.reply_to,
                        .subject = words.subject,
                        .body = words.body.empty() ? "" : words_of(words.body),
                        .template_name = words.name,
                        .data = words.data.empty() ? json::object() : data_of(words.data),
                        .locale = words.locale,
                        .idempotency_key = words.key};
    require(words.body.empty() || !made.body.empty(), "--body: there is nothing in it");
    for (const auto& each : words.attached)
        made.attachments.push_back({.file = each});
    return made;
}

// Mail to people has no places left open, whatever the library's default.
email::mailer mailer_for(const send_words& words) {
    auto options = mailer_options_for(words.url, words.from, environment::of_process());
    const auto timeout = parse_duration(words.timeout);
    require(timeout && timeout->count() > 0, "--timeout: expected a duration such as 500ms or 30s");
    options.timeout = *timeout;
    options.templates = words.directory;
    options.strict = true;
    return email::mailer(std::move(options));
}

exit_code send(const send_words& words, const output& to) {
    check(words);
    const auto mailer = mailer_for(words);
    const auto id = send_visibly(mailer, message_of(words), to);
    to.print(printable(id), {{"id", id}, {"transport", mailer.transport_name()}});
    if (mailer.transport_name() == "outbox" && !to.json)
        to.err << "infra: written into an outbox and sent to nobody; EMAIL_URL says where mail goes\n";
    return exit_code::ok;
}

CLI::Option& add_list(CLI::App& app, const char* flag, std::vector<std::string>& list, const char* description) {
    return *app.add_option(flag, list, description)->allow_extra_args(false);
}

} // namespace

void add_email_send(const email_group& to) {
    const auto words = std::make_shared<send_words>();
    auto& app = to.add(
        {.name = "send",
         .description = "Sends a mail and prints its id. A place of a template without a value is an error.",
         .examples =
             {"infra email send --to ann@example.org --subject Hi --body note.md",
              "echo 'It is **done**.' | infra email send --to ops@example.org --subject Done --body -",
              "infra email send --to 'Ann <ann@example.org>' --template welcome --data ann.json --attach terms.pdf"}},
        [words](const output& o) { return send(*words, o); });
    add_list(app, "--to", words->to, "An address, or `Name <address>`; may be given again, as the next three");
    app.get_option("--to")->required();
    add_list(app, "--cc", words->cc, "Who gets a copy");
    add_list(app, "--bcc", words->bcc, "… and is seen by nobody");
    add_list(app, "--reply-to", words->reply_to, "Where answers go");
    app.add_option("--from", words->from, "The sender; default the template's, or $EMAIL_FROM");
    app.add_option("--subject", words->subject, "Instead of the template's");
    app.add_option("--body", words->body, "A file of Markdown, or - for the standard input")->type_name("FILE");
    app.add_option("--template", words->name, "Its name, without .md");
    app.add_option("--dir", words->directory, "Where templates are")->capture_default_str()->type_name("DIR");
    app.add_option("--data", words->data, "What is put into the template: a file of JSON, or -")->type_name("FILE");
    app.add_option("--locale", words->locale, "Such as pt-BR");
    add_list(app, "--attach", words->attached, "A file; may be given again").type_name("FILE");
    app.add_option(
        "--url", words->url,
        "Where it goes; default $EMAIL_URL, which is the place for a password, or Resend with $RESEND_API_KEY, or "
        "outbox:var/outbox");
    app.add_option("--key", words->key, "An idempotency key: a second mail with it is not sent");
    app.add_option("--timeout", words->timeout, "All attempts together")->capture_default_str();
}

} // namespace infra::cli
