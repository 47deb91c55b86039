// Most lines are usual: no two keys meet, and every text stands in JSON as it is. Those are looked through once, and then
// written into room that was reserved at once; all others in the same form, piece by piece.

#include "json_text.hpp"
#include "line_fields.hpp"
#include "number_text.hpp"
#include "plain_text.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::logging {
namespace {

// What line_buffer looks after was seen to beforehand.
class reserved_room {
public:
    explicit reserved_room(char* to) noexcept : to_(to) {}

    template <std::size_t Size>
    [[gnu::always_inline]] void append(const char (&literal)[Size]) noexcept {
        std::memcpy(to_, literal, Size - 1);
        to_ += Size - 1;
    }
    void append(std::string_view text) noexcept { to_ = put_bytes(to_, text.data(), text.size()); }
    void append(char c) noexcept { *to_++ = c; }
    template <class Number>
    void append_number(Number n) noexcept {
        to_ = put_number(to_, n);
    }
    const char* end() const noexcept { return to_; }

private:
    char* to_;
};

void append_escaped(reserved_room& out, std::string_view plain) noexcept { out.append(plain); }

void append_key(reserved_room& out, std::string_view plain) noexcept { out.append(plain); }

void append_value(reserved_room& out, const field_value& value) noexcept {
    using kind = field_value::kind;
    switch (value.type()) {
    case kind::boolean: return out.append(value.boolean() ? std::string_view("true") : "false");
    case kind::signed_integer: return out.append_number(value.signed_integer());
    case kind::unsigned_integer: return out.append_number(value.unsigned_integer());
    case kind::floating: return out.append_number(value.floating());
    case kind::duration: return out.append_number(value.milliseconds());
    case kind::text:
        out.append('"');
        out.append(value.text());
        return out.append('"');
    default: return out.append("null");
    }
}

template <class Out>
void append_json_head(Out& out, const line& l) {
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
        out.append(hex_view(to_hex(l.span.trace)));
        out.append(R"(","span_id":")");
        out.append(hex_view(to_hex(l.span.span)));
    }
    out.append('"');
    if (l.sequence == 0)
        return;
    out.append(R"(,"log_sequence":)");
    append_value(out, field_value(l.sequence));
}

template <class Out>
struct json_members {
    Out& out;

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

// --- usual lines ---

constexpr std::size_t not_usual = 0;

// At most so many bytes.
std::size_t room_for_usual(const line_field& f) noexcept {
    using kind = field_value::kind;
    switch (f.value.type()) {
    case kind::null:
    case kind::boolean:
    case kind::signed_integer:
    case kind::unsigned_integer:
    case kind::floating:
    case kind::duration: return longest_number;
    case kind::text: return f.is_json || is_plain(f.value.text()) ? f.value.text().size() + 2 : not_usual;
    default: return not_usual;
    }
}

std::size_t room_for_usual(const line& l) noexcept {
    constexpr std::size_t all_but_texts = 256;
    if (l.where.line != 0 || l.left_out > 0 || !is_plain(l.module) || !is_plain(l.message) || !is_plain(l.request_id))
        return not_usual;
    auto room = all_but_texts + l.time.size() + l.module.size() + l.message.size() + l.request_id.size() +
                l.of_logger.json().size();
    auto seen = l.of_logger.marks() | (l.request_id.empty() ? 0 : key_mark(request_id_key));
    bool may_meet = !l.request_id.empty() && (l.of_logger.marks() & key_mark(request_id_key)) != 0;
    for (const auto& f : l.fields) {
        const auto mark = key_mark(f.key);
        const auto value = room_for_usual(f);
        if (mark == any_key || value == not_usual || !is_plain(f.key))
            return not_usual;
        may_meet |= (seen & mark) != 0;
        seen |= mark;
        room += f.key.size() + std::string_view(R"(,"":)").size() + value;
    }
    return may_meet && keys_meet(l) ? not_usual : room;
}

const char* write_usual(char* to, const line& l) noexcept {
    reserved_room out(to);
    append_json_head(out, l);
    const json_members<reserved_room> member{out};
    if (!l.request_id.empty())
        member(request_id_key, field_value(l.request_id));
    out.append(l.of_logger.json());
    for (const auto& f : l.fields) {
        if (f.is_json)
            member(f.key, f.value.text());
        else
            member(f.key, f.value);
    }
    out.append("}\n");
    return out.end();
}

} // namespace

void append_json_line(line_buffer& out, const line& l) {
    if (const auto room = room_for_usual(l); room != not_usual)
        return out.commit(write_usual(out.reserve(room), l));
    append_json_head(out, l);
    for_each_field(l, json_members<line_buffer>{out});
    out.append("}\n");
}

void rendered_fields::add(std::string_view given_key, std::string json) {
    auto key = encoding::to_utf8(given_key);
    const auto same = std::ranges::find_if(items_, [&](const item& i) { return meet(i.key, key); });
    if (same != items_.end())
        same->value = std::move(json);
    else
        items_.push_back({std::move(key), std::move(json)});
    line_buffer all;
    marks_ = 0;
    for (const auto& i : items_) {
        json_members<line_buffer>{all}(i.key, std::string_view(i.value));
        marks_ |= key_mark(i.key);
    }
    json_ = all.view();
}

} // namespace infra::logging
