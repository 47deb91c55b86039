#include "json_text.hpp"

#include "number_text.hpp"
#include "plain_text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>

#include <algorithm>
#include <exception>
#include <string>

namespace infra::logging {
namespace {

void append_hex_escape(line_buffer& out, unsigned code) {
    constexpr std::string_view hex = "0123456789abcdef";
    const char text[] = {'\\', 'u', '0', '0', hex[code >> 4 & 15], hex[code & 15]};
    out.append({text, sizeof text});
}

void append_ascii_escape(line_buffer& out, char c) {
    switch (c) {
    case '"': return out.append("\\\"");
    case '\\': return out.append("\\\\");
    case '\n': return out.append("\\n");
    case '\r': return out.append("\\r");
    case '\t': return out.append("\\t");
    case '\b': return out.append("\\b");
    case '\f': return out.append("\\f");
    default: return append_hex_escape(out, static_cast<unsigned char>(c));
    }
}

// `text` is UTF-8. Copies characters beyond ASCII from the front, escaping C1 controls; returns how many bytes.
std::size_t append_beyond_ascii(line_buffer& out, std::string_view text) {
    constexpr char c1_lead = '\xC2';
    std::size_t i = 0;
    while (i < text.size() && static_cast<unsigned char>(text[i]) >= 0x80) {
        const bool c1 = text[i] == c1_lead && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (c1) {
            out.append(text.substr(0, i));
            append_hex_escape(out, static_cast<unsigned char>(text[i + 1]));
            return i + 2;
        }
        ++i;
    }
    out.append(text.substr(0, i));
    return i;
}

template <class Number>
void append_number(line_buffer& out, Number n) {
    out.commit(put_number(out.reserve(longest_number), n));
}

// JSON text made elsewhere: valid already, but its strings may hold C1 controls.
void append_json(line_buffer& out, std::string_view text) {
    while (!text.empty()) {
        const auto ascii = std::ranges::find_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
        const auto count = static_cast<std::size_t>(ascii - text.begin());
        out.append(text.substr(0, count));
        text.remove_prefix(count);
        text.remove_prefix(append_beyond_ascii(out, text));
    }
}

void append_time(line_buffer& out, wall_time t) {
    const auto text = format_rfc3339(t);
    out.append('"');
    out.append({text.data(), text.size()});
    out.append('"');
}

// What a value's own code gives: it may throw whatever it likes, which costs the value and never the line.
template <class Make>
void append_made(line_buffer& out, Make make) {
    std::string text;
    try {
        text = make();
    } catch (const std::exception& e) {
        return append_string(out, std::string("<not written: ") + (e.what() ? e.what() : "") + ">");
    } catch (...) {
        return append_string(out, "<not written>");
    }
    append_json(out, text);
}

const std::exception* cause_of(const std::exception& e, std::exception_ptr& holds) {
    const auto* nested = dynamic_cast<const std::nested_exception*>(&e);
    if (!nested || !nested->nested_ptr())
        return nullptr;
    holds = nested->nested_ptr();
    try {
        std::rethrow_exception(holds);
    } catch (const std::exception& cause) {
        return &cause; // lives as long as `holds`
    } catch (...) {
        return nullptr;
    }
}

// `cannot start; caused by: cannot open the store; caused by: No space left on device`
void append_exception(line_buffer& out, const std::exception& e) {
    constexpr int deepest = 16;
    std::exception_ptr holds, held_before;
    out.append('"');
    const auto* each = &e;
    for (int depth = 0; each && depth < deepest; ++depth) {
        if (depth > 0)
            out.append("; caused by: ");
        append_escaped(out, each->what() ? each->what() : "an exception without a text");
        held_before = holds;
        each = cause_of(*each, holds);
    }
    out.append('"');
}

} // namespace

void append_escaped(line_buffer& out, std::string_view text, quotes q) {
    bool checked = false;
    while (true) {
        const auto plain = plain_prefix(text);
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty())
            return;
        if (static_cast<unsigned char>(text.front()) < 0x80) {
            const char c = text.front();
            if (q == quotes::kept && (c == '"' || c == '\\'))
                out.append(c);
            else
                append_ascii_escape(out, c);
            text.remove_prefix(1);
        } else if (checked || encoding::is_utf8(text)) {
            checked = true;
            text.remove_prefix(append_beyond_ascii(out, text));
        } else {
            return append_escaped(out, encoding::to_utf8(text), q);
        }
    }
}

void append_string(line_buffer& out, std::string_view text) {
    if (!is_plain(text)) {
        out.append('"');
        append_escaped(out, text);
        return out.append('"');
    }
    char* to = out.reserve(text.size() + 2);
    *to++ = '"';
    to = put_bytes(to, text.data(), text.size());
    *to++ = '"';
    out.commit(to);
}

void append_value(line_buffer& out, const field_value& value) {
    using kind = field_value::kind;
    switch (value.type()) {
    case kind::null: return out.append("null");
    case kind::boolean: return out.append(value.boolean() ? "true" : "false");
    case kind::signed_integer: return append_number(out, value.signed_integer());
    case kind::unsigned_integer: return append_number(out, value.unsigned_integer());
    case kind::floating: return append_number(out, value.floating());
    case kind::text: return append_string(out, value.text());
    case kind::json: return append_made(out, [&] { return json::to_text(value.json()); });
    case kind::duration: return append_number(out, value.milliseconds());
    case kind::time: return append_time(out, value.time());
    case kind::exception: return append_exception(out, value.exception());
    case kind::error_code: return append_made(out, [&] { return json::to_text(value.error_code().message()); });
    case kind::object: return append_made(out, [&] { return json::to_text(value.to_json()); });
    }
}

std::string value_text(const field& f, const detail::redactor& hidden) {
    line_buffer out;
    if (f.value.type() == field_value::kind::json)
        append_made(out, [&] { return json::to_text(hidden.inside(f.key, f.value.json())); });
    else if (f.value.type() == field_value::kind::object)
        append_made(out, [&] { return json::to_text(hidden.inside(f.key, f.value.to_json())); });
    else
        append_value(out, f.value);
    return std::string(out.view());
}

} // namespace infra::logging
