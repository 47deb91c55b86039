#include "request.hpp"

#include "sha256.hpp"

#include "../bidi.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::email::resend {
namespace {

constexpr std::size_t longest_key = 256;

// So that a hundred make no more than 10 MB. By the mail alone: a rule about several could part the mails of a batch when it is
// tried again, and its key with them.
constexpr std::size_t most_words = 100 * 1024;

bool may_join(const mail& m) noexcept {
    return m.attachments.empty() && m.idempotency_key.empty() && m.html.size() + m.text.size() <= most_words;
}

// --- Addresses --------------------------------------------------------------------------------------------------

// RFC 5322's atoms with spaces between them, and what is not ASCII; the rest stands in quotes. So does what looks like an encoded
// word, which is none in quotes (RFC 2047, section 5).
bool is_plain(std::string_view name) noexcept {
    constexpr std::string_view more = "!#$%&'*+-/=?^_`{|}~ ";
    return name.find("=?") == std::string_view::npos && !name.starts_with(' ') && !name.ends_with(' ') &&
           std::ranges::all_of(name, [more](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0 ||
                      more.find(c) != std::string_view::npos;
           });
}

std::string quoted(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    return text += '"';
}

json::array to_json(const std::vector<address>& list) {
    json::array all;
    for (const auto& each : list)
        all.emplace_back(to_text(each));
    return all;
}

// --- Parts ------------------------------------------------------------------------------------------------------

json::object to_json(const attachment& a) {
    json::object made{{"content", encoding::base64_encode(a.content)}, {"filename", a.filename}};
    if (!a.content_type.empty())
        made["content_type"] = a.content_type;
    if (!a.content_id.empty())
        made["content_id"] = a.content_id;
    return made;
}

json::array to_json(const std::vector<attachment>& list) {
    json::array all;
    for (const auto& each : list)
        all.emplace_back(to_json(each));
    return all;
}

json::object headers_of(const mail& m) {
    json::object all;
    for (const auto& [name, value] : m.headers)
        all[name] = value;
    return all;
}

json::array tags_of(const mail& m) {
    json::array all;
    for (const auto& [name, value] : m.tags)
        all.push_back({{"name", name}, {"value", value}});
    return all;
}

json::object to_json(const hosted_template& t) {
    json::object made{{"id", t.id}};
    if (!t.variables.empty())
        made["variables"] = t.variables;
    return made;
}

// Judged by the time the mail was made, and not by now: tried again, it must say the same.
bool is_for_later(const mail& m) noexcept { return m.scheduled_at && *m.scheduled_at > m.date; }

// --- Keys -------------------------------------------------------------------------------------------------------

bool is_header_text(std::string_view key) noexcept {
    return !key.empty() && key.size() <= longest_key && key.front() != ' ' && key.back() != ' ' &&
           std::ranges::all_of(key, [](char c) { return c >= ' ' && c < 0x7f; });
}

std::string hashed(std::string_view text) { return "infra-" + encoding::hex_encode(sha256(text)); }

// With the length of each, so that no two lists read the same.
std::string key_of_group(std::span<const mail> mails, const group& of) {
    std::string keys;
    for (const auto i : of) {
        const auto& key = email::key_of(mails[i]);
        keys.append(std::to_string(key.size())).append(":").append(key);
    }
    return hashed(keys);
}

} // namespace

std::vector<group> grouped(std::span<const mail> mails) {
    std::vector<group> groups;
    std::size_t batch = mails.size(); // none yet
    for (std::size_t i = 0; i < mails.size(); ++i) {
        if (!may_join(mails[i])) {
            groups.push_back({i});
        } else if (batch == mails.size()) {
            batch = groups.size();
            groups.push_back({i});
        } else {
            groups[batch].push_back(i);
        }
    }
    return groups;
}

request request_for(std::span<const mail> mails, const group& of) {
    if (of.size() == 1) {
        const auto& one = mails[of.front()];
        return {false, "/emails", idempotency_key_of(one), json::to_text(to_json(one))};
    }
    json::array all;
    for (const auto i : of)
        all.emplace_back(to_json(mails[i]));
    return {true, "/emails/batch", key_of_group(mails, of), json::to_text(all)};
}

json::object to_json(const mail& m) {
    json::object made;
    const auto put = [&made](std::string_view key, auto value) {
        if (!value.empty())
            made[key] = std::move(value);
    };
    put("attachments", to_json(m.attachments));
    put("bcc", to_json(m.bcc));
    put("cc", to_json(m.cc));
    put("from", to_text(m.from));
    put("headers", headers_of(m));
    put("html", m.html);
    put("reply_to", to_json(m.reply_to));
    if (is_for_later(m)) {
        const auto time = format_rfc3339(*m.scheduled_at);
        put("scheduled_at", std::string(time.begin(), time.end()));
    }
    put("subject", m.subject);
    put("tags", tags_of(m));
    put("text", m.text);
    put("to", to_json(m.to));
    if (m.hosted)
        put("template", to_json(*m.hosted));
    put("topic_id", m.topic_id);
    return made;
}

std::string to_text(const address& who) {
    if (who.name().empty())
        return who.email();
    std::string room;
    const auto name = with_directions_ended(who.name(), room);
    return (is_plain(name) ? std::string(name) : quoted(name)) + " <" + who.email() + ">";
}

std::string idempotency_key_of(const mail& m) {
    const auto& key = email::key_of(m);
    return is_header_text(key) ? key : hashed(key);
}

} // namespace infra::email::resend
