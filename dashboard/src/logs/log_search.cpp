#include "log_search.hpp"

#include "../query.hpp"
#include "../texts.hpp"
#include "log_document.hpp"

#include <algorithm>

namespace infra::dashboard {
namespace {

// `needle` is in lower case.
bool has(std::string_view text, std::string_view needle) noexcept {
    return std::ranges::search(text, needle, {}, lower).begin() != text.end() || needle.empty();
}

bool covers_module(std::string_view rule, std::string_view module) noexcept {
    return module.starts_with(rule) && (module.size() == rule.size() || module[rule.size()] == '.');
}

bool has_text(const kept_line& line, std::string_view needle) {
    if (has(line.message, needle) || has(line.module, needle))
        return true;
    kept_fields all(line);
    std::string shown;
    for (logging::record_field each; all.next(each);)
        if (has(each.key, needle) || has(shown_value(each, shown), needle))
            return true;
    return false;
}

bool has_field(const kept_line& line, const std::pair<std::string, std::string>& wanted) {
    kept_fields all(line);
    std::string shown;
    for (logging::record_field each; all.next(each);)
        if (each.key == wanted.first)
            return wanted.second.empty() || shown_value(each, shown) == wanted.second;
    return false;
}

std::string lowered(std::string text) {
    std::ranges::transform(text, text.begin(), lower);
    return text;
}

} // namespace

log_filter log_filter_of(const http::request& r) {
    log_filter wanted{.from = level_asked(r, "level"),
                      .module = r.query("module").value_or(""),
                      .text = lowered(r.query("text").value_or("")),
                      .since = time_asked(r, "since"),
                      .until = time_asked(r, "until")};
    for (const auto& each : r.query_all("field")) {
        const auto colon = each.find(':');
        wanted.fields.emplace_back(each.substr(0, colon), colon == each.npos ? "" : each.substr(colon + 1));
    }
    if (const auto hex = r.query("trace"); hex && !hex->empty()) {
        wanted.trace = trace_id_of(*hex);
        if (!wanted.trace)
            refuse("trace", "expected 32 hex digits");
    }
    return wanted;
}

bool matches(const kept_line& line, const log_filter& wanted) {
    return line.severity >= wanted.from && (!wanted.trace || line.trace == *wanted.trace) &&
           (!wanted.since || line.time >= *wanted.since) && (!wanted.until || line.time < *wanted.until) &&
           (wanted.module.empty() || covers_module(wanted.module, line.module)) &&
           std::ranges::all_of(wanted.fields, [&](const auto& each) { return has_field(line, each); }) &&
           (wanted.text.empty() || has_text(line, wanted.text));
}

std::optional<trace_id> trace_id_of(std::string_view hex) noexcept {
    const auto half = [](std::string_view digits) -> std::optional<std::uint64_t> {
        std::uint64_t out = 0;
        const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
        return failed == std::errc() && end == digits.data() + digits.size() ? std::optional(out) : std::nullopt;
    };
    if (hex.size() != 32)
        return std::nullopt;
    const auto high = half(hex.substr(0, 16)), low = half(hex.substr(16));
    if (!high || !low || (*high | *low) == 0)
        return std::nullopt;
    return trace_id{*high, *low};
}

found_lines search(const log_view& in, const log_filter& wanted, std::uint64_t before, std::size_t limit,
                   std::size_t look_at) {
    found_lines out{.in = in};
    in.newest_first(before, [&](const kept_line& line) {
        if (wanted.since && line.time < *wanted.since) // they stand in the order of their times
            return out.further = 0, false;
        out.further = line.id;
        ++out.looked_at;
        if (matches(line, wanted))
            out.lines.push_back(line);
        return out.lines.size() < limit && out.looked_at < look_at;
    });
    if (out.further <= in.first())
        out.further = 0;
    return out;
}

new_lines news_since(const log_view& in, const log_filter& wanted, std::uint64_t after, std::size_t limit) {
    constexpr std::size_t most = 20'000; // a busy log is looked at no further back: it would be skipped anyhow
    new_lines out{.in = in, .next = std::max(after, in.last())};
    std::size_t looked_at = 0;
    in.newest_first(std::uint64_t(-1), [&](const kept_line& line) {
        if (line.id <= after || ++looked_at > most)
            return false;
        if (!matches(line, wanted))
            return true;
        if (out.lines.size() < limit)
            out.lines.push_back(line);
        else
            ++out.skipped;
        return true;
    });
    std::ranges::reverse(out.lines);
    return out;
}

} // namespace infra::dashboard
