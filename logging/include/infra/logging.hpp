#pragma once

/// Structured logs: one JSON object a line, or readable lines on a terminal.
///
///     infra::log::info("server started", {{"port", 3000}});
///     // {"timestamp":"2026-01-01T12:34:56.789Z","level":"info","message":"server started","port":3000}
///
///     infra::logging::logger auth({.module = "auth"});
///     auto request_log = auth.child({{"request_id", id}});
///     request_log.warn("wrong password", {{"attempts", attempts}});
///
/// Levels come from LOG_LEVEL (`info`, or `info,db=debug`). Lines written under a span carry its trace_id and span_id by
/// themselves. Output is always valid JSON in UTF-8, whatever the fields hold, and a log call never throws.

#include <infra/logging/journald_sink.hpp>
#include <infra/logging/levels.hpp>
#include <infra/logging/logger.hpp>
#include <infra/logging/pipeline.hpp>
#include <infra/logging/record_sink.hpp>
#include <infra/logging/sink.hpp>

namespace infra::logging {

inline void debug(std::string_view message, const fields& f = {},
                  std::source_location where = std::source_location::current()) noexcept {
    default_logger().debug(message, f, where);
}
inline void info(std::string_view message, const fields& f = {},
                 std::source_location where = std::source_location::current()) noexcept {
    default_logger().info(message, f, where);
}
inline void warn(std::string_view message, const fields& f = {},
                 std::source_location where = std::source_location::current()) noexcept {
    default_logger().warn(message, f, where);
}
inline void error(std::string_view message, const fields& f = {},
                  std::source_location where = std::source_location::current()) noexcept {
    default_logger().error(message, f, where);
}

} // namespace infra::logging

namespace infra {
/// `infra::log::info(…)`. At global scope `namespace log = infra::logging;` does not compile, since <cmath> puts the
/// function `::log` there; inside a namespace or a function it does.
namespace log = logging;
} // namespace infra
