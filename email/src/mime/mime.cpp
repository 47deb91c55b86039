#include <infra/email/mime.hpp>

#include "body.hpp"
#include "content_type.hpp"
#include "header.hpp"

#include <chrono>
#include <cstdio>

namespace infra::email {
namespace {

using namespace mime;

/// A part of a message: its own fields, then its content.
struct entity {
    std::string type; ///< without parameters
    std::string fields{};
    std::string content{};
};

// RFC 5322 section 3.3, always in UTC.
std::string date_text(wall_time t) {
    static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(t - day));
    char text[40];
    std::snprintf(text, sizeof text, "%s, %02u %s %d %02d:%02d:%02d +0000",
                  days[std::chrono::weekday(day).c_encoding()], unsigned{date.day()},
                  months[unsigned{date.month()} - 1], int{date.year()}, static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
    return text;
}

void append_text(std::string& to, std::string_view name, std::string text) {
    append_field(to, name, {{"", std::move(text)}});
}

void append_mailboxes(std::string& to, std::string_view name, const std::vector<address>& list) {
    if (!list.empty())
        append_field(to, name, mailboxes(list, name.size() + 1));
}

void append_subject(std::string& to, std::string_view subject) {
    constexpr std::string_view name = "Subject";
    append_field(to, name, unstructured(subject, name.size() + 1));
}

words with_parameter(std::string value, std::string_view name, std::string_view text) {
    words made{{"", std::move(value) + ";"}};
    auto pieces = parameter(name, text);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (i + 1 < pieces.size())
            pieces[i].text += ';';
        made.push_back(std::move(pieces[i]));
    }
    return made;
}

entity text_part(const char* type, std::string_view text) {
    entity made{.type = type};
    append_field(made.fields, "Content-Type", with_parameter(type, "charset", "utf-8"));
    append_text(made.fields, "Content-Transfer-Encoding", "quoted-printable");
    made.content = quoted_printable(text);
    return made;
}

entity attached(const attachment& a) {
    const auto type = a.content_type.empty() ? std::string(content_type_of(a.filename)) : a.content_type;
    entity made{.type = type};
    append_text(made.fields, "Content-Type", type);
    append_text(made.fields, "Content-Transfer-Encoding", "base64");
    append_field(made.fields, "Content-Disposition",
                 with_parameter(a.content_id.empty() ? "attachment" : "inline", "filename", a.filename));
    if (!a.content_id.empty())
        append_text(made.fields, "Content-ID", "<" + a.content_id + ">");
    made.content = base64_lines(a.content);
    return made;
}

// No encoded line begins with "=_": in quoted-printable "=" is followed by a digit or a line's end, in Base64 it stands
// at the end. So the boundary occurs nowhere else, whatever the content.
entity multipart(std::string_view kind, std::string_view id, const std::vector<entity>& parts) {
    const auto boundary = "=_" + std::string(kind) + "_" + std::string(id);
    entity made{.type = "multipart/" + std::string(kind)};
    words field{{"", made.type + ";"}};
    if (kind == "related") // of its root, which RFC 2387 asks for
        field.push_back({" ", "type=\"" + parts.front().type + "\";"});
    field.push_back({" ", "boundary=\"" + boundary + "\""});
    append_field(made.fields, "Content-Type", field);
    for (const auto& each : parts)
        made.content.append("--")
            .append(boundary)
            .append("\r\n")
            .append(each.fields)
            .append("\r\n")
            .append(each.content)
            .append("\r\n"); // belongs to the boundary that follows
    made.content.append("--").append(boundary).append("--");
    return made;
}

// Plain text first: of alternatives the last is the richest (RFC 2046 section 5.1.4).
entity words_part(const mail& from) {
    if (from.html.empty())
        return text_part("text/plain", from.text);
    if (from.text.empty())
        return text_part("text/html", from.html);
    return multipart("alternative", from.id, {text_part("text/plain", from.text), text_part("text/html", from.html)});
}

entity with_attachments(const mail& from, entity content) {
    std::vector<entity> related{std::move(content)}, mixed;
    for (const auto& each : from.attachments)
        (each.content_id.empty() ? mixed : related).push_back(attached(each));
    entity inner = related.size() == 1 ? std::move(related.front()) : multipart("related", from.id, related);
    if (mixed.empty())
        return inner;
    mixed.insert(mixed.begin(), std::move(inner));
    return multipart("mixed", from.id, mixed);
}

std::string domain_of(const address& from) { return from.email().substr(from.email().rfind('@') + 1); }

std::string envelope(const mail& from, const mime_options& options) {
    std::string fields;
    append_text(fields, "Date", date_text(from.date));
    append_mailboxes(fields, "From", {from.from});
    append_mailboxes(fields, "To", from.to);
    append_mailboxes(fields, "Cc", from.cc);
    if (options.senders_copy)
        append_mailboxes(fields, "Bcc", from.bcc);
    append_mailboxes(fields, "Reply-To", from.reply_to);
    append_subject(fields, from.subject);
    append_text(fields, "Message-ID", "<" + from.id + "@" + domain_of(from.from) + ">");
    for (const auto& [name, value] : from.headers)
        append_field(fields, name, further(value, name.size() + 1));
    if (options.senders_copy)
        for (const auto& [name, value] : from.tags)
            append_text(fields, "X-Tag", name + "=" + value);
    if (options.senders_copy && !from.topic_id.empty())
        append_field(fields, "X-Topic", further(from.topic_id, std::string_view("X-Topic:").size()));
    if (options.senders_copy && from.scheduled_at)
        append_text(fields, "X-Scheduled-At", date_text(*from.scheduled_at));
    append_text(fields, "MIME-Version", "1.0");
    return fields;
}

} // namespace

std::string to_mime(const mail& from, const mime_options& options) {
    auto text = envelope(from, options);
    const auto content = with_attachments(from, words_part(from));
    return text.append(content.fields).append("\r\n").append(content.content).append("\r\n");
}

} // namespace infra::email
