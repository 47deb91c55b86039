#include "journal_entry.hpp"

#include "json_text.hpp"

#include <infra/base/time.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

namespace infra::logging::detail {
namespace {

constexpr std::size_t longest_key = 64;
constexpr std::string_view own_keys[] = {"MESSAGE",   "PRIORITY",       "SYSLOG_IDENTIFIER", "LOGGER",
                                         "TRACE_ID",  "SPAN_ID",        "TIMESTAMP",         "CODE_FILE",
                                         "CODE_LINE", "DROPPED_FIELDS", "LOG_SEQUENCE"};

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr char journal_char(char c) noexcept {
    if (c >= 'a' && c <= 'z')
        return static_cast<char>(c - 'a' + 'A');
    return (c >= 'A' && c <= 'Z') || is_digit(c) ? c : '_';
}

// syslog's numbers.
constexpr std::string_view priority(level l) noexcept {
    switch (l) {
    case level::debug: return "7";
    case level::info: return "6";
    case level::warn: return "4";
    case level::error: break;
    }
    return "3";
}

void append_size(line_buffer& out, std::uint64_t size) {
    std::array<char, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(size >> 8 * i & 0xff);
    out.append({bytes.data(), bytes.size()});
}

/// `value` stands as it is.
void append_field(line_buffer& out, std::string_view key, std::string_view value) {
    out.append(key);
    if (value.find('\n') == value.npos) {
        out.append('=');
    } else {
        out.append('\n');
        append_size(out, value.size());
    }
    out.append(value);
    out.append('\n');
}

// Line breaks and tabs are for the reader; what else commands a terminal is escaped, as in every other output.
void append_shown(line_buffer& out, std::string_view text) {
    while (true) {
        const auto plain = text.substr(0, text.find_first_of("\n\t"));
        append_escaped(out, plain, quotes::kept);
        text.remove_prefix(plain.size());
        if (text.empty())
            return;
        out.append(text.front());
        text.remove_prefix(1);
    }
}

void append_text(line_buffer& out, std::string_view key, std::string_view text) {
    line_buffer shown;
    append_shown(shown, text);
    append_field(out, key, shown.view());
}

// JSON that is a text loses its quotes, anything else is written as it is.
void append_json(line_buffer& out, std::string_view key, std::string_view json) {
    if (!json.starts_with('"'))
        return append_field(out, key, json);
    boost::system::error_code ec;
    const auto read = boost::json::parse(json, ec);
    if (const auto* text = ec ? nullptr : read.if_string())
        return append_text(out, key, *text);
    append_text(out, key, json);
}

void append_value_of(line_buffer& out, const record_field& f) {
    const auto key = journal_key(f.key);
    if (f.is_json)
        return append_json(out, key, f.value.text());
    if (f.value.type() == field_value::kind::text)
        return append_text(out, key, f.value.text());
    line_buffer text;
    append_value(text, f.value);
    append_json(out, key, text.view());
}

void append_number(line_buffer& out, std::string_view key, std::uint64_t number) {
    append_field(out, key, std::to_string(number));
}

template <std::size_t N>
std::string_view view(const std::array<char, N>& text) noexcept {
    return {text.data(), N};
}

} // namespace

std::string journal_key(std::string_view key) {
    key.remove_prefix(std::min(key.find_first_not_of('_'), key.size()));
    std::string out;
    for (const char c : key.substr(0, longest_key))
        out += journal_char(c);
    if (out.empty() || out.front() == '_' || is_digit(out.front()))
        out.insert(0, "F_");
    if (std::ranges::find(own_keys, out) != std::end(own_keys))
        out += '_';
    out.resize(std::min(out.size(), longest_key));
    return out;
}

void append_entry(line_buffer& out, const record_view& r, std::string_view identifier) {
    append_text(out, "MESSAGE", r.message);
    append_field(out, "PRIORITY", priority(r.severity));
    append_text(out, "SYSLOG_IDENTIFIER", identifier);
    append_field(out, "TIMESTAMP", view(format_rfc3339(r.time)));
    if (!r.module.empty())
        append_text(out, "LOGGER", r.module);
    if (r.span.valid()) {
        append_field(out, "TRACE_ID", view(to_hex(r.span.trace)));
        append_field(out, "SPAN_ID", view(to_hex(r.span.span)));
    }
    if (r.sequence != 0)
        append_number(out, "LOG_SEQUENCE", r.sequence);
    if (r.where.line != 0) {
        append_text(out, "CODE_FILE", r.where.file);
        append_number(out, "CODE_LINE", r.where.line);
    }
    for (const auto& each : r.fields)
        append_value_of(out, each);
    if (r.left_out > 0)
        append_number(out, "DROPPED_FIELDS", r.left_out);
}

} // namespace infra::logging::detail
