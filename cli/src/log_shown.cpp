#include "log_shown.hpp"

#include "json_members.hpp"
#include "printable.hpp"
#include "shown_words.hpp"
#include "terminal.hpp"

#include <infra/base/encoding.hpp>
#include <infra/runtime/environment.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::cli {
namespace {

constexpr std::size_t most_of_a_value = 200;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& each : words)
        text.append(text.empty() ? "" : " ").append(each);
    return text;
}

std::string field_asked(const std::string& given) {
    const auto equals = given.find('=');
    const auto name = given.substr(0, equals);
    if (name.empty() || name.find(':') != std::string::npos)
        throw std::invalid_argument("--field: expected NAME=VALUE, or NAME where it only has to be there");
    return equals == std::string::npos ? name : name + ":" + given.substr(equals + 1);
}

std::string time_of(const json::value& line) { return time_text(integer_of(line, "at")); }

// Without quotes where nothing is to be told apart by them.
std::string value_of(const json::value& value) {
    auto text = value.is_string() ? std::string(value.get_string()) : json::to_text(value);
    const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '=' && c != '\x7f';
    });
    if (value.is_string() && !plain)
        text = json::to_text(value);
    if (text.size() <= most_of_a_value)
        return printable(text);
    text.resize(most_of_a_value);
    while (!text.empty() && !encoding::is_utf8(text))
        text.pop_back();
    return printable(text) + "…";
}

std::string fields_of(const json::value& line) {
    const auto* fields = member_of(line, "fields");
    auto text = fields && fields->is_object() ? fields_text(fields->get_object()) : "";
    if (const auto trace = cell_of(line, "trace"); !trace.empty())
        text.append(text.empty() ? "" : " ").append("trace=").append(printable(trace));
    return text;
}

ink ink_of(std::string_view level) {
    return level == "error" ? ink::bad : level == "warn" ? ink::doubt : level == "debug" ? ink::faint : ink::strong;
}

std::string level_of(const json::value& line, bool colours) {
    constexpr std::size_t widest = 5;
    const auto level = printable(cell_of(line, "level"));
    return painted(colours, ink_of(level), level) + std::string(widest - std::min(widest, level.size()), ' ');
}

} // namespace

std::vector<std::pair<std::string_view, std::string>> query_of(const log_wish& wish, wall_time now) {
    std::vector<std::pair<std::string_view, std::string>> query{{"level", wish.level},
                                                                {"module", wish.module},
                                                                {"text", joined(wish.words)},
                                                                {"trace", wish.trace},
                                                                {"since", since_asked(wish.since, now)}};
    for (const auto& each : wish.fields)
        query.emplace_back("field", field_asked(each));
    return query;
}

std::string since_asked(const std::string& given, wall_time now) {
    if (given.empty())
        return "";
    const auto ago = parse_duration(given);
    if (!ago || ago->count() <= 0)
        throw std::invalid_argument("--since: expected how long ago, such as 15m or 2h");
    return std::to_string(std::max<std::int64_t>(0, to_unix_ms(saturating_add(now, -*ago))));
}

std::string fields_text(const json::object& fields) {
    std::string text;
    for (const auto& each : fields)
        text.append(text.empty() ? "" : " ").append(printable(each.key())).append("=").append(value_of(each.value()));
    return text;
}

std::string time_text(std::int64_t ms) {
    const auto text = format_rfc3339(from_unix_ms(ms));
    return {text.data(), text.size()};
}

json::value time_document_of(const json::value& of, std::string_view name) {
    const auto at = integer_of(of, name);
    return at == 0 ? json::value() : json::value(time_text(at));
}

std::string age_text(const json::value& of, std::string_view name, wall_time now) {
    const auto at = integer_of(of, name);
    return at == 0 ? "" : age_of(from_unix_ms(at), now);
}

std::string log_line_of(const json::value& line, bool colours) {
    auto text = painted(colours, ink::faint, time_of(line)) + "  " + level_of(line, colours);
    if (const auto module = printable(cell_of(line, "module")); !module.empty())
        text.append("  ").append(module);
    text.append("  ").append(printable(cell_of(line, "message")));
    if (const auto fields = fields_of(line); !fields.empty())
        text.append("  ").append(painted(colours, ink::faint, fields));
    return text;
}

json::value log_document_of(const json::value& line) {
    json::object out;
    for (const auto* name :
         {"id", "at", "level", "module", "message", "trace", "span", "fields", "source", "sequence", "left_out"})
        out[name] = value_or_null(line, name);
    out["at"] = time_of(line);
    out["cut"] = is_so(line, "cut");
    return out;
}

log_mark mark_of(const json::value& line) {
    return {.id = static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_of(line, "id"))),
            .at = integer_of(line, "at")};
}

std::uint64_t go_on_after(const log_mark& last, const std::optional<log_mark>& same, const log_mark& newest) {
    const bool other = same ? *same != last : newest.id < last.id;
    return other ? 0 : last.id;
}

} // namespace infra::cli
