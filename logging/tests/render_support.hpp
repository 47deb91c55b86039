#pragma once

/// Lines to be written.

#include "src/json_text.hpp"
#include "src/render.hpp"

#include "support.hpp"

#include <infra/base/encoding.hpp>

#include <deque>

namespace infra::logging {

inline const span_context traced{{0x0af7651916cd43dd, 0x8448eb211c80319c}, {0xb7ad6b7169203331}, 1};

struct draft {
    level severity = level::info;
    std::string_view module{};
    std::string_view message = "m";
    std::vector<field> fields{};
    std::vector<field> of_logger{};
    span_context span{};
    std::string_view request_id{};
    const std::source_location* where = nullptr;
};

inline void add(rendered_fields& to, std::span<const field> more) {
    for (const auto& f : more) {
        line_buffer value;
        append_value(value, f.value);
        to.add(f.key, std::string(value.view()));
    }
}

using append_line = void (*)(line_buffer&, const line&);

inline std::string rendered(const draft& d, append_line append) {
    rendered_fields of_logger;
    add(of_logger, d.of_logger);
    std::vector<line_field> fields;
    std::deque<std::string> keys; // UTF-8, as reading a record makes them
    for (const auto& f : d.fields)
        if (fields.size() < max_fields)
            fields.push_back({keys.emplace_back(encoding::to_utf8(f.key)), f.value});
    time_text clock;
    line_buffer out;
    append(out, {.time = clock.of(from_unix_ms(1'767'225'600'123)),
                 .severity = d.severity,
                 .module = d.module,
                 .message = d.message,
                 .fields = fields,
                 .left_out = d.fields.size() - fields.size(),
                 .span = d.span,
                 .request_id = d.request_id,
                 .of_logger = of_logger,
                 .where = d.where ? source_place(*d.where) : source_place()});
    return std::string(out.view());
}

} // namespace infra::logging
