#include <infra/email/mime.hpp>

#include "body.hpp"
#include "content_type.hpp"
#include "read_header.hpp"

#include <algorithm>
#include <functional>
#include <optional>

namespace infra::email {
namespace {

using namespace mime;

/// A part of a message: its fields, each once, and what follows them.
struct parsed_part {
    std::map<std::string, std::string, std::less<>> fields{};
    std::string_view content{};

    std::string_view operator[](std::string_view name) const {
        const auto found = fields.find(name);
        return found == fields.end() ? std::string_view() : found->second;
    }
    std::string take(std::string_view name) {
        const auto found = fields.find(name);
        if (found == fields.end())
            refuse("the field " + std::string(name) + " is missing");
        auto value = std::move(found->second);
        fields.erase(found);
        return value;
    }
};

parsed_part part_of(std::string_view text) {
    parsed_part made;
    for (auto& [name, value] : take_fields(text))
        if (!made.fields.emplace(std::move(name), std::move(value)).second)
            refuse("a field stands twice");
    made.content = text;
    return made;
}

// The parts between the boundaries, behind each of which a line ends.
std::vector<parsed_part> parts_of(const parsed_part& from, const parametrised& type) {
    const auto given = type.parameters.find("boundary");
    if (given == type.parameters.end() || given->second.empty())
        refuse("a multipart names no boundary");
    const auto open = "--" + given->second + "\r\n", next = "\r\n" + open, close = "\r\n--" + given->second + "--";
    auto rest = from.content;
    if (!rest.starts_with(open) || !rest.ends_with(close) || rest.size() < open.size() + close.size())
        refuse("a multipart does not begin or end with its boundary");
    rest = rest.substr(open.size(), rest.size() - open.size() - close.size());
    std::vector<parsed_part> parts;
    for (auto end = rest.find(next); end != std::string_view::npos; end = rest.find(next)) {
        parts.push_back(part_of(rest.substr(0, end)));
        rest.remove_prefix(end + next.size());
    }
    parts.push_back(part_of(rest));
    return parts;
}

std::string text_in(const parsed_part& from) {
    const auto text = from_quoted_printable(from.content);
    if (from["Content-Transfer-Encoding"] != "quoted-printable" || !text)
        refuse("text is not in quoted-printable");
    return *text;
}

std::string_view content_id_in(std::string_view field) {
    if (field.size() < 3 || !field.starts_with('<') || !field.ends_with('>'))
        refuse("a Content-ID is none");
    return field.substr(1, field.size() - 2);
}

attachment attachment_in(const parsed_part& from, bool is_inline) {
    const auto disposition = parameters_in(from["Content-Disposition"]);
    const auto name = disposition.parameters.find("filename");
    auto bytes = from_base64_lines(from.content);
    if (disposition.value != (is_inline ? "inline" : "attachment") || name == disposition.parameters.end() ||
        from["Content-Transfer-Encoding"] != "base64" || !bytes || !is_content_type(from["Content-Type"]))
        refuse("an attachment has no name, no type or is not in Base64");
    attachment made{
        .filename = name->second, .content = std::move(*bytes), .content_type = std::string(from["Content-Type"])};
    if (is_inline)
        made.content_id = content_id_in(from["Content-ID"]);
    return made;
}

void read_words(mail& to, const parsed_part& from, const parametrised& type) {
    if (type.value == "text/plain")
        to.text = text_in(from);
    else if (type.value == "text/html")
        to.html = text_in(from);
    else
        refuse("its words are neither text/plain nor text/html");
}

// Reads the first part in `first`'s way, and the others as attachments.
void read_files(mail& to, std::vector<parsed_part> parts, bool is_inline,
                const std::function<void(const parsed_part&)>& first) {
    if (parts.size() < 2)
        refuse("a multipart has one part only");
    first(parts.front());
    std::ranges::transform(parts.begin() + 1, parts.end(), std::back_inserter(to.attachments),
                           [&](const parsed_part& each) { return attachment_in(each, is_inline); });
}

void read_alternative(mail& to, const parsed_part& from) {
    const auto type = parameters_in(from["Content-Type"]);
    if (type.value != "multipart/alternative")
        return read_words(to, from, type);
    const auto parts = parts_of(from, type);
    if (parts.size() != 2)
        refuse("there are not two alternatives");
    for (const auto& each : parts)
        read_words(to, each, parameters_in(each["Content-Type"]));
}

void read_related(mail& to, const parsed_part& from) {
    const auto type = parameters_in(from["Content-Type"]);
    if (type.value != "multipart/related")
        return read_alternative(to, from);
    read_files(to, parts_of(from, type), true, [&](const parsed_part& words) { read_alternative(to, words); });
}

void read_content(mail& to, const parsed_part& from) {
    const auto type = parameters_in(from["Content-Type"]);
    if (type.value != "multipart/mixed")
        return read_related(to, from);
    read_files(to, parts_of(from, type), false, [&](const parsed_part& inner) { read_related(to, inner); });
}

// Of `<id@domain>`, where the domain is the sender's.
std::string id_in(std::string_view field, const address& from) {
    const auto domain = from.email().substr(from.email().rfind('@'));
    const auto end = field.size() < domain.size() + 2 ? 0 : field.size() - domain.size() - 1;
    const auto id = field.substr(std::min<std::size_t>(1, field.size()), std::max<std::size_t>(end, 1) - 1);
    if (end == 0 || !field.starts_with('<') || field.substr(end) != domain + ">" || id.empty() ||
        !std::ranges::all_of(id, [](char c) {
            return c == '-' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        }))
        refuse("the Message-ID is none");
    return std::string(id);
}

void add_tag(mail& to, std::string_view field) {
    const auto equals = field.find('=');
    if (equals == std::string_view::npos || equals == 0)
        refuse("a tag is none");
    to.tags.emplace(field.substr(0, equals), field.substr(equals + 1));
}

// All fields of a mail, of which X-Tag alone may stand there several times.
parsed_part take_whole(std::string_view text, mail& to) {
    parsed_part whole;
    for (auto& [name, value] : take_fields(text))
        if (name == "X-Tag")
            add_tag(to, value);
        else if (!whole.fields.emplace(std::move(name), std::move(value)).second)
            refuse("a field stands twice");
    whole.content = text.substr(0, text.size() - std::min<std::size_t>(2, text.size())); // the last line's end
    return whole;
}

std::vector<address> take_mailboxes(parsed_part& from, std::string_view name) {
    return from.fields.contains(name) ? mailboxes_in(from.take(name)) : std::vector<address>();
}

void take_envelope(mail& to, parsed_part& from) {
    const auto senders = take_mailboxes(from, "From");
    if (senders.size() != 1)
        refuse("it has not one sender");
    to.from = senders.front();
    to.date = date_in(from.take("Date"));
    to.to = take_mailboxes(from, "To");
    to.cc = take_mailboxes(from, "Cc");
    to.bcc = take_mailboxes(from, "Bcc");
    to.reply_to = take_mailboxes(from, "Reply-To");
    to.subject = decoded(from.take("Subject"));
    to.id = id_in(from.take("Message-ID"), to.from);
    if (from.fields.contains("X-Topic"))
        to.topic_id = decoded(from.take("X-Topic"));
    if (from.fields.contains("X-Scheduled-At"))
        to.scheduled_at = date_in(from.take("X-Scheduled-At"));
    if (from.take("MIME-Version") != "1.0")
        refuse("it is of another version of MIME");
}

} // namespace

mail from_mime(std::string_view text) {
    if (!text.ends_with("\r\n"))
        refuse("its last line has no end");
    mail made{.from = ""};
    auto whole = take_whole(text, made);
    take_envelope(made, whole);
    read_content(made, whole);
    for (const auto& [name, value] : whole.fields)
        if (!name.starts_with("Content-"))
            made.headers.emplace(name, decoded(value));
    return made;
}

} // namespace infra::email
