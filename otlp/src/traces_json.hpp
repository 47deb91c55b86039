#pragma once

// Spans as OTLP/JSON, with ids in hex.

#include <infra/otlp.hpp>

#include <span>

namespace infra::otlp::detail {

using batch = std::vector<std::shared_ptr<const monitoring::span_record>>;

/// An ExportTraceServiceRequest.
std::string traces_json(std::span<const std::shared_ptr<const monitoring::span_record>> spans, const resource& of);

} // namespace infra::otlp::detail
