#include "response_head.hpp"

#include <stdexcept>
#include <string>

namespace infra::http {
namespace {

std::string_view take_line(std::string_view& text) noexcept {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

bool is_continuation(std::string_view text) noexcept { return text.starts_with(' ') || text.starts_with('\t'); }

std::string_view trimmed_end(std::string_view text) noexcept {
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

} // namespace

std::optional<headers> parse_fields(std::string_view lines) try {
    headers fields;
    while (!lines.empty()) {
        const auto line = take_line(lines);
        if (line.empty())
            break;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || is_continuation(line))
            return std::nullopt;
        std::string value(line.substr(colon + 1));
        while (is_continuation(lines)) {
            const auto more = take_line(lines);
            value.resize(trimmed_end(value).size());
            value.append(" ").append(more.substr(std::min(more.find_first_not_of(" \t"), more.size())));
        }
        fields.append(line.substr(0, colon), value);
    }
    return fields;
} catch (const std::invalid_argument&) {
    return std::nullopt; // a name that is not a token, a value with NUL
}

} // namespace infra::http
