#include "email_verbs.hpp"
#include "not_empty.hpp"
#include "printable.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <infra/email/mime.hpp>
#include <infra/email/outbox.hpp>

#include <charconv>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace infra::cli {
namespace {

struct outbox_words {
    email::outbox_query query;
    std::string id;
    bool html = false, text = false, eml = false, headers = false;
    std::string attachment; ///< its name, or its number from 1
    std::string url, key;
};

// An outbox that is not there is one in which nothing lies, for a program; for a person it is a wrong directory.
void refuse_what_is_not_there(const std::string& directory) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(directory, ignored))
        throw not_there("there is no outbox in " + directory + "; give --dir as the service has it");
}

// --- ls -----------------------------------------------------------------------------------------------------------

json::value listed(const email::stored_mail& m) {
    json::object made{{"id", m.id}, {"date", document_of(std::optional(m.date))}, {"size", m.size}, {"file", m.file}};
    if (!m.problem.empty()) {
        made["problem"] = m.problem;
        return made;
    }
    made["from"] = shown({m.from});
    made["to"] = document_of(m.to);
    made["subject"] = m.subject;
    return made;
}

table_row row_of(const email::stored_mail& m) {
    if (!m.problem.empty())
        return {text_of(m.date), m.id, "", "", "(broken) " + m.problem};
    return {text_of(m.date), m.id, shown({m.from}), shown(m.to), m.subject};
}

exit_code ls(const outbox_words& words, const output& to) {
    refuse_what_is_not_there(words.query.directory);
    const auto page = email::list_outbox(words.query);
    std::vector<table_row> rows;
    json::array all;
    for (const auto& each : page.mails) {
        rows.push_back(row_of(each));
        all.push_back(listed(each));
    }
    auto text = table({"TIME", "ID", "FROM", "TO", "SUBJECT"}, rows);
    if (!page.next.empty())
        text += "\n… older ones: --before " + page.next;
    to.print(text, {{"mails", all}, {"next", page.next.empty() ? json::value() : json::value(page.next)}});
    return exit_code::ok;
}

// --- show ---------------------------------------------------------------------------------------------------------

std::string eml_of(const outbox_words& words) {
    refuse_what_is_not_there(words.query.directory);
    auto text = email::read_outbox(words.query.directory, words.id);
    if (!text)
        throw not_there("no mail in " + words.query.directory + " has an id that begins so");
    return std::move(*text);
}

std::string shown_size(const email::attachment& a) {
    return a.filename + " (" + a.content_type + ", " + std::to_string(a.content.size()) + " bytes)";
}

std::vector<std::pair<std::string, std::string>> facts_of(const email::mail& m) {
    std::vector<std::pair<std::string, std::string>> facts{
        {"Date", text_of(m.date)}, {"From", shown({m.from})},
        {"To", shown(m.to)},       {"Cc", shown(m.cc)},
        {"Bcc", shown(m.bcc)},     {"Reply-To", shown(m.reply_to)},
        {"Subject", m.subject},    {"Id", m.id},
        {"Topic", m.topic_id},     {"Scheduled", text_of(m.scheduled_at)}};
    for (const auto& [name, value] : m.headers)
        facts.emplace_back(name, value);
    for (const auto& [name, value] : m.tags)
        facts.emplace_back("Tag", name + "=" + value);
    for (const auto& each : m.attachments)
        facts.emplace_back(each.content_id.empty() ? "Attached" : "Inline", shown_size(each));
    return facts;
}

json::object object_of(const std::map<std::string, std::string>& from) {
    json::object made;
    for (const auto& [name, value] : from)
        made[name] = value;
    return made;
}

json::value whole(const email::mail& m) {
    json::array attached;
    for (const auto& each : m.attachments)
        attached.push_back(json::value{{"filename", each.filename},
                                       {"content_type", each.content_type},
                                       {"size", each.content.size()},
                                       {"inline", !each.content_id.empty()}});
    return {{"id", m.id},
            {"date", document_of(std::optional(m.date))},
            {"from", shown({m.from})},
            {"to", document_of(m.to)},
            {"cc", document_of(m.cc)},
            {"bcc", document_of(m.bcc)},
            {"reply_to", document_of(m.reply_to)},
            {"subject", m.subject},
            {"headers", object_of(m.headers)},
            {"tags", object_of(m.tags)},
            {"topic_id", m.topic_id},
            {"scheduled_at", document_of(m.scheduled_at)},
            {"attachments", attached},
            {"html", m.html},
            {"text", m.text}};
}

// Empty where it is none: `01report.pdf` is a name.
std::optional<std::size_t> number_in(const std::string& text) {
    std::size_t number = 0;
    const auto* const end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    return problem == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

std::string names_of(const std::vector<email::attachment>& attached) {
    std::string names;
    for (const auto& each : attached)
        names.append(names.empty() ? "" : ", ").append(printable(each.filename));
    return names.empty() ? "none" : names;
}

const email::attachment& attachment_of(const email::mail& m, const std::string& named) {
    const auto number = number_in(named);
    for (const auto& each : m.attachments)
        if (each.filename == named)
            return each;
    if (number && *number > 0 && *number <= m.attachments.size())
        return m.attachments[*number - 1];
    throw not_there("the mail has no attachment '" + printable(named) + "'; it has " + names_of(m.attachments));
}

// A broken one can still be looked at as it is.
exit_code show(const outbox_words& words, const output& to) {
    const auto eml = eml_of(words);
    if (words.eml && !to.json) {
        to.out << eml;
        return exit_code::ok;
    }
    const auto m = email::from_mime(eml);
    if (!words.attachment.empty()) {
        to.out << attachment_of(m, words.attachment).content;
        return exit_code::ok;
    }
    auto text = words.html      ? printable_lines(m.html)
                : words.text    ? printable_lines(m.text)
                : words.headers ? fact_sheet(facts_of(m))
                                : fact_sheet(facts_of(m)) + "\n\n" + printable_lines(m.text);
    while (text.ends_with('\n'))
        text.pop_back(); // printing adds one
    to.print(text, whole(m));
    return exit_code::ok;
}

// --- resend -------------------------------------------------------------------------------------------------------

email::mailer mailer_for(const outbox_words& words) {
    const auto variables = environment::of_process();
    if (words.url.empty() && !variables.has("EMAIL_URL") && !variables.has("RESEND_API_KEY"))
        throw std::invalid_argument("where is it to go? Give --url, or set EMAIL_URL");
    return email::mailer(mailer_options_for(words.url, "", variables));
}

exit_code resend(const outbox_words& words, const output& to) {
    const auto mailer = mailer_for(words);
    auto again = email::to_message(email::from_mime(eml_of(words)));
    again.idempotency_key = words.key;
    const auto id = send_visibly(mailer, std::move(again), to);
    to.print(printable(id), {{"id", id}, {"transport", mailer.transport_name()}});
    return exit_code::ok;
}

} // namespace

void add_email_outbox(const email_group& to) {
    const auto words = std::make_shared<outbox_words>();
    auto& group = to.to.add_group({.name = "outbox",
                                   .description = "Looks at the mails of an outbox, and sends one again.",
                                   .examples = {"infra email outbox ls", "infra email outbox show 0193a1"}},
                                  &to.app);
    group.add_option("--dir", words->query.directory, "Where it is")->capture_default_str()->type_name("DIR");
    const auto add = [&](verb v, exit_code (*act)(const outbox_words&, const output&)) -> CLI::App& {
        return to.add(std::move(v), [words, act](const output& o) { return act(*words, o); }, &group);
    };
    const auto id = [&](CLI::App& app) {
        app.add_option("id", words->id, "Of the mail, or its beginning")->required();
    };

    auto& listing = add({.name = "ls",
                         .description = "Lists the mails, newest first.",
                         .examples = {"infra email outbox ls --limit 20", "infra email outbox ls --json"}},
                        ls);
    listing.add_option("--limit", words->query.limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    listing.add_option("--before", words->query.before, "Those older than the end of the page before");

    auto& showing =
        add({.name = "show",
             .description = "Shows a mail, blind copies and tags too. Nothing exits with 3.",
             .examples = {"infra email outbox show 0193a1", "infra email outbox show 0193a1 --html > mail.html",
                          "infra email outbox show 0193a1 --attachment invoice.pdf > invoice.pdf"}},
            show);
    id(showing);
    auto* html = showing.add_flag("--html", words->html, "The html alone");
    auto* text = showing.add_flag("--text", words->text, "The text part alone");
    auto* eml = showing.add_flag("--eml", words->eml, "The file as it is");
    auto* headers = showing.add_flag("--headers", words->headers, "All but what it says");
    auto* attachment = showing
                           .add_option("--attachment", words->attachment,
                                       "What was attached, as it is: of this name, or the first with 1")
                           ->check(not_empty);
    attachment->excludes(html)->excludes(text)->excludes(eml)->excludes(headers);
    html->excludes(text)->excludes(eml)->excludes(headers);
    text->excludes(eml)->excludes(headers);
    eml->excludes(headers);

    auto& sending = add({.name = "resend",
                         .description = "Sends a mail again, as a new one, and prints the new id.",
                         .examples = {"infra email outbox resend 0193a1 --url smtp://mail.example.org"}},
                        resend);
    id(sending);
    sending.add_option("--url", words->url, "Where it goes; default $EMAIL_URL, which is the place for a password")
        ->check(not_empty);
    sending.add_option("--key", words->key, "An idempotency key; default a new one")->check(not_empty);
}

} // namespace infra::cli
