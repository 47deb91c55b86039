#include <infra/base/error_signature.hpp>

#include <algorithm>
#include <utility>

namespace infra {
namespace {

constexpr std::size_t most_bytes = 160;
constexpr std::size_t longest_quotation = 200;
constexpr std::size_t shortest_hex = 8;
constexpr std::size_t longest_unit = 3; // "ms", "KiB"

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }
bool is_quote(char c) noexcept { return c == '"' || c == '\'' || c == '`'; }

// Ids, addresses and paths are one word.
bool is_of_word(char c) noexcept {
    return is_digit(c) || is_letter(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("_-.:@/+%&=").find(c) != std::string_view::npos;
}

std::string_view word_at(std::string_view line, std::size_t at) noexcept {
    auto end = at;
    while (end < line.size() && is_of_word(line[end]))
        ++end;
    while (end > at + 1 && std::string_view(".:-/").find(line[end - 1]) != std::string_view::npos)
        --end; // punctuation
    return line.substr(at, end - at);
}

// "5000ms" keeps its unit.
std::string_view unit_of(std::string_view word) noexcept {
    const auto begin = word.find_first_not_of("0123456789.");
    if (!is_digit(word.front()) || begin == std::string_view::npos)
        return {};
    const auto unit = word.substr(begin);
    return unit.size() <= longest_unit && std::ranges::all_of(unit, is_letter) ? unit : std::string_view();
}

bool is_about_one(std::string_view word) noexcept {
    return std::ranges::any_of(word, is_digit) || (word.size() >= shortest_hex && std::ranges::all_of(word, is_hex));
}

// Of the closing one; npos: it quotes nothing, as in "can't".
std::size_t end_of_quotation(std::string_view line, std::size_t at) noexcept {
    if (at > 0 && (is_digit(line[at - 1]) || is_letter(line[at - 1])))
        return std::string_view::npos;
    const auto end = line.find(line[at], at + 1);
    return end == std::string_view::npos || end - at > longest_quotation ? std::string_view::npos : end;
}

// No character is halved.
std::string cut(std::string made) {
    if (made.size() <= most_bytes)
        return made;
    auto end = most_bytes;
    while (end > 0 && (static_cast<unsigned char>(made[end]) & 0xc0) == 0x80)
        --end;
    made.resize(end);
    return made + "…";
}

} // namespace

std::string error_signature(std::string_view reason) {
    const auto begin = std::min(reason.find_first_not_of(" \t\r\n"), reason.size());
    const auto line = reason.substr(begin, reason.substr(begin).find('\n'));
    std::string made;
    for (std::size_t at = 0; at < line.size() && made.size() <= most_bytes;) {
        const char c = line[at];
        const auto quoted = is_quote(c) ? end_of_quotation(line, at) : std::string_view::npos;
        if (quoted != std::string_view::npos) {
            made.append(1, c).append("…").append(1, c);
            at = quoted + 1;
        } else if (is_of_word(c)) {
            const auto word = word_at(line, at);
            if (is_about_one(word))
                made.append("#").append(unit_of(word));
            else
                made += word;
            at += word.size();
        } else {
            if (!is_blank(c) || (!made.empty() && made.back() != ' '))
                made += is_blank(c) ? ' ' : c;
            ++at;
        }
    }
    while (!made.empty() && made.back() == ' ')
        made.pop_back();
    return cut(std::move(made));
}

} // namespace infra
