#include "render.hpp"

#include "json_text.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::logging {

bool is_reserved(std::string_view key) noexcept {
    switch (key.size()) {
    case 5: return key == "level";
    case 6: return key == "module";
    case 7: return key == "message" || key == "span_id";
    case 8: return key == "trace_id";
    case 9: return key == "timestamp";
    case 12: return key == "log_sequence";
    default: return false;
    }
}

namespace {

constexpr std::string_view request_id_key = "request_id";
constexpr std::string_view source_key = "source";

// Whether both are written under the same key. A reserved one is written with an underscore appended, which may be what
// another is called already.
bool meet(std::string_view a, std::string_view b) noexcept {
    if (a.size() == b.size())
        return a.empty() || (a.front() == b.front() && a == b);
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
const line_field* value_for(std::span<const line_field> fields, std::string_view key) noexcept {
    for (auto i = fields.size(); i-- > 0;)
        if (meet(fields[i].key, key))
            return &fields[i];
    return nullptr;
}

bool has_key(const std::vector<rendered_fields::item>& items, std::string_view key) noexcept {
    return std::ranges::any_of(items, [key](const auto& item) { return meet(item.key, key); });
}

/// `worker.cpp:42`
void append_source(line_buffer& out, const std::source_location& where) {
    const std::string_view path = where.file_name();
    append_escaped(out, path.substr(path.rfind('/') + 1));
    out.append(':');
    append_value(out, where.line());
}

// Calls `member(key, json)` or `member(key, field_value)` once for each key that was given, in order.
template <class Member>
void for_each_given_field(const line& l, Member member) {
    const auto fields = l.fields;
    const auto& items = l.of_logger.items();
    const auto write = [&member](std::string_view key, const line_field& f) {
        if (f.is_json)
            member(key, f.value.text());
        else
            member(key, f.value);
    };
    if (!l.request_id.empty() && !has_key(items, request_id_key)) {
        const auto* own = value_for(fields, request_id_key);
        write(request_id_key, own ? *own : line_field{request_id_key, l.request_id});
    }
    for (const auto& item : items) {
        if (const auto* own = value_for(fields, item.key))
            write(item.key, *own);
        else
            member(item.key, std::string_view(item.value));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto key = fields[i].key;
        const bool written_above =
            value_for(fields.first(i), key) || has_key(items, key) || (!l.request_id.empty() && key == request_id_key);
        if (!written_above)
            write(key, *value_for(fields.subspan(i), key));
    }
}

// And for what is said about the line itself.
template <class Member>
void for_each_field(const line& l, Member member) {
    for_each_given_field(l, member);
    if (l.where && !has_key(l.of_logger.items(), source_key) && !value_for(l.fields, source_key)) {
        line_buffer source;
        append_source(source, *l.where);
        member(source_key, field_value(source.view()));
    }
    if (l.left_out > 0)
        member("dropped_fields", field_value(l.left_out));
}

struct field_list {
    std::vector<record_field>& to;

    void operator()(std::string_view key, const field_value& v) const { to.push_back({key, v}); }
    void operator()(std::string_view key, std::string_view json) const { to.push_back({key, json, true}); }
};

template <std::size_t N>
std::string_view view(const std::array<char, N>& text) noexcept {
    return {text.data(), N};
}

void append_json_head(line_buffer& out, const line& l) {
    out.append(R"({"timestamp":")");
    out.append(l.time);
    out.append(R"(","level":")");
    out.append(to_string(l.severity));
    if (!l.module.empty()) {
        out.append(R"(","module":")");
        append_escaped(out, l.module);
    }
    out.append(R"(","message":")");
    append_escaped(out, l.message);
    if (l.span.valid()) {
        out.append(R"(","trace_id":")");
        out.append(view(to_hex(l.span.trace)));
        out.append(R"(","span_id":")");
        out.append(view(to_hex(l.span.span)));
    }
    out.append('"');
    if (l.sequence == 0)
        return;
    out.append(R"(,"log_sequence":)");
    append_value(out, l.sequence);
}

struct json_members {
    line_buffer& out;

    void key(std::string_view k) const {
        out.append(',');
        if (is_reserved(k)) {
            out.append('"');
            append_key(out, k);
            return out.append("\":");
        }
        append_string(out, k);
        out.append(':');
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
    const auto& items = l.of_logger.items();
    if (l.where || l.left_out > 0 || (!l.request_id.empty() && has_key(items, request_id_key)))
        return false;
    for (std::size_t i = 0; i < l.fields.size(); ++i) {
        const auto key = l.fields[i].key;
        if (has_key(items, key) || value_for(l.fields.first(i), key) ||
            (!l.request_id.empty() && key == request_id_key))
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

void append_pretty_head(line_buffer& out, const line& l, const palette& p) {
    static constexpr std::string_view names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    out.append(p.dim);
    out.append(l.time.substr(11, 12));
    out.append(p.reset);
    out.append(' ');
    out.append(p.of_level);
    out.append(names[static_cast<std::size_t>(l.severity)]);
    out.append(p.reset);
    out.append(' ');
    if (!l.module.empty()) {
        out.append('(');
        append_escaped(out, l.module);
        out.append(") ");
    }
    append_escaped(out, l.message, quotes::kept);
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

void rendered_fields::add(std::string_view given_key, std::string json) {
    auto key = encoding::to_utf8(given_key);
    const auto same = std::ranges::find_if(items_, [&](const item& i) { return meet(i.key, key); });
    if (same != items_.end())
        same->value = std::move(json);
    else
        items_.push_back({std::move(key), std::move(json)});
    line_buffer all;
    for (const auto& i : items_)
        json_members{all}(i.key, std::string_view(i.value));
    json_ = all.view();
}

std::string_view time_text::of(wall_time t) noexcept {
    using namespace std::chrono;
    if (t < second_ || t - second_ >= 1s) {
        second_ = floor<seconds>(t);
        text_ = format_rfc3339(second_);
    }
    const auto ms = static_cast<unsigned>((t - second_).count()) / 1'000'000U;
    text_[20] = static_cast<char>('0' + ms / 100);
    text_[21] = static_cast<char>('0' + ms / 10 % 10);
    text_[22] = static_cast<char>('0' + ms % 10);
    return {text_.data(), text_.size()};
}

void append_fields(std::vector<record_field>& to, const line& l) { for_each_given_field(l, field_list{to}); }

void append_json_line(line_buffer& out, const line& l) {
    append_json_head(out, l);
    const json_members member{out};
    if (has_only_new_keys(l)) {
        if (!l.request_id.empty())
            member(request_id_key, field_value(l.request_id));
        out.append(l.of_logger.json());
        for (const auto& f : l.fields) {
            if (f.is_json)
                member(f.key, f.value.text());
            else
                member(f.key, f.value);
        }
    } else {
        for_each_field(l, member);
    }
    out.append("}\n");
}

void append_pretty_line(line_buffer& out, const line& l, bool colours) {
    const auto p = palette_for(l.severity, colours);
    append_pretty_head(out, l, p);
    const pretty_members member{out, p};
    for_each_field(l, member);
    if (l.span.valid())
        member("trace_id", std::string_view(view(to_hex(l.span.trace))));
    out.append('\n');
}

} // namespace infra::logging
