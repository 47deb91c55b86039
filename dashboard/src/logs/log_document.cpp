#include "log_document.hpp"

#include "../texts.hpp"

#include <infra/base/encoding.hpp>

#include <charconv>

namespace infra::dashboard {
namespace {

using kind = field_value::kind;

template <class Number>
std::string_view digits(Number n, std::string& storage) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, n).ptr;
    storage.assign(text, end);
    return storage;
}

boost::json::string utf8(std::string_view text) {
    return encoding::is_utf8(text) ? boost::json::string(text) : boost::json::string(encoding::to_utf8(text));
}

// How much may still be shown, and whether it was not enough.
struct allowance {
    std::size_t left;
    bool used_up = false;

    boost::json::string text(std::string_view whole) {
        const auto shown = beginning(whole, left);
        used_up |= shown.size() < whole.size();
        left -= shown.size();
        return utf8(shown);
    }
    json::value field(const logging::record_field& f) {
        if (f.value.type() != kind::text)
            return logging::to_json(f);
        if (!f.is_json || f.value.text().size() > left) // JSON that does not fit is a text that begins like it
            return text(f.value.text());
        left -= f.value.text().size();
        return logging::to_json(f);
    }
};

std::string source_of_line(const logging::source_place& where) {
    const auto slash = where.file.rfind('/');
    return std::string(slash == where.file.npos ? where.file : where.file.substr(slash + 1)) + ':' +
           std::to_string(where.line);
}

template <std::size_t N>
boost::json::string hex(const std::array<char, N>& text) {
    return boost::json::string(text.data(), N);
}

} // namespace

std::string_view shown_value(const logging::record_field& f, std::string& storage) {
    switch (f.value.type()) {
    case kind::text: return f.value.text();
    case kind::signed_integer: return digits(f.value.signed_integer(), storage);
    case kind::unsigned_integer: return digits(f.value.unsigned_integer(), storage);
    case kind::boolean: return f.value.boolean() ? "true" : "false";
    case kind::null: return "null";
    default: {
        const auto value = logging::to_json(f);
        storage = value.is_string() ? std::string(value.get_string()) : json::to_text(value);
        return storage;
    }
    }
}

json::object document_of(const kept_line& line, std::size_t at_most) {
    allowance shown{at_most};
    json::object out{{"id", line.id},
                     {"at", to_unix_ms(line.time)},
                     {"level", to_string(line.severity)},
                     {"module", utf8(line.module)},
                     {"message", shown.text(line.message)}};
    if (line.trace)
        out["trace"] = hex(to_hex(line.trace));
    if (line.span)
        out["span"] = hex(to_hex(line.span));
    json::object fields;
    kept_fields all(line);
    for (logging::record_field each; all.next(each);)
        fields[utf8(each.key)] = shown.field(each);
    out["fields"] = std::move(fields);
    if (line.sequence)
        out["sequence"] = line.sequence;
    if (line.where.line)
        out["source"] = source_of_line(line.where);
    if (line.left_out)
        out["left_out"] = line.left_out;
    if (shown.used_up || line.cut)
        out["cut"] = true;
    return out;
}

std::string json_line_of(const kept_line& line) {
    const auto at = format_rfc3339(line.time);
    json::object out{{"timestamp", std::string_view(at.data(), at.size())}, {"level", to_string(line.severity)}};
    if (!line.module.empty())
        out["module"] = utf8(line.module);
    out["message"] = utf8(line.message);
    if (line.trace)
        out["trace_id"] = hex(to_hex(line.trace));
    if (line.span)
        out["span_id"] = hex(to_hex(line.span));
    if (line.sequence)
        out["log_sequence"] = line.sequence;
    kept_fields all(line);
    for (logging::record_field each; all.next(each);)
        out[utf8(each.key)] = logging::to_json(each);
    if (line.where.line)
        out["source"] = source_of_line(line.where);
    return json::to_text(out) + '\n';
}

} // namespace infra::dashboard
