#pragma once

// Spans as OTLP/JSON: lowerCamelCase, ids in hex, 64-bit integers as text.

#include <infra/otlp.hpp>

#include <span>

namespace infra::otlp::detail {

using batch = std::vector<std::shared_ptr<const monitoring::span_record>>;

/// An ExportTraceServiceRequest.
std::string traces_json(std::span<const std::shared_ptr<const monitoring::span_record>> spans, const resource& of);

/// The spans of an ExportTraceServiceResponse that the collector did not take; 0 for anything that says no such thing.
std::uint64_t rejected_spans(std::string_view response);

} // namespace infra::otlp::detail
