#include "render.hpp"

#include "json_text.hpp"

#include <algorithm>

namespace infra::logging {
namespace {

constexpr std::size_t max_fields = 128;
constexpr std::string_view request_id_key = "request_id";

bool is_reserved(std::string_view key) noexcept {
    switch (key.size()) {
    case 5: return key == "level";
    case 6: return key == "module";
    case 7: return key == "message" || key == "span_id";
    case 8: return key == "trace_id";
    case 9: return key == "timestamp";
    default: return false;
    }
}

// Whether both are written under the same key. A reserved one is written with an underscore appended, which may be what
// another is called already.
bool meet(std::string_view a, std::string_view b) noexcept {
    if (a.size() == b.size())
        return a == b;
    if (a.size() > b.size())
        std::swap(a, b);
    return a.size() + 1 == b.size() && b.back() == '_' && b.starts_with(a) && is_reserved(a);
}

void append_key(line_buffer& out, std::string_view key) {
    append_escaped(out, key);
    if (is_reserved(key))
        out.append('_');
}

// The field of this call that gives `key` its value: the last of that name.
const field* value_for(std::span<const field> fields, std::string_view key) noexcept {
    for (auto i = fields.size(); i-- > 0;)
        if (meet(fields[i].key, key))
            return &fields[i];
    return nullptr;
}

bool has_key(const std::vector<rendered_fields::item>& items, std::string_view key) noexcept {
    return std::ranges::any_of(items, [key](const auto& item) { return meet(item.key, key); });
}

// Calls `text(key, json)` or `value(key, field_value)` once for each key that follows the first six, in order.
template <class Text, class Value>
void for_each_field(const line& l, Text text, Value value) {
    const auto fields = l.record.fields.first(std::min(l.record.fields.size(), max_fields));
    const auto& items = l.of_logger.items();
    if (!l.request_id.empty() && !has_key(items, request_id_key)) {
        const auto* own = value_for(fields, request_id_key);
        value(request_id_key, own ? own->value : field_value(l.request_id));
    }
    for (const auto& item : items) {
        if (const auto* own = value_for(fields, item.key))
            value(item.key, own->value);
        else
            text(item.key, std::string_view(item.value));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto key = fields[i].key;
        const bool written_above =
            value_for(fields.first(i), key) || has_key(items, key) || (!l.request_id.empty() && key == request_id_key);
        if (!written_above)
            value(key, value_for(fields.subspan(i), key)->value);
    }
    if (const auto dropped = l.record.fields.size() - fields.size())
        value("dropped_fields", field_value(dropped));
}

template <std::size_t N>
std::string_view view(const std::array<char, N>& text) noexcept {
    return {text.data(), N};
}

void append_json_head(line_buffer& out, const log_record& r) {
    out.append(R"({"timestamp":")");
    out.append(view(format_rfc3339(r.time)));
    out.append(R"(","level":")");
    out.append(to_string(r.severity));
    if (!r.module.empty()) {
        out.append(R"(","module":")");
        append_escaped(out, r.module);
    }
    out.append(R"(","message":")");
    append_escaped(out, r.message);
    if (r.span.valid()) {
        out.append(R"(","trace_id":")");
        out.append(view(to_hex(r.span.trace)));
        out.append(R"(","span_id":")");
        out.append(view(to_hex(r.span.span)));
    }
    out.append('"');
}

struct json_members {
    line_buffer& out;

    void key(std::string_view k) const {
        out.append(",\"");
        append_key(out, k);
        out.append("\":");
    }
    void operator()(std::string_view k, const field_value& v) const {
        key(k);
        append_value(out, v);
    }
    void operator()(std::string_view k, std::string_view json) const {
        key(k);
        out.append(json);
    }
};

// The usual case, in which no keys meet: the logger's fields are one copy, and nothing is looked up twice.
bool has_only_new_keys(const line& l) noexcept {
    const auto fields = l.record.fields;
    const auto& items = l.of_logger.items();
    if (fields.size() > max_fields || (!l.request_id.empty() && has_key(items, request_id_key)))
        return false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto key = fields[i].key;
        if (has_key(items, key) || value_for(fields.first(i), key) || (!l.request_id.empty() && key == request_id_key))
            return false;
    }
    return true;
}

struct palette {
    std::string_view dim, reset;
    std::string_view of_level;
};

palette palette_for(level l, bool colours) noexcept {
    static constexpr std::string_view of_level[] = {"\x1b[90m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};
    return colours ? palette{"\x1b[2m", "\x1b[0m", of_level[static_cast<std::size_t>(l)]} : palette{};
}

void append_pretty_head(line_buffer& out, const log_record& r, const palette& p) {
    static constexpr std::string_view names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    const auto time = format_rfc3339(r.time);
    out.append(p.dim);
    out.append(view(time).substr(11, 12));
    out.append(p.reset);
    out.append(' ');
    out.append(p.of_level);
    out.append(names[static_cast<std::size_t>(r.severity)]);
    out.append(p.reset);
    out.append(' ');
    if (!r.module.empty()) {
        out.append('(');
        append_escaped(out, r.module);
        out.append(") ");
    }
    append_escaped(out, r.message, quotes::kept);
}

struct pretty_members {
    line_buffer& out;
    const palette& colours;

    void key(std::string_view k) const {
        out.append(' ');
        out.append(colours.dim);
        append_key(out, k);
        out.append('=');
        out.append(colours.reset);
    }
    void operator()(std::string_view k, const field_value& v) const {
        key(k);
        append_value(out, v);
    }
    void operator()(std::string_view k, std::string_view json) const {
        key(k);
        out.append(json);
    }
};

} // namespace

void rendered_fields::merge(std::span<const field> more) {
    for (const auto& f : more) {
        line_buffer value;
        append_value(value, f.value);
        const auto same = std::ranges::find_if(items_, [&](const item& i) { return meet(i.key, f.key); });
        if (same != items_.end())
            same->value = value.view();
        else
            items_.push_back({std::string(f.key), std::string(value.view())});
    }
    line_buffer all;
    for (const auto& i : items_)
        json_members{all}(i.key, std::string_view(i.value));
    json_ = all.view();
}

void append_json_line(line_buffer& out, const line& l) {
    append_json_head(out, l.record);
    const json_members member{out};
    if (has_only_new_keys(l)) {
        if (!l.request_id.empty())
            member(request_id_key, field_value(l.request_id));
        out.append(l.of_logger.json());
        for (const auto& f : l.record.fields)
            member(f.key, f.value);
    } else {
        for_each_field(l, member, member);
    }
    out.append("}\n");
}

void append_pretty_line(line_buffer& out, const line& l, bool colours) {
    const auto p = palette_for(l.record.severity, colours);
    append_pretty_head(out, l.record, p);
    const pretty_members member{out, p};
    for_each_field(l, member, member);
    if (l.record.span.valid())
        member("trace_id", std::string_view(view(to_hex(l.record.span.trace))));
    out.append('\n');
}

} // namespace infra::logging
