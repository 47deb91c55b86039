#include "tag.hpp"

#include <algorithm>

namespace infra::email {
namespace {

constexpr bool is_word(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Words joined by single dots, or the dot alone: what a section is about.
bool is_name(std::string_view text) noexcept {
    if (text == ".")
        return true;
    if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos)
        return false;
    return std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.'; });
}

std::string_view trimmed(std::string_view text) noexcept {
    const auto begin = text.find_first_not_of(' ');
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

tag_kind kind_of(char sigil) noexcept {
    switch (sigil) {
    case '#': return tag_kind::section;
    case '^': return tag_kind::inverted;
    case '/': return tag_kind::end;
    case '!': return tag_kind::comment;
    default: return tag_kind::value;
    }
}

} // namespace

std::optional<tag> read_tag(std::string_view text) noexcept {
    const auto close = text.find("}}", 2);
    if (close == std::string_view::npos || close > text.find('\n'))
        return std::nullopt;
    auto inside = trimmed(text.substr(2, close - 2));
    const auto kind = inside.empty() ? tag_kind::unknown : kind_of(inside.front());
    if (kind == tag_kind::comment)
        return tag{kind, {}, close + 2};
    if (kind != tag_kind::value && kind != tag_kind::unknown)
        inside = trimmed(inside.substr(1));
    if (is_name(inside))
        return tag{kind, inside, close + 2};
    return tag{tag_kind::unknown, {}, close + 2};
}

} // namespace infra::email
