// What the lines and lists that a parser has read mean.

#include "parser.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace infra::redis::detail {
namespace {

constexpr std::size_t eager_items = 256; // room made for before they come

template <class Number>
std::optional<Number> number_in(std::string_view text) {
    if (text.size() > 1 && text.front() == '+' && text[1] != '-')
        text.remove_prefix(1);
    Number out{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

// Digits alone: a length has no sign.
std::optional<std::size_t> size_in(std::string_view text) {
    if (text.empty() || text.front() < '0' || text.front() > '9')
        return std::nullopt;
    return number_in<std::size_t>(text);
}

bool is_big_number(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+'))
        text.remove_prefix(1);
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

parser::step parser::interpret(std::string_view line) {
    if (line.size() < 3 || !line.ends_with("\r\n"))
        return fail("a line does not end in CR LF", line);
    line.remove_suffix(2);
    const char type = line.front();
    const auto rest = line.substr(1);
    if (text_streamed_)
        return type == ';' ? begin_piece(rest) : fail("a streamed text goes on with something else", line);
    switch (type) {
    case '$':
    case '!':
    case '=': return begin_text(type, rest);
    case '*':
    case '~':
    case '%':
    case '>':
    case '|': return begin_list(type, rest);
    case '.': return rest.empty() ? end_streamed_list() : fail("an unknown kind of reply", line);
    default: return scalar(type, line);
    }
}

parser::step parser::scalar(char type, std::string_view line) {
    const auto text = line.substr(1);
    if (!charge(text.size()))
        return over();
    switch (type) {
    case '+': return deliver(reply(std::string(text)));
    case '-': return deliver(reply(std::string(text), reply::kind::error));
    case ':':
        if (const auto n = number_in<std::int64_t>(text))
            return deliver(reply(*n));
        break;
    case ',':
        if (const auto d = number_in<double>(text))
            return deliver(reply(*d));
        break;
    case '#':
        if (text == "t" || text == "f")
            return deliver(reply(text == "t"));
        break;
    case '_':
        if (text.empty())
            return deliver(reply());
        break;
    case '(':
        if (is_big_number(text))
            return deliver(reply(std::string(text), reply::kind::big_number));
        break;
    default: return fail("an unknown kind of reply", line);
    }
    return fail("a value that is none of its kind", line);
}

parser::step parser::begin_text(char type, std::string_view size) {
    text_type_ = type;
    if (type == '$' && size == "-1")
        return deliver(reply());
    if (size == "?") {
        text_.clear();
        text_streamed_ = true;
        return step::on;
    }
    const auto n = size_in(size);
    if (!n)
        return fail("a text without a length", size);
    if (!charge(*n))
        return over();
    text_.clear();
    text_left_ = *n;
    state_ = state::text;
    return step::on;
}

parser::step parser::begin_piece(std::string_view size) {
    const auto n = size_in(size);
    if (!n)
        return fail("a piece of a text without a length", size);
    if (*n == 0) {
        text_streamed_ = false;
        return end_text();
    }
    if (!charge(*n))
        return over();
    text_left_ = *n;
    state_ = state::text;
    return step::on;
}

parser::step parser::end_text() {
    auto text = std::exchange(text_, {});
    if (text_type_ == '!')
        return deliver(reply(std::move(text), reply::kind::error));
    if (text_type_ == '$')
        return deliver(reply(std::move(text)));
    constexpr std::size_t mark = 4; // "txt:"
    if (text.size() < mark || text[mark - 1] != ':')
        return fail("a verbatim text without the mark of its format", text);
    return deliver(reply(text.substr(mark), reply::kind::verbatim));
}

parser::step parser::begin_list(char type, std::string_view size) {
    if (type == '*' && size == "-1")
        return deliver(reply());
    const bool streamed = size == "?";
    const auto n = streamed ? std::optional<std::size_t>(0) : size_in(size);
    if (!n)
        return fail("a list without a length", size);
    if (frames_.size() >= limits_.max_depth)
        return fail("lists nested too deep", std::string_view(&type, 1));
    const bool pairs = type == '%' || type == '|';
    const auto members = pairs ? *n * 2 : *n;
    if (members / (pairs ? 2 : 1) != *n || members > limits_.max_bytes / sizeof(reply))
        return over();
    frame next{.attribute = type == '|', .streamed = streamed, .left = members, .items = {}};
    next.kind = type == '~'   ? reply::kind::set
                : type == '>' ? reply::kind::push
                : pairs       ? reply::kind::map
                              : reply::kind::array;
    next.items.reserve(std::min(members, eager_items));
    frames_.push_back(std::move(next));
    return members == 0 && !streamed ? close_frame() : step::on;
}

parser::step parser::end_streamed_list() {
    if (!is_list_open() || !frames_.back().streamed)
        return fail("the end of a list that was not begun", ".");
    const auto& top = frames_.back();
    if (top.kind == reply::kind::map && top.items.size() % 2 != 0)
        return fail("a map with a key and no value", ".");
    return close_frame();
}

// Puts a value where it belongs. Each that completes a list makes that list the next value.
parser::step parser::deliver(reply&& value) {
    if (!charge(sizeof(reply)))
        return over();
    if (!is_list_open()) {
        message_ = std::move(value);
        used_ = 0;
        return step::done;
    }
    auto& top = frames_.back();
    if (auto& items = top.items; !top.streamed && items.size() == items.capacity())
        items.reserve(items.size() + std::min(std::max(items.size(), eager_items), top.left));
    top.items.push_back(std::move(value));
    return !top.streamed && --top.left == 0 ? close_frame() : step::on;
}

parser::step parser::close_frame() {
    frame ended = std::move(frames_.back());
    frames_.pop_back();
    if (ended.attribute)
        return step::on; // the value it speaks of follows
    reply list(std::move(ended.items), ended.kind);
    if (ended.kind != reply::kind::push)
        return deliver(std::move(list));
    message_ = std::move(list);
    if (!is_list_open())
        used_ = 0;
    return step::done;
}

} // namespace infra::redis::detail
