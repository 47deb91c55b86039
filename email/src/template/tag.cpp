#include "tag.hpp"

#include "../ascii.hpp"

#include <algorithm>

namespace infra::email {
namespace {

constexpr bool is_word(char c) noexcept { return is_letter_or_digit(c) || c == '_'; }

// Words joined by single dots, or the dot alone: what a section is about.
bool is_dotted_name(std::string_view text) noexcept {
    if (text == ".")
        return true;
    if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos)
        return false;
    return std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.'; });
}

tag_kind tag_kind_of(char sigil) noexcept {
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
    auto inside = trimmed(text.substr(2, close - 2), " ");
    const auto kind = inside.empty() ? tag_kind::unknown : tag_kind_of(inside.front());
    if (kind == tag_kind::comment)
        return tag{kind, {}, close + 2};
    if (kind != tag_kind::value && kind != tag_kind::unknown)
        inside = trimmed(inside.substr(1), " ");
    if (is_dotted_name(inside))
        return tag{kind, inside, close + 2};
    return tag{tag_kind::unknown, {}, close + 2};
}

} // namespace infra::email
