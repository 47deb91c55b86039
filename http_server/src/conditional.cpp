#include "conditional.hpp"

#include "text.hpp"

#include <infra/base/http_date.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace infra::http::detail {
namespace {

// If-None-Match compares weakly, If-Match strongly; our tags are strong, so a weak one of the client's never matches
// strongly.
bool lists_tag(std::string_view list, std::string_view etag, bool weakly) noexcept {
    while (!list.empty()) {
        auto tag = trimmed(take_item(list, ','));
        if (weakly && tag.starts_with("W/"))
            tag.remove_prefix(2);
        if (tag == "*" || tag == etag)
            return true;
    }
    return false;
}

bool unchanged_since(std::optional<std::string_view> date, std::time_t modified) noexcept {
    const auto since = date ? parse_http_date(*date) : std::nullopt;
    return since && modified <= *since;
}

bool precondition_fails(const headers& request, const representation& now) {
    if (const auto tags = request.get("If-Match"))
        return !lists_tag(*tags, now.etag, false);
    const auto date = request.get("If-Unmodified-Since");
    return date && parse_http_date(*date) && !unchanged_since(date, now.modified);
}

bool client_has_it(const headers& request, const representation& now) {
    if (const auto tags = request.get("If-None-Match"))
        return lists_tag(*tags, now.etag, true);
    return unchanged_since(request.get("If-Modified-Since"), now.modified);
}

// A part is of use only beside the other parts of the same representation.
bool range_applies(const headers& request, const representation& now) {
    const auto condition = request.get("If-Range");
    if (!condition)
        return true;
    if (condition->starts_with('"') || condition->starts_with("W/"))
        return *condition == now.etag;
    const auto date = parse_http_date(*condition);
    return date && *date == now.modified;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) noexcept {
    Number value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || failed != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

} // namespace

decision decide(const headers& request, const representation& now) {
    if (precondition_fails(request, now))
        return {selection::precondition_failed};
    if (client_has_it(request, now))
        return {selection::not_modified};
    const auto range = request.get("Range");
    if (!range || !range_applies(request, now))
        return {selection::whole};
    const auto part = parse_range(*range, now.size);
    if (!part)
        return {selection::whole};
    return {part->size == 0 ? selection::unsatisfiable : selection::part, *part};
}

std::optional<byte_range> parse_range(std::string_view text, std::uint64_t size) noexcept {
    if (!text.starts_with("bytes="))
        return std::nullopt;
    text = trimmed(text.substr(6));
    const auto dash = text.find('-');
    if (dash == std::string_view::npos || text.find(',') != std::string_view::npos)
        return std::nullopt;
    const auto from = parse_number<std::uint64_t>(text.substr(0, dash));
    const auto to = parse_number<std::uint64_t>(text.substr(dash + 1));
    if (dash == 0) { // the last so many bytes
        if (!to)
            return std::nullopt;
        const auto length = std::min(*to, size);
        return byte_range{size - length, length};
    }
    const bool open = dash + 1 == text.size();
    if (!from || (!to && !open) || (to && *to < *from))
        return std::nullopt;
    if (*from >= size)
        return byte_range{};
    return byte_range{*from, (to ? std::min(*to, size - 1) : size - 1) - *from + 1};
}

std::string format_http_date(std::time_t t) {
    return infra::format_http_date(saturating_add(wall_time{}, std::chrono::seconds(t)));
}

std::optional<std::time_t> parse_http_date(std::string_view text) noexcept {
    const auto date = infra::parse_http_date(text);
    return date ? std::optional(std::chrono::floor<std::chrono::seconds>(*date).time_since_epoch().count())
                : std::nullopt;
}

} // namespace infra::http::detail
