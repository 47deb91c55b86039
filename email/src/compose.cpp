#include "compose.hpp"

#include "ascii.hpp"
#include "bidi.hpp"
#include "check_mail.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::email {
namespace {

bool is_blank_subject(std::string_view text) noexcept {
    return text.find_first_not_of(" \t") == std::string_view::npos;
}

bool is_unsubscribe_url(std::string_view url) noexcept {
    constexpr std::string_view scheme = "https://";
    return url.size() > scheme.size() && lower(url.substr(0, scheme.size())) == scheme && url[scheme.size()] != '/' &&
           std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"'; });
}

// RFC 2369 and 8058. As further fields, which every transport carries.
void add_unsubscribe(std::map<std::string, std::string>& headers, const unsubscribe& way) {
    for (const auto& [name, value] : headers)
        if (lower(name).starts_with("list-unsubscribe"))
            throw error(errc::bad_header,
                        "email::message::headers: " + name + " is written from email::message::unsubscribe");
    if (!is_unsubscribe_url(way.url))
        throw error(errc::bad_header,
                    "email::unsubscribe::url: expected https:// and a host, in printable ASCII without < > and \"");
    auto& list = headers["List-Unsubscribe"] = "<" + way.url + ">";
    if (!way.address.empty()) {
        check_address("unsubscribe.address", address::named("", way.address));
        list += ", <mailto:" + encoding::percent_encode(way.address, "@") + "?subject=unsubscribe>";
    }
    headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click";
}

address sender(message& m, const rendered_email& words, const composition& c) {
    if (m.from)
        return *m.from;
    if (words.from)
        return *words.from;
    if (c.default_from)
        return *c.default_from;
    throw error(errc::no_sender, "a message needs a sender; set EMAIL_FROM, email::message::from, "
                                 "mailer_options::from or `from:` in the template");
}

void require_of_message(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("email::message::") + sentence);
}

void check_shape_of_hosted(const hosted_template& hosted) {
    require_of_message(!hosted.id.empty(), "hosted: it needs an id");
    require_of_message(
        std::ranges::all_of(hosted.variables,
                            [](const auto& each) { return each.value().is_string() || each.value().is_number(); }),
        "hosted: variables are strings and numbers");
}

void check_shape_of_attachment(const attachment& a) {
    const int sources = int{!a.content.empty()} + int{!a.file.empty()} + int{!a.stored.empty()};
    require_of_message(sources <= 1, "attachments: content, file and stored: at most one may be set");
    require_of_message(!filename_of(a).empty(), "attachments: each needs a filename");
}

std::vector<address> to_vector(const address_list& list) { return {list.begin(), list.end()}; }

// A time that has passed is now, which needs nobody who keeps it.
std::optional<wall_time> time_to_come(std::optional<wall_time> when, wall_time now) {
    return when && *when > now ? when : std::nullopt;
}

} // namespace

void check_shape(const message& m) {
    const int sources =
        int{!m.body.empty()} + int{!m.template_name.empty()} + int{m.content.has_value()} + int{m.hosted.has_value()};
    require_of_message(!m.to.empty(), "to must name somebody");
    require_of_message(m.to.size() + m.cc.size() + m.bcc.size() <= max_recipients,
                       "to, cc and bcc may name 50 together");
    require_of_message(sources == 1, "body, template_name, content, hosted: exactly one must be set");
    require_of_message(!m.template_name.empty() || (m.data.empty() && m.locale.empty()),
                       "data and locale are for template_name; body and content have no places for values");
    require_of_message(!m.content || !m.content->html.empty() || !m.content->text.empty(),
                       "content must have html or text");
    if (m.hosted)
        check_shape_of_hosted(*m.hosted);
    require_of_message(!m.unsubscribe || m.to.size() + m.cc.size() + m.bcc.size() == 1,
                       "unsubscribe: it is one recipient's; send each a message of their own");
    require_of_message(m.idempotency_key.size() <= max_idempotency_key, "idempotency_key may have 256 bytes");
    for (const auto& each : m.attachments)
        check_shape_of_attachment(each);
}

std::string filename_of(const attachment& a) {
    if (!a.filename.empty())
        return a.filename;
    const auto& path = a.file.empty() ? a.stored : a.file;
    return path.substr(path.rfind('/') + 1); // npos + 1 is the beginning
}

mail compose(message m, rendered_email words, const composition& c) {
    mail made{.id = c.id,
              .date = c.date,
              .from = sender(m, words, c),
              .to = to_vector(m.to),
              .cc = to_vector(m.cc),
              .bcc = to_vector(m.bcc),
              .reply_to = to_vector(m.reply_to),
              .subject = m.subject.empty() ? std::move(words.subject) : std::move(m.subject),
              .html = std::move(words.html),
              .text = std::move(words.text),
              .hosted = std::move(m.hosted),
              .attachments = std::move(m.attachments),
              .headers = std::move(m.headers),
              .tags = std::move(m.tags),
              .topic_id = std::move(m.topic_id),
              .scheduled_at = time_to_come(m.scheduled_at, c.date),
              .idempotency_key = std::move(m.idempotency_key),
              .template_name = std::move(m.template_name)};
    if (m.unsubscribe)
        add_unsubscribe(made.headers, *m.unsubscribe);
    if (is_blank_subject(made.subject))
        made.subject = made.hosted ? "" : no_subject;
    for (auto& each : made.attachments) {
        each.filename = file_name_without_directions(filename_of(each));
        each.file.clear();
        each.stored.clear();
    }
    check_mail(made, c.max_bytes);
    return made;
}

std::string redacted(const address& who) {
    const auto at = who.email().rfind('@');
    if (at == std::string::npos || at == 0)
        return "…";
    return who.email().substr(0, 1) + "…" + who.email().substr(at);
}

} // namespace infra::email
