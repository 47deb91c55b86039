#include "check_mail.hpp"

#include "ascii.hpp"
#include "mime/content_type.hpp"
#include "mime/header.hpp"

#include <infra/base/json.hpp>
#include <infra/email/error.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace infra::email {
namespace {

constexpr std::size_t max_tag = 256;

void check_all(const char* field, const std::vector<address>& list) {
    for (const auto& each : list)
        check_address(field, each);
}

// Those that to_mime writes, and those that would contradict them.
bool is_reserved(std::string_view name) {
    static constexpr std::array<std::string_view, 14> ours{
        "bcc",         "cc",     "date",    "from", "message-id", "mime-version", "reply-to",
        "return-path", "sender", "subject", "to",   "x-tag",      "x-topic",      "x-scheduled-at"};
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

bool is_tag(std::string_view text) noexcept {
    return !text.empty() && text.size() <= max_tag &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
}

void check_tags(const std::map<std::string, std::string>& tags) {
    for (const auto& [name, value] : tags)
        if (!is_tag(name) || !is_tag(value))
            throw error(errc::bad_header, "email::message::tags: names and values are letters, digits, '_' and '-', "
                                          "1 to 256 of them");
}

bool is_content_id(std::string_view id) noexcept {
    return id.size() <= max_tag && std::ranges::all_of(id, [](char c) {
               return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-' || c == '@';
           });
}

void check_attachment(const attachment& a) {
    if (a.filename.empty() || !a.file.empty() || !a.stored.empty())
        throw error(errc::no_attachment,
                    "email::mail::attachments: each has a filename and its bytes; a hook that adds "
                    "one reads its file itself");
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

std::size_t size_to_send(const mail& m) {
    auto size = m.html.size() + m.text.size();
    if (m.hosted)
        size += json::to_text(m.hosted->variables).size();
    for (const auto& each : m.attachments)
        size += each.content.size();
    return size;
}

void check_words(const mail& m) {
    if (m.html.empty() && m.text.empty() && !m.hosted)
        throw error(infra::errc::invalid_input, "a mail has html or text; a hook left it neither");
    mime::refuse_breaks("the subject", m.subject);
}

void check_recipients(const mail& m) {
    check_all("to", m.to);
    check_all("cc", m.cc);
    check_all("bcc", m.bcc);
    if (m.to.empty() || m.to.size() + m.cc.size() + m.bcc.size() > max_recipients)
        throw error(errc::bad_address, "a mail goes to somebody, and to 50 at most; a hook made it otherwise");
}

void check_size(const mail& m, std::size_t max_bytes) {
    if (const auto size = size_to_send(m); size > max_bytes)
        throw error(errc::too_large, "the message and its attachments have " + std::to_string(size) +
                                         " bytes, over the limit of " + std::to_string(max_bytes) +
                                         "; see mailer_options::max_bytes");
}

} // namespace

void check_address(const char* field, const address& who) {
    mime::refuse_breaks(std::string("email::message::") + field, who.name());
    if (!is_valid_address(who.email()))
        throw error(errc::bad_address,
                    std::string("email::message::") + field +
                        ": not an email address; expected name@example.org, Name <name@example.org> or "
                        "\"Last, First\" <name@example.org>, and for several a list of them");
}

void check_mail(const mail& m, std::size_t max_bytes) {
    check_address("from", m.from);
    check_recipients(m);
    check_all("reply_to", m.reply_to);
    check_words(m);
    mime::refuse_breaks("email::message::topic_id", m.topic_id);
    check_headers(m.headers);
    check_tags(m.tags);
    for (const auto& each : m.attachments)
        check_attachment(each);
    refuse_same_content_ids(m.attachments);
    if (m.idempotency_key.size() > max_idempotency_key)
        throw error(errc::bad_header, "email::message::idempotency_key may have 256 bytes");
    check_size(m, max_bytes);
}

void refuse_unsupported(const mail& m, const transport_traits& can, std::string_view transport) {
    const auto refuse_unless = [&](bool holds, const char* sentence) {
        if (!holds)
            throw error(errc::unsupported, "the transport " + std::string(transport) + " " + sentence);
    };
    refuse_unless(can.schedules || !m.scheduled_at, "keeps no mail for email::message::scheduled_at; deliver_later() "
                                                    "sends it at that time, or resend: keeps it");
    refuse_unless(can.hosts_templates || !m.hosted, "has no templates for email::message::hosted; name a file of "
                                                    "ours by template_name, or send through resend:");
    refuse_unless(can.has_topics || m.topic_id.empty(), "knows no email::message::topic_id; set unsubscribe for a way "
                                                        "out of a list, or send through resend:");
}

} // namespace infra::email
