#pragma once

// Lines for tests of what is kept of the log.

#include "src/logs/log_ring.hpp"

#include <string>
#include <vector>

namespace infra::dashboard {

struct written_line {
    level severity = level::info;
    std::string module{};
    std::string message{};
    std::vector<logging::record_field> fields{};
    wall_time time = from_unix_ms(1'767'225'600'000);
    trace_id trace{};
};

inline logging::record_view view_of(const written_line& line) {
    logging::record_view out{.time = line.time,
                             .severity = line.severity,
                             .module = line.module,
                             .message = line.message,
                             .fields = line.fields};
    if (line.trace)
        out.span = {line.trace, {1}, 1};
    return out;
}

inline void write(logging::record_sink& to, const written_line& line) {
    const auto record = view_of(line);
    to.write({&record, 1});
}

} // namespace infra::dashboard
