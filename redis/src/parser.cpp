#include "parser.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace infra::redis::detail {
namespace {

constexpr std::size_t max_line = 64 * 1024;
constexpr std::size_t eager_bytes = 64 * 1024; // room made for before they come
constexpr std::size_t shown_bytes = 40;

std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, shown_bytes))
        out += c >= ' ' && c < 0x7f ? c : '?';
    return out;
}

// What a bulk string says that is there from its `$` to its last CR LF; empty for whatever is not.
std::optional<std::string_view> whole_text(std::string_view bytes) {
    constexpr std::size_t most_digits = 9;
    if (bytes.empty() || bytes.front() != '$')
        return std::nullopt;
    std::size_t size = 0, at = 1;
    for (; at < bytes.size() && at <= most_digits && bytes[at] >= '0' && bytes[at] <= '9'; ++at)
        size = size * 10 + static_cast<std::size_t>(bytes[at] - '0');
    const auto begin = at + 2, end = begin + size;
    if (at == 1 || bytes.size() < end + 2)
        return std::nullopt;
    const auto is_crlf = [bytes](std::size_t i) { return bytes[i] == '\r' && bytes[i + 1] == '\n'; };
    return is_crlf(at) && is_crlf(end) ? std::optional(bytes.substr(begin, size)) : std::nullopt;
}

} // namespace

parser::status parser::feed(std::string_view& bytes) {
    if (failure_ != status::hungry)
        return failure_;
    while (true) {
        step s = step::on;
        switch (state_) {
        case state::line: s = take_line(bytes); break;
        case state::text: s = take_text(bytes); break;
        case state::text_end: s = take_text_end(bytes); break;
        }
        if (s == step::done)
            return status::message;
        if (s == step::stuck)
            return failure_;
    }
}

// --- Bytes ----------------------------------------------------------------------------------------------------------

parser::step parser::take_line(std::string_view& bytes) {
    if (bytes.empty())
        return step::stuck;
    // Nearly every reply: one copy, and none of the steps between.
    if (const auto text = line_.empty() && !text_streamed_ ? whole_text(bytes) : std::nullopt) {
        bytes.remove_prefix(static_cast<std::size_t>(text->end() - bytes.begin()) + 2);
        return charge(text->size()) ? deliver(reply(std::string(*text))) : over();
    }
    const auto* const found = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
    const auto size = found ? static_cast<std::size_t>(found - bytes.data()) + 1 : bytes.size();
    if (line_.size() + size > max_line)
        return fail("a line is longer than 64 KiB", line_.empty() ? bytes : line_);
    const auto piece = bytes.substr(0, size);
    bytes.remove_prefix(size);
    if (!found) {
        line_.append(piece);
        return step::stuck;
    }
    if (line_.empty())
        return interpret(piece);
    line_.append(piece);
    const std::string whole = std::exchange(line_, {});
    return interpret(whole);
}

// Grows as it comes, but never beyond what was announced. By hand: reserve() may double what it has.
void parser::make_room(std::size_t more) {
    if (text_.size() + more <= text_.capacity())
        return;
    const auto eager = std::max({2 * text_.capacity(), text_.size() + more, eager_bytes});
    std::string grown;
    grown.reserve(std::min(text_.size() + text_left_, eager));
    grown.append(text_);
    text_ = std::move(grown);
}

parser::step parser::take_text(std::string_view& bytes) {
    const auto size = std::min(text_left_, bytes.size());
    make_room(size);
    text_.append(bytes.data(), size);
    bytes.remove_prefix(size);
    text_left_ -= size;
    if (text_left_ > 0)
        return step::stuck;
    state_ = state::text_end;
    end_seen_ = 0;
    return step::on;
}

parser::step parser::take_text_end(std::string_view& bytes) {
    constexpr std::string_view end = "\r\n";
    while (end_seen_ < end.size()) {
        if (bytes.empty())
            return step::stuck;
        if (bytes.front() != end[end_seen_])
            return fail("a text does not end where it said it would", bytes);
        bytes.remove_prefix(1);
        ++end_seen_;
    }
    state_ = state::line;
    return text_streamed_ ? step::on : end_text();
}

// --- Limits ---------------------------------------------------------------------------------------------------------

bool parser::charge(std::size_t bytes) {
    if (bytes > limits_.max_bytes - std::min(used_, limits_.max_bytes))
        return false;
    used_ += bytes;
    return true;
}

parser::step parser::over() {
    failure_ = status::too_large;
    why_ = "a reply is larger than " + std::to_string(limits_.max_bytes) + " bytes";
    return step::stuck;
}

parser::step parser::fail(std::string_view problem, std::string_view what) {
    failure_ = status::malformed;
    why_ = std::string(problem) + " ('" + printable(what) + "')";
    return step::stuck;
}

} // namespace infra::redis::detail
