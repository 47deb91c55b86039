#include "compose.hpp"

#include "mime/content_type.hpp"
#include "mime/header.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

namespace infra::email {
namespace {

constexpr std::size_t max_recipients = 50;
constexpr std::size_t max_key = 256;
constexpr std::size_t max_tag = 256;

bool is_blank(std::string_view text) noexcept { return text.find_first_not_of(" \t") == std::string_view::npos; }

constexpr bool is_alnum(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return made;
}

// The address is not repeated: it may be somebody's, and errors end in logs.
void check(const char* field, const address& who) {
    mime::refuse_breaks(std::string("email::message::") + field, who.name());
    if (!is_valid_address(who.email()))
        throw error(errc::bad_address,
                    std::string("email::message::") + field +
                        ": not an email address; expected name@example.org, Name <name@example.org> or "
                        "\"Last, First\" <name@example.org>, and for several a list of them");
}

void check_all(const char* field, const address_list& list) {
    for (const auto& each : list)
        check(field, each);
}

// Those that to_mime writes, and those that would contradict them.
bool is_reserved(std::string_view name) {
    static constexpr std::array<std::string_view, 12> ours{"bcc",        "cc",           "date",     "from",
                                                           "message-id", "mime-version", "reply-to", "return-path",
                                                           "sender",     "subject",      "to",       "x-tag"};
    const auto plain = lower(name);
    return std::ranges::find(ours, plain) != ours.end() || plain.starts_with("content-");
}

void check_headers(const std::map<std::string, std::string>& headers) {
    std::string ignored;
    for (const auto& [name, value] : headers) {
        if (is_reserved(name))
            throw error(errc::bad_header, "email::message::headers: " + name + " is written by the module");
        mime::append_field(ignored, name, mime::further(value, name.size() + 1));
    }
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
        check("unsubscribe.address", address::named("", way.address));
        list += ", <mailto:" + encoding::percent_encode(way.address, "@") + "?subject=unsubscribe>";
    }
    headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click";
}

bool is_tag(std::string_view text) noexcept {
    return !text.empty() && text.size() <= max_tag &&
           std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
}

void check_tags(const std::map<std::string, std::string>& tags) {
    for (const auto& [name, value] : tags)
        if (!is_tag(name) || !is_tag(value))
            throw error(errc::bad_header, "email::message::tags: names and values are letters, digits, '_' and '-', "
                                          "1 to 256 of them");
}

bool is_content_id(std::string_view id) noexcept {
    return id.size() <= max_tag &&
           std::ranges::all_of(id, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-' || c == '@'; });
}

void check_attachment(const attachment& a) {
    mime::refuse_breaks("email::attachment::filename", a.filename);
    if (!a.content_type.empty() && !mime::is_content_type(a.content_type))
        throw error(errc::bad_header,
                    "email::attachment::content_type: expected type/subtype of one file, such as image/png");
    if (!is_content_id(a.content_id))
        throw error(errc::bad_header, "email::attachment::content_id: letters, digits and the characters . _ - @");
}

// `cid:logo` would be either.
void refuse_same_content_ids(const std::vector<attachment>& all) {
    std::set<std::string_view> known;
    for (const auto& each : all)
        if (!each.content_id.empty() && !known.insert(each.content_id).second)
            throw error(errc::bad_header, "email::attachment::content_id: two attachments have the same");
}

std::size_t size_of(const mail& m) noexcept {
    auto size = m.html.size() + m.text.size();
    for (const auto& each : m.attachments)
        size += each.content.size();
    return size;
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

void check(const mail& m) {
    check("from", m.from);
    check_all("to", m.to);
    check_all("cc", m.cc);
    check_all("bcc", m.bcc);
    check_all("reply_to", m.reply_to);
    mime::refuse_breaks("the subject", m.subject);
    check_headers(m.headers);
    check_tags(m.tags);
    for (const auto& each : m.attachments)
        check_attachment(each);
    refuse_same_content_ids(m.attachments);
}

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("email::message::") + sentence);
}

std::vector<address> to_vector(const address_list& list) { return {list.begin(), list.end()}; }

} // namespace

void check_shape(const message& m) {
    const int sources = int{!m.body.empty()} + int{!m.template_name.empty()} + int{m.content.has_value()};
    require(!m.to.empty(), "to must name somebody");
    require(m.to.size() + m.cc.size() + m.bcc.size() <= max_recipients, "to, cc and bcc may name 50 together");
    require(sources == 1, "body, template_name, content: exactly one must be set");
    require(!m.template_name.empty() || (m.data.empty() && m.locale.empty()),
            "data and locale are for template_name; body and content have no places for values");
    require(!m.unsubscribe || m.to.size() + m.cc.size() + m.bcc.size() == 1,
            "unsubscribe: it is one recipient's; send each a message of their own");
    require(m.idempotency_key.size() <= max_key, "idempotency_key may have 256 bytes");
    for (const auto& each : m.attachments)
        require(!each.filename.empty(), "attachments: each needs a filename");
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
              .attachments = std::move(m.attachments),
              .headers = std::move(m.headers),
              .tags = std::move(m.tags),
              .idempotency_key = std::move(m.idempotency_key)};
    if (m.unsubscribe)
        add_unsubscribe(made.headers, *m.unsubscribe);
    if (is_blank(made.subject))
        made.subject = no_subject;
    if (made.html.empty() && made.text.empty())
        throw std::invalid_argument("email::message::content must have html or text");
    check(made);
    if (size_of(made) > c.max_bytes)
        throw error(errc::too_large, "the message and its attachments have " + std::to_string(size_of(made)) +
                                         " bytes, over the limit of " + std::to_string(c.max_bytes) +
                                         "; see mailer_options::max_bytes");
    return made;
}

std::string redacted(const address& who) {
    const auto at = who.email().rfind('@');
    if (at == std::string::npos || at == 0)
        return "…";
    return who.email().substr(0, 1) + "…" + who.email().substr(at);
}

} // namespace infra::email
