#pragma once

// From typed values to the text of a line: pure.

#include "line_buffer.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/logging/record_sink.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::logging {

/// The fields of a logger, rendered once for all of its lines.
class rendered_fields {
public:
    struct item {
        std::string key;
        std::string value; // JSON text
    };

    /// Adds a field, whose value is JSON; if its key is there already it takes that one's place.
    void add(std::string_view key, std::string json);

    const std::vector<item>& items() const noexcept { return items_; }

    /// `,"key":value` of all, in order.
    std::string_view json() const noexcept { return json_; }

    /// The bits of all keys, as key_mark() has them.
    std::uint64_t marks() const noexcept { return marks_; }

private:
    std::vector<item> items_;
    std::string json_;
    std::uint64_t marks_ = 0;
};

/// Fields of one call past these are counted and not written.
inline constexpr std::size_t max_fields = 128;

using line_field = record_field;

struct line {
    std::string_view time; ///< as RFC 3339 has it
    wall_time at{};        ///< the same, to the nanosecond
    level severity = level::info;
    std::string_view module{};
    std::string_view message{};
    std::span<const line_field> fields{};
    std::size_t left_out = 0; ///< fields that the call had beside these
    span_context span{};
    std::uint64_t sequence = 0;    ///< 0: has none
    std::string_view request_id{}; ///< the context's; empty if none
    const rendered_fields& of_logger;
    source_place where{}; ///< line 0: not written
};

/// Times as text, of which most share their second with the one before.
class time_text {
public:
    /// Valid until the next call.
    std::string_view of(wall_time t) noexcept;

private:
    wall_time second_{};
    wall_time millisecond_{};
    std::array<char, 24> text_ = format_rfc3339(wall_time{});
};

/// True of the names of what stands before the fields.
bool is_reserved(std::string_view key) noexcept;

/// The fields in their order, each key once by the rules of append_json_line(), but without underscores, the source and
/// `dropped_fields`. Views of what the line views. Throws bad_alloc, and then may have added some.
void append_fields(std::vector<record_field>& to, const line& l);

/// One JSON object and a line break. Keys in this order, each once: timestamp, level, module, message, trace_id,
/// span_id, log_sequence, then request_id, the logger's fields, the call's and the source. Where keys meet, the call's
/// value wins over the logger's, and that over the context's request id and the source; of two in one call, the last;
/// the key stays where it came first. A field named like one of the first seven is written with `_` appended. What is
/// past max_fields is not written but counted in `dropped_fields`.
void append_json_line(line_buffer& out, const line& l);

/// `12:34:56.789 INFO  (module) message key=value`, in UTC, for people.
void append_pretty_line(line_buffer& out, const line& l, bool colours);

} // namespace infra::logging
