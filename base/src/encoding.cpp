#include <infra/base/encoding.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace infra::encoding {

namespace {

constexpr std::uint8_t not_a_digit = 0xff;
using digit_values = std::array<std::uint8_t, 256>;

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view upper_hex_digits = "0123456789ABCDEF";

constexpr std::uint8_t byte(char c) noexcept { return static_cast<std::uint8_t>(c); }

constexpr digit_values values_of(std::string_view digits) {
    digit_values values{};
    values.fill(not_a_digit);
    for (std::size_t i = 0; i < digits.size(); ++i)
        values[byte(digits[i])] = static_cast<std::uint8_t>(i);
    return values;
}

constexpr digit_values hex_values = [] {
    auto values = values_of(hex_digits);
    for (std::size_t i = 10; i < upper_hex_digits.size(); ++i)
        values[byte(upper_hex_digits[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

constexpr digit_values base64_values = values_of(base64_digits);
constexpr digit_values base64url_values = values_of(base64url_digits);

/// Six bits a digit; what is left at the end is filled up with zero bits.
std::string encode_64(std::string_view bytes, std::string_view digits) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | byte(c);
        for (count += 8; count >= 6; count -= 6)
            text += digits[bits >> (count - 6) & 63];
    }
    if (count > 0)
        text += digits[bits << (6 - count) & 63];
    return text;
}

std::optional<std::string> decode_64(std::string_view text, const digit_values& values) {
    if (text.size() % 4 == 1)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto value = values[byte(c)];
        if (value == not_a_digit)
            return std::nullopt;
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 0xff);
        }
    }
    const bool unused_bits_are_zero = (bits & ((1U << count) - 1)) == 0;
    return unused_bits_are_zero ? std::optional(std::move(bytes)) : std::nullopt;
}

constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

void append_percent(std::string& text, char c) {
    text += '%';
    text += upper_hex_digits[byte(c) >> 4];
    text += upper_hex_digits[byte(c) & 15];
}

std::optional<std::string> decode_percent(std::string_view text, char meaning_of_plus) {
    std::string bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            bytes += text[i] == '+' ? meaning_of_plus : text[i];
            continue;
        }
        if (text.size() - i < 3)
            return std::nullopt;
        const auto high = hex_values[byte(text[i + 1])];
        const auto low = hex_values[byte(text[i + 2])];
        if (high == not_a_digit || low == not_a_digit)
            return std::nullopt;
        bytes += static_cast<char>(high << 4 | low);
        i += 2;
    }
    return bytes;
}

/// One step through UTF-8: so many bytes that are a character, or the longest part of one that goes wrong after them.
struct utf8_step {
    std::size_t size;
    bool well_formed;
};

/// Table 3-7: the first byte says how many follow and, where overlong forms, surrogates or the end of Unicode are near,
/// narrows the range of the second.
utf8_step next_utf8(std::string_view text) noexcept {
    const auto first = byte(text[0]);
    if (first < 0x80)
        return {1, true};
    if (first < 0xc2 || first > 0xf4)
        return {1, false};
    const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    std::uint8_t lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    std::uint8_t highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (std::size_t i = 1; i < size; ++i) {
        if (i == text.size() || byte(text[i]) < lowest || byte(text[i]) > highest)
            return {i, false};
        lowest = 0x80;
        highest = 0xbf;
    }
    return {size, true};
}

} // namespace

std::string base64_encode(std::string_view bytes) {
    auto text = encode_64(bytes, base64_digits);
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0)
        return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
        text.remove_suffix(1);
    return decode_64(text, base64_values);
}

std::string base64url_encode(std::string_view bytes) { return encode_64(bytes, base64url_digits); }

std::optional<std::string> base64url_decode(std::string_view text) { return decode_64(text, base64url_values); }

std::string hex_encode(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        text += hex_digits[byte(c) >> 4];
        text += hex_digits[byte(c) & 15];
    }
    return text;
}

std::optional<std::string> hex_decode(std::string_view text) {
    if (text.size() % 2 != 0)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = hex_values[byte(text[i])];
        const auto low = hex_values[byte(text[i + 1])];
        if (high == not_a_digit || low == not_a_digit)
            return std::nullopt;
        bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
}

std::string percent_encode(std::string_view bytes, std::string_view also_keep) {
    std::string text;
    text.reserve(bytes.size());
    for (const char c : bytes) {
        const bool is_unreserved = is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
        if (is_unreserved || (c != '%' && also_keep.find(c) != std::string_view::npos))
            text += c;
        else
            append_percent(text, c);
    }
    return text;
}

std::optional<std::string> percent_decode(std::string_view text) { return decode_percent(text, '+'); }

std::string form_encode(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    for (const char c : bytes) {
        if (is_alphanumeric(c) || c == '*' || c == '-' || c == '.' || c == '_')
            text += c;
        else if (c == ' ')
            text += '+';
        else
            append_percent(text, c);
    }
    return text;
}

std::optional<std::string> form_decode(std::string_view text) { return decode_percent(text, ' '); }

std::string shown_url(std::string_view url) {
    const auto scheme = url.find(':');
    const auto at = url.rfind('@');
    const auto query = url.find('?');
    if (scheme == url.npos || at == url.npos || at < scheme)
        return std::string(url.substr(0, query));
    if (query < at)
        return std::string(url.substr(0, scheme + 1)) + "(not shown)";
    const auto authority = url.find_first_not_of('/', scheme + 1);
    return std::string(url.substr(0, authority)).append(url.substr(at + 1, query - std::min(query, at + 1)));
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto step = next_utf8(text);
        if (!step.well_formed)
            return false;
        text.remove_prefix(step.size);
    }
    return true;
}

std::string to_utf8(std::string_view text) {
    static constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const auto step = next_utf8(text);
        clean += step.well_formed ? text.substr(0, step.size) : replacement;
        text.remove_prefix(step.size);
    }
    return clean;
}

} // namespace infra::encoding
