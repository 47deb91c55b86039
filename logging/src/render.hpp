#pragma once

// From a record to the text of its line: pure, and the whole of what a caller pays for a line but for a copy under a lock.

#include "line_buffer.hpp"

#include <infra/base/telemetry.hpp>

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

    /// Adds fields; one whose key is there already takes its place.
    void merge(std::span<const field> more);

    const std::vector<item>& items() const noexcept { return items_; }

    /// `,"key":value` of all, in order.
    std::string_view json() const noexcept { return json_; }

private:
    std::vector<item> items_;
    std::string json_;
};

struct line {
    const log_record& record;
    const rendered_fields& of_logger;
    std::string_view request_id{}; ///< the context's; empty if none
};

/// One JSON object and a line break. Keys in this order, each once: timestamp, level, module, message, trace_id, span_id,
/// then request_id, the logger's fields and the call's. Where keys meet, the call's value wins over the logger's, and
/// that over the context's request id; of two in one call, the last; the key stays where it came first. A field named
/// like one of the first six is written with `_` appended. Fields past 128 are not written but counted in
/// `dropped_fields`.
void append_json_line(line_buffer& out, const line& l);

/// `12:34:56.789 INFO  (module) message key=value`, in UTC, for people.
void append_pretty_line(line_buffer& out, const line& l, bool colours);

} // namespace infra::logging
