#pragma once

// Which fields a line has, in which order and under which keys, whatever it is written as: pure.

#include "render.hpp"

namespace infra::logging {

inline constexpr std::string_view request_id_key = "request_id";
inline constexpr std::string_view source_key = "source";

/// Keys that have no bit in common are not written alike. All bits if there is more to it than how the key is spelled.
inline constexpr auto any_key = ~std::uint64_t(0);
std::uint64_t key_mark(std::string_view key) noexcept;

/// Whether both are written under the same key. A reserved one is written with an underscore appended, which may be what
/// another is called already.
bool meet(std::string_view a, std::string_view b) noexcept;

/// Whether two of the line's keys do.
bool keys_meet(const line& l) noexcept;

/// The field of this call that gives `key` its value: the last of that name; null if none does.
const line_field* value_for(std::span<const line_field> fields, std::string_view key) noexcept;

bool has_key(const std::vector<rendered_fields::item>& items, std::string_view key) noexcept;

template <std::size_t N>
std::string_view hex_view(const std::array<char, N>& text) noexcept {
    return {text.data(), N};
}

/// As it is written, without quotes.
void append_key(line_buffer& out, std::string_view key);

/// `worker.cpp:42`
void append_source(line_buffer& out, const source_place& where);

/// Calls `member(key, json)` or `member(key, field_value)` once for each key that was given, in order.
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

/// And for what is said about the line itself.
template <class Member>
void for_each_field(const line& l, Member member) {
    for_each_given_field(l, member);
    if (l.where.line != 0 && !has_key(l.of_logger.items(), source_key) && !value_for(l.fields, source_key)) {
        line_buffer source;
        append_source(source, l.where);
        member(source_key, field_value(source.view()));
    }
    if (l.left_out > 0)
        member("dropped_fields", field_value(l.left_out));
}

} // namespace infra::logging
