#include "line_fields.hpp"

#include "json_text.hpp"

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

// One that is reserved, and one with an underscore at the end, may be written like another that is spelled otherwise.
std::uint64_t key_mark(std::string_view key) noexcept {
    if (key.empty() || key.back() == '_' || is_reserved(key))
        return any_key;
    const auto byte = [](char c) { return static_cast<unsigned char>(c); };
    return std::uint64_t(1) << (key.size() + byte(key.front()) * 5U + byte(key.back()) * 11U) % 64;
}

bool meet(std::string_view a, std::string_view b) noexcept {
    if (a.size() == b.size())
        return a.empty() || (a.front() == b.front() && a == b);
    if (a.size() > b.size())
        std::swap(a, b);
    return a.size() + 1 == b.size() && b.back() == '_' && b.starts_with(a) && is_reserved(a);
}

const line_field* value_for(std::span<const line_field> fields, std::string_view key) noexcept {
    for (auto i = fields.size(); i-- > 0;)
        if (meet(fields[i].key, key))
            return &fields[i];
    return nullptr;
}

bool has_key(const std::vector<rendered_fields::item>& items, std::string_view key) noexcept {
    return std::ranges::any_of(items, [key](const auto& item) { return meet(item.key, key); });
}

bool keys_meet(const line& l) noexcept {
    const auto& items = l.of_logger.items();
    if (!l.request_id.empty() && has_key(items, request_id_key))
        return true;
    for (std::size_t i = 0; i < l.fields.size(); ++i) {
        const auto key = l.fields[i].key;
        if (has_key(items, key) || value_for(l.fields.first(i), key) ||
            (!l.request_id.empty() && meet(key, request_id_key)))
            return true;
    }
    return false;
}

void append_key(line_buffer& out, std::string_view key) {
    append_escaped(out, key);
    if (is_reserved(key))
        out.append('_');
}

void append_source(line_buffer& out, const source_place& where) {
    out.append(where.file.substr(where.file.rfind('/') + 1));
    out.append(':');
    append_value(out, where.line);
}

namespace {

struct field_list {
    std::vector<record_field>& to;

    void operator()(std::string_view key, const field_value& v) const { to.push_back({key, v}); }
    void operator()(std::string_view key, std::string_view json) const { to.push_back({key, json, true}); }
};

} // namespace

void append_fields(std::vector<record_field>& to, const line& l) { for_each_given_field(l, field_list{to}); }

} // namespace infra::logging
