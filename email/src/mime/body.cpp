#include "body.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::email::mime {
namespace {

constexpr std::size_t line_limit = 76;

/// One line, and whether a line break ended it.
struct line {
    std::string_view text;
    bool ended;
};

line take_text_line(std::string_view& text) noexcept {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    const line taken{text.substr(0, end), end < text.size()};
    const bool pair = text.substr(end).starts_with("\r\n");
    text.remove_prefix(std::min(end + (pair ? 2 : 1), text.size()));
    return taken;
}

std::string encoded_byte(char c, bool last_of_line) {
    static constexpr char digits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = c == ' ' || c == '\t'; // would be lost at the end of a line
    if (blank ? !last_of_line : c > ' ' && c < 0x7f && c != '=')
        return std::string(1, c);
    return {'=', digits[byte >> 4], digits[byte & 15]};
}

void append_text(std::string& to, std::string_view text) {
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool last = i + 1 == text.size();
        const auto piece = encoded_byte(text[i], last);
        if (column + piece.size() > line_limit - (last ? 0 : 1)) { // room for the '=' of a soft break
            to += "=\r\n";
            column = 0;
        }
        to += piece;
        column += piece.size();
    }
}

// Of "=C3".
std::optional<char> byte_of(std::string_view text) {
    const auto byte = text.starts_with('=') ? encoding::hex_decode(text.substr(1)) : std::nullopt;
    return byte && byte->size() == 1 ? std::optional(byte->front()) : std::nullopt;
}

} // namespace

std::string quoted_printable(std::string_view text) {
    std::string made;
    made.reserve(text.size() + text.size() / 8);
    while (!text.empty()) {
        const auto next = take_text_line(text);
        append_text(made, next.text);
        made += next.ended ? "\r\n" : "";
    }
    return made;
}

std::string base64_lines(std::string_view bytes) {
    constexpr std::size_t bytes_a_line = line_limit / 4 * 3;
    std::string made;
    made.reserve(bytes.size() / 3 * 4 + bytes.size() / bytes_a_line * 2 + 8);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), bytes_a_line)))
        made.append(encoding::base64_encode(bytes.substr(0, bytes_a_line))).append("\r\n");
    return made;
}

std::optional<std::string> from_quoted_printable(std::string_view encoded) {
    std::string made;
    made.reserve(encoded.size());
    while (!encoded.empty()) {
        const auto plain = encoded.substr(0, encoded.find_first_of("=\r\n"));
        if (!std::ranges::all_of(plain, [](char c) { return c == '\t' || (c >= ' ' && c < 0x7f); }))
            return std::nullopt;
        made += plain;
        encoded.remove_prefix(plain.size());
        if (encoded.starts_with("\r\n")) {
            made += '\n';
            encoded.remove_prefix(2);
        } else if (!encoded.empty()) {
            const bool soft = encoded.starts_with("=\r\n");
            const auto byte = byte_of(encoded.substr(0, 3));
            if (!soft && !byte)
                return std::nullopt;
            made.append(soft ? 0 : 1, byte.value_or('\0'));
            encoded.remove_prefix(3);
        }
    }
    return made;
}

std::optional<std::string> from_base64_lines(std::string_view encoded) {
    std::string joined;
    joined.reserve(encoded.size());
    while (!encoded.empty()) {
        const auto end = encoded.find("\r\n");
        if (end == std::string_view::npos)
            return std::nullopt;
        joined += encoded.substr(0, end);
        encoded.remove_prefix(end + 2);
    }
    return encoding::base64_decode(joined);
}

} // namespace infra::email::mime
