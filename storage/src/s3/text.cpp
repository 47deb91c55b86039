#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace infra::storage::s3 {
namespace {

std::optional<unsigned> digits(std::string_view text) noexcept {
    const auto n = parse_number(text);
    return n ? std::optional(static_cast<unsigned>(*n)) : std::nullopt;
}

bool has_form(std::string_view text, std::string_view form) noexcept {
    return text.size() >= form.size() && std::ranges::equal(text.substr(0, form.size()), form, [](char c, char wanted) {
               return wanted == '0' ? c >= '0' && c <= '9' : c == wanted;
           });
}

char small(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

} // namespace

std::string without_quotes(std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
        etag = etag.substr(1, etag.size() - 2);
    return std::string(etag);
}

std::string with_quotes(std::string_view etag) {
    return etag.starts_with("W/") ? std::string(etag) : std::string("\"").append(etag).append("\"");
}

std::optional<wall_time> parse_time(std::string_view text) noexcept {
    if (!has_form(text, "0000-00-00T00:00:00") || !text.ends_with('Z'))
        return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*digits(text.substr(0, 4)))),
                                           std::chrono::month(*digits(text.substr(5, 2))),
                                           std::chrono::day(*digits(text.substr(8, 2))));
    if (!date.ok())
        return std::nullopt;
    return saturating_add(wall_time{}, std::chrono::sys_days(date).time_since_epoch() +
                                           std::chrono::hours(*digits(text.substr(11, 2))) +
                                           std::chrono::minutes(*digits(text.substr(14, 2))) +
                                           std::chrono::seconds(*digits(text.substr(17, 2))));
}

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
    std::uint64_t n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(n) : std::nullopt;
}

std::string range_field(const byte_range& r) {
    if (r.last)
        return "bytes=-" + std::to_string(*r.last);
    if (r.length)
        return "bytes=" + std::to_string(r.offset) + "-" +
               std::to_string(r.offset + std::max<std::uint64_t>(*r.length, 1) - 1);
    return r.offset == 0 ? std::string() : "bytes=" + std::to_string(r.offset) + "-";
}

std::optional<content_range> parse_content_range(std::string_view text) noexcept {
    const auto dash = text.find('-'), slash = text.find('/');
    if (!text.starts_with("bytes ") || dash == std::string_view::npos || slash == std::string_view::npos ||
        slash < dash)
        return std::nullopt;
    const auto first = parse_number(text.substr(6, dash - 6)),
               last = parse_number(text.substr(dash + 1, slash - dash - 1));
    const auto size = parse_number(text.substr(slash + 1));
    if (!first || !last || *last < *first || (size ? *last >= *size : text.substr(slash + 1) != "*"))
        return std::nullopt;
    return content_range{*first, *last, size};
}

bool mentions(std::string_view text, std::string_view part) noexcept {
    return !std::ranges::search(text, part, [](char a, char b) { return small(a) == small(b); }).empty();
}

} // namespace infra::storage::s3
