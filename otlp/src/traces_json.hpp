#pragma once

// Spans that wait to become OTLP/JSON.

#include <infra/otlp.hpp>

#include <span>

namespace infra::otlp::detail {

using batch = std::vector<std::shared_ptr<const monitoring::span_record>>;

} // namespace infra::otlp::detail
