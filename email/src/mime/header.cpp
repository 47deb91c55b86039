#include "header.hpp"

#include "../ascii.hpp"
#include "../bidi.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>

#include <algorithm>

namespace infra::email::mime {
namespace {

constexpr std::size_t folded_limit = 76;  // RFC 2047, where a line has encoded words; RFC 5322 says 78
constexpr std::size_t hard_limit = 998;   // RFC 5322
constexpr std::size_t encoded_limit = 75; // RFC 2047: an encoded word
constexpr std::string_view encoded_overhead = "=?UTF-8?Q?"
                                              "?=";

bool is_plain(char c) noexcept { return c >= ' ' && c < 0x7f; }

bool is_plain(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return is_plain(c); }) && text.find("=?") == std::string_view::npos;
}

// RFC 2047 section 5 (3), the strictest of the three places: an encoded word may stand in a phrase.
constexpr bool is_q_safe(char c) noexcept {
    return is_letter_or_digit(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

std::size_t q_size(std::string_view bytes) noexcept {
    std::size_t size = 0;
    for (const char c : bytes)
        size += is_q_safe(c) || c == ' ' ? 1 : 3;
    return size;
}

std::string q_encoded(std::string_view bytes) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == ' ')
            text += '_';
        else if (is_q_safe(c))
            text += c;
        else
            text.append({'=', digits[byte >> 4], digits[byte & 15]});
    }
    return text;
}

constexpr std::size_t b_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

// Bytes of the UTF-8 character that begins with `lead`; the text is well-formed.
constexpr std::size_t character_size(char lead) noexcept {
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

// How many bytes of `rest` one encoded word of `size` characters takes: whole characters, since each word is decoded by itself.
std::size_t bytes_that_fit(std::string_view rest, std::size_t size, bool in_q) noexcept {
    std::size_t taken = 0;
    while (taken < rest.size()) {
        const auto longer = rest.substr(0, taken + character_size(rest[taken]));
        if (encoded_overhead.size() + (in_q ? q_size(longer) : b_size(longer.size())) > size)
            break;
        taken = longer.size();
    }
    return taken;
}

// What a first word may have on a line that has `column` characters already; a whole line's worth where that is next to
// nothing.
std::size_t room_behind(std::size_t column) noexcept {
    constexpr std::size_t too_little = 30;
    const auto room = folded_limit - std::min(column + 1, folded_limit);
    return room < too_little ? encoded_limit : std::min(room, encoded_limit);
}

words encoded_words(std::string_view raw, std::size_t column) {
    const auto utf8 = encoding::to_utf8(raw);
    std::string_view rest = utf8;
    const bool in_q = q_size(rest) <= b_size(rest.size());
    words made;
    while (!rest.empty()) {
        const auto size = made.empty() ? room_behind(column) : encoded_limit;
        const auto chunk = rest.substr(0, bytes_that_fit(rest, size, in_q));
        made.push_back({made.empty() ? "" : " ", in_q ? "=?UTF-8?Q?" + q_encoded(chunk) + "?="
                                                      : "=?UTF-8?B?" + encoding::base64_encode(chunk) + "?="});
        rest.remove_prefix(chunk.size());
    }
    return made;
}

words split_at_spaces(std::string_view text) {
    words made;
    while (!text.empty()) {
        const auto begin = std::min(text.find_first_not_of(' '), text.size());
        const auto end = std::min(text.find(' ', begin), text.size());
        made.push_back({std::string(text.substr(0, begin)), std::string(text.substr(begin, end - begin))});
        text.remove_prefix(end);
    }
    return made;
}

// Whether folding alone is enough.
bool fits(const words& plain, std::size_t column) noexcept {
    return std::ranges::all_of(plain, [&](const word& each) {
        return each.text.size() <= (&each == &plain.front() ? room_behind(column) : encoded_limit);
    });
}

bool is_atoms(std::string_view name) noexcept {
    static constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~ ";
    return std::ranges::all_of(
        name, [](char c) { return is_letter_or_digit(c) || others.find(c) != std::string_view::npos; });
}

std::string quoted(std::string_view text) {
    std::string made = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            made += '\\';
        made += c;
    }
    return made + '"';
}

bool needs_no_quotes(std::string_view text) noexcept {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

// RFC 2231 sections 3 and 4: percent-encoded, in pieces short enough for a line each.
words extended_parameter(std::string_view name, std::string_view value) {
    const auto encoded_value = encoding::percent_encode(encoding::to_utf8(value));
    std::string_view rest = encoded_value;
    const auto room = folded_limit - name.size() - 20;
    words made;
    for (int piece = 0; piece == 0 || !rest.empty(); ++piece) {
        const bool whole = piece == 0 && rest.size() <= room;
        auto size = std::min(rest.size(), room);
        while (size > 0 && size < rest.size() && (rest[size - 1] == '%' || (size > 1 && rest[size - 2] == '%')))
            --size; // not in the middle of %XX
        std::string text(name);
        text.append(whole ? "" : "*" + std::to_string(piece)).append("*=").append(piece == 0 ? "UTF-8''" : "");
        text.append(rest.substr(0, size));
        made.push_back({" ", std::move(text)});
        rest.remove_prefix(size);
    }
    return made;
}

bool is_field_name(std::string_view name) noexcept {
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

} // namespace

void refuse_breaks(std::string_view what, std::string_view text) {
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
        throw error(errc::bad_header, std::string(what) + ": it holds a line break or NUL, which a header must not");
}

words further(std::string_view text, std::size_t column) {
    refuse_breaks("a header's value", text);
    text = trimmed(text, " \t");
    return is_plain(text) ? split_at_spaces(text) : encoded_words(text, column);
}

words unstructured(std::string_view text, std::size_t column) {
    auto made = further(text, column);
    return fits(made, column) ? made : encoded_words(trimmed(text, " \t"), column);
}

words phrase(std::string_view name, std::size_t column) {
    refuse_breaks("a name in an address", name);
    std::string room;
    name = with_directions_ended(trimmed(name, " \t"), room);
    if (!is_plain(name))
        return encoded_words(name, column);
    auto made = split_at_spaces(is_atoms(name) ? std::string(name) : quoted(name));
    return fits(made, column) ? made : encoded_words(name, column);
}

words mailboxes(const std::vector<address>& list, std::size_t column) {
    words made;
    for (const auto& each : list) {
        refuse_breaks("an email address", each.email());
        auto name = phrase(each.name(), made.empty() ? column : 0);
        if (!made.empty())
            made.back().text += ',';
        if (name.empty()) {
            made.push_back({made.empty() ? "" : " ", each.email()});
            continue;
        }
        name.front().space = made.empty() ? "" : " ";
        made.insert(made.end(), name.begin(), name.end());
        made.push_back({" ", "<" + each.email() + ">"});
    }
    return made;
}

words parameter(std::string_view name, std::string_view value) {
    refuse_breaks(name, value);
    if (needs_no_quotes(value) && value.size() < 60)
        return {{" ", std::string(name).append("=").append(value)}};
    if (is_plain(value) && value.size() < 60)
        return {{" ", std::string(name).append("=").append(quoted(value))}};
    return extended_parameter(name, value);
}

void append_field(std::string& to, std::string_view name, const words& value) {
    if (!is_field_name(name))
        throw error(errc::bad_header, "a header's name must be printable ASCII without colon and space");
    to.append(name).append(":");
    std::size_t column = name.size() + 1;
    const auto refuse_long_line = [&] {
        if (column > hard_limit)
            throw error(errc::bad_header,
                        std::string(name.substr(0, 40)) + ": it has 998 characters without a space to fold at");
    };
    refuse_long_line();
    bool first = true;
    for (const auto& [given_space, text] : value) {
        const std::string space = first && given_space.empty() ? " " : given_space;
        refuse_breaks(name, text);
        if (!first && !space.empty() && column + space.size() + text.size() > folded_limit) {
            to += "\r\n";
            column = 0;
        }
        to.append(space).append(text);
        column += space.size() + text.size();
        refuse_long_line();
        first = false;
    }
    to += "\r\n";
}

} // namespace infra::email::mime
