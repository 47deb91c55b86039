#pragma once

// Log records as OTLP/JSON, with ids in hex; a module is a scope.

#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/logging/record_sink.hpp>
#include <infra/otlp.hpp>

#include <span>
#include <string>

namespace infra::otlp::detail {

/// What is kept of a record until it is sent. Its texts are UTF-8.
struct log_entry {
    wall_time time{};
    wall_time observed{};
    level severity = level::info;
    std::string module{};
    std::string message{};
    span_context span{};
    json::object attributes{};
    std::size_t left_out = 0;
};

/// Where the line was written becomes attributes by OpenTelemetry's names.
log_entry entry_of(const logging::record_view& r, wall_time observed);

/// How many bytes of texts there are in it, and some for what is around them.
std::size_t weight_of(const logging::record_view& r) noexcept;

/// An ExportLogsServiceRequest.
std::string logs_json(std::span<const log_entry> entries, const resource& of);

} // namespace infra::otlp::detail
