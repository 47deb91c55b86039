#include "log_answers.hpp"

#include "log_document.hpp"

#include <infra/base/error_signature.hpp>

#include <algorithm>
#include <set>

namespace infra::dashboard {
namespace {

json::array documents_of_lines(const std::vector<kept_line>& lines, std::size_t at_most) {
    json::array out;
    out.reserve(lines.size());
    for (const auto& each : lines)
        out.push_back(document_of(each, at_most));
    return out;
}

json::object coverage_of(const log_view& in) {
    json::object out{{"lines", in.empty() ? 0 : in.last() - in.first() + 1}, {"bytes", in.bytes()}};
    out["since"] = in.empty() ? json::value() : json::value(to_unix_ms(in.since()));
    return out;
}

} // namespace

json::object lines_answer(const log_view& in, const log_filter& wanted, std::uint64_t before, std::size_t limit,
                          std::size_t look_at) {
    const auto found = search(in, wanted, before, limit, look_at);
    return {{"items", documents_of_lines(found.lines, shown_bytes)},
            {"next", found.further ? json::value(std::to_string(found.further)) : json::value()},
            {"looked_at", found.looked_at},
            {"covers", coverage_of(in)}};
}

json::array around(const log_view& in, std::uint64_t id, std::size_t each_way) {
    std::vector<kept_line> lines;
    const auto from = id - std::min<std::uint64_t>(id, each_way + 1);
    in.oldest_first(from, [&](const kept_line& line) {
        if (line.id <= id + each_way)
            lines.push_back(line);
        return line.id < id + each_way;
    });
    const bool there = std::ranges::find(lines, id, &kept_line::id) != lines.end();
    return there ? documents_of_lines(lines, shown_bytes) : json::array();
}

json::value line_answer(const log_view& in, std::uint64_t id) {
    json::value out;
    in.oldest_first(id - 1, [&](const kept_line& line) {
        if (line.id == id)
            out = document_of(line, whole_bytes);
        return false;
    });
    return out;
}

exported exported_after(const log_view& in, const log_filter& wanted, std::uint64_t after, std::uint64_t last) {
    constexpr std::size_t most_bytes = 256 * 1024,
                          most_lines = 20'000; // in one go, between which others have their turn
    exported out{.next = after, .end = true};
    std::size_t looked_at = 0;
    in.oldest_first(after, [&](const kept_line& line) {
        if (line.id > last)
            return false;
        out.next = line.id;
        if (matches(line, wanted))
            out.text += json_line_of(line);
        out.end = ++looked_at < most_lines && out.text.size() < most_bytes;
        return out.end;
    });
    return out;
}

std::vector<std::string> modules_of(const log_view& in) {
    constexpr std::size_t most = 200, of_lines = 20'000;
    std::set<std::string, std::less<>> found;
    std::size_t looked_at = 0;
    in.newest_first(std::uint64_t(-1), [&](const kept_line& line) {
        if (!line.module.empty() && !found.contains(line.module))
            found.emplace(line.module);
        return ++looked_at < of_lines && found.size() < most;
    });
    return {found.begin(), found.end()};
}

json::object errors_answer(const error_groups& of, wall_time now, std::size_t minutes) {
    json::array items;
    for (const auto& each : of.within(now, minutes)) {
        json::object item{{"module", each.module},           {"text", each.text},
                          {"words", words_of(each.text)},    {"count", each.count},
                          {"first", to_unix_ms(each.first)}, {"last", to_unix_ms(each.last)}};
        if (each.trace) {
            const auto hex = to_hex(each.trace);
            item["trace"] = std::string_view(hex.data(), hex.size());
        }
        items.push_back(std::move(item));
    }
    json::object by_minute;
    for (const auto each : {level::error, level::warn, level::info, level::debug}) {
        json::array counts;
        for (const auto n : of.each_minute(each, now, minutes))
            counts.push_back(n);
        by_minute[to_string(each)] = std::move(counts);
    }
    return {{"items", std::move(items)}, {"minutes", std::move(by_minute)}};
}

std::string words_of(std::string_view text) {
    constexpr std::string_view left_out = "…";                         // in quotes
    auto signature = error_signature(text.substr(0, text.find(": "))); // the message; what follows may be a field's
    for (auto at = signature.find(left_out); at != signature.npos; at = signature.find(left_out, at))
        signature.replace(at, left_out.size(), "#");
    std::string_view rest = signature, longest;
    while (!rest.empty()) {
        const auto piece = rest.substr(0, rest.find('#'));
        if (piece.size() > longest.size())
            longest = piece;
        rest.remove_prefix(std::min(rest.size(), piece.size() + 1));
    }
    const auto first = longest.find_first_not_of(' ');
    return first == longest.npos ? "" : std::string(longest.substr(first, longest.find_last_not_of(' ') - first + 1));
}

} // namespace infra::dashboard
