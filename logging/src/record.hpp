#pragma once

// One record between the caller and the thread that writes: the caller's typed values, copied as they are, in one piece.
// Text is made of them later. Values that only the caller's own code can make text of come as JSON already.
//
//     head | span (24 bytes, if there is one) | module (if no logger has one) | request id (if any) | message | fields
//          | origin (if durable)
//
// Texts are a length and bytes; a field is its key's length and its kind in one word, the key, and the value. Numbers
// stand as the machine has them: a record never leaves it.
//
// A durable record may be read by another process, for which the pointers in its head mean nothing. Its origin says what
// they point to:
//
//     the logger (a text: module | fields) | source (a text, and its line) | …
//     number (the last 8 bytes, 0 until it was read)

#include "logger_core.hpp"

#include <infra/base/context.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::logging::detail {

/// A line that asked for more is left out.
inline constexpr std::size_t longest_record = std::size_t(16) << 20;

struct record_head {
    std::uint32_t size; // of the record, a multiple of 8
    level severity;
    std::uint8_t parts; // bits of `part`
    std::uint16_t field_count;
    std::uint64_t time;        // as the pipeline's ticks count it
    const logger_core* logger; // null: the module is in the record
    std::source_location where{};
};
static_assert(std::is_trivially_copyable_v<record_head> && sizeof(record_head) == 32);

enum part : std::uint8_t { has_span = 1, has_module = 2, has_request_id = 4, is_elsewhere = 8, has_origin = 16 };

/// What a caller has in hand.
struct record_parts {
    level severity;
    std::uint64_t time = 0;
    const logger_core* logger = nullptr;
    std::string_view module{}; // if there is no logger
    std::string_view message{};
    span_context span{};
    std::string_view request_id{};
    std::source_location where{};
    bool durable = false;
};

/// What only a durable record has.
struct record_origin {
    std::string_view logger{}; // see logger_text()
    std::string_view source{}; // the file's name, without its directories
    std::uint32_t source_line = 0;
};

/// The same, read back. Views into the record.
struct record {
    record_head head;
    record_origin origin;
    std::string_view module, message, request_id;
    span_context span{};
    std::vector<line_field> fields; // at most max_fields; head.field_count says how many there were
    // Two keys that differ only in bytes that are not UTF-8 are one key in the line.
    std::deque<std::string> repaired_keys;
};

// --- writing ---

namespace wire {

inline bool is_json(const field&) noexcept { return false; }
inline bool is_json(const line_field& f) noexcept { return f.is_json; }

/// True if only the caller can make text of it.
inline bool needs_text(field_value::kind k) noexcept {
    using kind = field_value::kind;
    return k == kind::json || k >= kind::exception;
}

inline std::size_t value_size(const field_value& v) noexcept {
    switch (v.type()) {
    case field_value::kind::null: return 0;
    case field_value::kind::text: return sizeof(std::uint32_t) + v.text().size();
    default: return 8;
    }
}

template <class T>
char* put(char* to, T value) noexcept {
    std::memcpy(to, &value, sizeof value);
    return to + sizeof value;
}
inline char* put_text(char* to, std::string_view text) noexcept {
    return put_bytes(put(to, static_cast<std::uint32_t>(text.size())), text.data(), text.size());
}
inline char* put_value(char* to, const field_value& v) noexcept {
    using kind = field_value::kind;
    switch (v.type()) {
    case kind::boolean: return put<std::uint64_t>(to, v.boolean());
    case kind::signed_integer: return put(to, v.signed_integer());
    case kind::unsigned_integer: return put(to, v.unsigned_integer());
    case kind::floating: return put(to, v.floating());
    case kind::duration: return put(to, v.milliseconds());
    case kind::time: return put(to, v.time().time_since_epoch().count());
    case kind::text: return put_text(to, v.text());
    default: return to;
    }
}

inline std::string_view file_of(const std::source_location& where) noexcept {
    const std::string_view path = where.file_name();
    return path.substr(path.rfind('/') + 1);
}
inline std::string_view text_of(const logger_core* logger) noexcept {
    return logger ? std::string_view(logger->as_text) : std::string_view();
}

constexpr std::size_t number_size = 8;
constexpr unsigned kind_shift = 24;
constexpr std::uint32_t json_bit = 0x8000'0000;

inline std::size_t origin_size(const record_parts& p) noexcept {
    return 3 * sizeof(std::uint32_t) + text_of(p.logger).size() + file_of(p.where).size() + number_size;
}
inline void put_origin(char* to, char* end, const record_parts& p) noexcept {
    to = put_text(to, text_of(p.logger));
    to = put_text(to, file_of(p.where));
    put<std::uint32_t>(to, p.where.line());
    put<std::uint64_t>(end - number_size, 0);
}

} // namespace wire

/// How long the record will be; more than `longest_record` if it must not be.
template <class Field>
std::size_t record_size(const record_parts& p, std::span<const Field> fields) noexcept {
    constexpr std::size_t word = sizeof(std::uint32_t);
    std::size_t size = sizeof(record_head) + word + p.message.size();
    size += p.span.valid() ? sizeof(span_context) : 0;
    size += p.logger || p.module.empty() ? 0 : word + p.module.size();
    size += p.request_id.empty() ? 0 : word + p.request_id.size();
    for (const auto& f : fields.first(std::min(fields.size(), max_fields)))
        size += word + f.key.size() + wire::value_size(f.value);
    if (p.durable)
        size += wire::origin_size(p);
    return (size + 7) & ~std::size_t(7);
}

/// Writes it to `size` bytes at `to`.
template <class Field>
void write_record(char* to, std::size_t size, const record_parts& p, std::span<const Field> fields) noexcept {
    char* const begin = to;
    const bool own_module = !p.logger && !p.module.empty();
    const record_head head{
        .size = static_cast<std::uint32_t>(size),
        .severity = p.severity,
        .parts = static_cast<std::uint8_t>((p.span.valid() ? has_span : 0) | (own_module ? has_module : 0) |
                                           (p.request_id.empty() ? 0 : has_request_id) | (p.durable ? has_origin : 0)),
        .field_count = static_cast<std::uint16_t>(std::min<std::size_t>(fields.size(), 0xffff)),
        .time = p.time,
        .logger = p.logger,
        .where = p.where};
    to = wire::put(to, head);
    if (head.parts & has_span)
        to = wire::put(to, p.span);
    if (head.parts & has_module)
        to = wire::put_text(to, p.module);
    if (head.parts & has_request_id)
        to = wire::put_text(to, p.request_id);
    to = wire::put_text(to, p.message);
    for (const auto& f : fields.first(std::min(fields.size(), max_fields))) {
        const auto kind = static_cast<std::uint32_t>(f.value.type()) << wire::kind_shift;
        const auto key_size = static_cast<std::uint32_t>(f.key.size());
        to = wire::put(to, key_size | kind | (wire::is_json(f) ? wire::json_bit : 0));
        to = put_bytes(to, f.key.data(), f.key.size());
        to = wire::put_value(to, f.value);
    }
    if (p.durable)
        wire::put_origin(to, begin + size, p);
}

// --- records that are too long for a ring ---

inline constexpr std::size_t pointer_record_size = sizeof(record_head) + 8;

/// A short record that stands for the one at `to`, made with new char[], and owns it.
void write_pointer(char* at, char* to) noexcept;

/// The record itself, or the one it stands for.
char* resolve(char* bytes) noexcept;

/// How many bytes were freed.
std::size_t free_elsewhere(char* bytes) noexcept;

// --- reading ---

record_head head_of(const char* bytes) noexcept;

/// Reads what write_record() wrote. Throws bad_alloc alone.
void read_record(const char* bytes, record& into);

/// Reads what another process wrote, if it is a whole record: false if it cannot be one. The head's pointers are null.
bool read_foreign_record(std::string_view bytes, record& into);

/// Of a durable record.
void set_number(char* bytes, std::uint64_t number) noexcept;
std::uint64_t number_of(std::string_view record) noexcept;

// --- loggers in durable records ---

/// A logger's module and fields, so that another process can write its lines.
std::string logger_text(std::string_view module, const rendered_fields& fields);

struct logger_read_back {
    std::string_view module;
    rendered_fields fields;
};
/// Empty if it is none.
std::optional<logger_read_back> read_logger(std::string_view text);

} // namespace infra::logging::detail
