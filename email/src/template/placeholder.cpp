#include "placeholder.hpp"

#include "marker.hpp"

#include <algorithm>
#include <charconv>

namespace infra::email {
namespace {

// Lines are counted, by us and by cmark: CR and CRLF, which end a line too, become LF.
std::string with_plain_line_ends(std::string_view text) {
    std::string made;
    made.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
        if (!pair)
            made += text[i] == '\r' ? '\n' : text[i];
    }
    return made;
}

struct read {
    std::size_t number = 0;
    std::size_t size = 0; // 0: no mark
};

// `text` begins with mark_begin.
read read_mark(std::string_view text) noexcept {
    std::size_t number = 0;
    const auto* const last = text.data() + text.size();
    const auto [end, failure] = std::from_chars(text.data() + mark_begin.size(), last, number);
    const std::string_view rest(end, static_cast<std::size_t>(last - end));
    if (failure != std::errc() || !rest.starts_with(mark_end))
        return {};
    return {number, text.size() - rest.size() + mark_end.size()};
}

void append_literal(parts& to, std::string_view text) {
    if (text.empty())
        return;
    if (to.empty() || !to.back().is_literal())
        to.push_back({.text = std::string(text)});
    else
        to.back().text.append(text);
}

} // namespace

marked_text mark_places(std::string_view source, const std::string& where, std::size_t first_line) {
    const auto text = with_plain_line_ends(source);
    return marker(text, where, first_line).markdown();
}

marked_text mark_plain(std::string_view source, const std::string& where) { return marker(source, where, 1).plain(); }

marked_text without_places(std::string_view source) { return marker(source, {}, 1).untagged(); }

parts unmark(std::string_view text, const parts& marks) {
    parts found;
    while (!text.empty()) {
        const auto begin = std::min(text.find(mark_begin), text.size());
        append_literal(found, text.substr(0, begin));
        text.remove_prefix(begin);
        if (text.empty())
            break;
        const auto [number, size] = read_mark(text);
        if (size == 0 || number >= marks.size()) { // a character reference of the author's, &#xE000;
            append_literal(found, text.substr(0, mark_begin.size()));
            text.remove_prefix(mark_begin.size());
            continue;
        }
        if (marks[number].is_literal())
            append_literal(found, marks[number].text);
        else
            found.push_back(marks[number]);
        text.remove_prefix(size);
    }
    return found;
}

parts find_places(std::string_view source, const std::string& where) {
    const auto marked = mark_plain(source, where);
    return unmark(marked.text, marked.marks);
}

} // namespace infra::email
