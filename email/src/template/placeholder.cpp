#include "placeholder.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace infra::email {
namespace {

constexpr std::string_view mark_begin = "\xee\x80\x80"; // U+E000
constexpr std::string_view mark_end = "\xee\x80\x81";   // U+E001

constexpr bool is_word(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Words joined by single dots.
bool is_name(std::string_view text) noexcept {
    if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos)
        return false;
    return std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.'; });
}

std::string_view trimmed(std::string_view text) noexcept {
    const auto begin = text.find_first_not_of(' ');
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

class marker {
public:
    marker(std::string_view source, std::string where, std::size_t first_line)
        : rest_(source), where_(std::move(where)), line_(first_line) {}

    marked_text with_places() {
        while (!rest_.empty()) {
            if (rest_.starts_with("\\{{"))
                mark({.text = "{{"}, 3); // in code too, where Markdown would keep the backslash
            else if (rest_.starts_with("{{"))
                take_place();
            else
                take_character();
        }
        return std::move(made_);
    }

    marked_text without_places() {
        while (!rest_.empty())
            take_character();
        return std::move(made_);
    }

private:
    void take_place() {
        const auto end_of_line = std::min(rest_.find('\n'), rest_.size());
        const auto close = rest_.find("}}", 2);
        if (close == std::string_view::npos || close > end_of_line)
            throw error(errc::bad_template, where_ + ", line " + std::to_string(line_) +
                                                ": {{ is not closed; write }} after the name, or \\{{ for braces");
        const auto name = trimmed(rest_.substr(2, close - 2));
        if (is_name(name))
            mark({.text = std::string(rest_.substr(0, close + 2)), .name = std::string(name)}, close + 2);
        else
            keep_unknown(close + 2);
    }

    // Only its first brace: `{{{name}}}` holds a place.
    void keep_unknown(std::size_t end) {
        end = std::min(rest_.find_first_not_of('}', end), rest_.size());
        made_.unknown.emplace_back(rest_.substr(0, end));
        keep(1);
    }

    // The text's own private-use characters must not be taken for marks.
    void take_character() {
        if (rest_.starts_with(mark_begin) || rest_.starts_with(mark_end))
            mark({.text = std::string(rest_.substr(0, mark_begin.size()))}, mark_begin.size());
        else
            keep(1);
    }

    void mark(part what, std::size_t size) {
        made_.text.append(mark_begin).append(std::to_string(made_.marks.size())).append(mark_end);
        made_.marks.push_back(std::move(what));
        rest_.remove_prefix(size);
    }

    void keep(std::size_t size) {
        if (rest_.front() == '\n')
            ++line_;
        made_.text.append(rest_.substr(0, size));
        rest_.remove_prefix(size);
    }

    std::string_view rest_;
    const std::string where_;
    std::size_t line_;
    marked_text made_;
};

std::string text_of(const json::value& v) { return v.is_string() ? std::string(v.get_string()) : json::to_text(v); }

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
    if (to.empty() || to.back().is_place())
        to.push_back({.text = std::string(text)});
    else
        to.back().text.append(text);
}

} // namespace

marked_text mark_places(std::string_view source, const std::string& where, std::size_t first_line) {
    return marker(source, where, first_line).with_places();
}

marked_text without_places(std::string_view source) { return marker(source, {}, 1).without_places(); }

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
        if (marks[number].is_place())
            found.push_back(marks[number]);
        else
            append_literal(found, marks[number].text);
        text.remove_prefix(size);
    }
    return found;
}

parts find_places(std::string_view source, const std::string& where, std::size_t first_line) {
    const auto marked = mark_places(source, where, first_line);
    return unmark(marked.text, marked.marks);
}

std::optional<std::string> value_of(const json::object& data, std::string_view name) {
    const auto* within = &data;
    while (true) {
        const auto dot = name.find('.');
        const auto* const found = within->if_contains(name.substr(0, dot));
        if (!found || found->is_null())
            return std::nullopt;
        if (dot == std::string_view::npos)
            return encoding::to_utf8(text_of(*found));
        if (!found->is_object())
            return std::nullopt;
        within = &found->get_object();
        name.remove_prefix(dot + 1);
    }
}

} // namespace infra::email
