#pragma once

// The trace that a job was added in. Of a carrier nothing else is ever shown.

#include <string>
#include <string_view>

namespace infra::queue {

/// 32 hex digits; empty where the carrier tells of no trace.
std::string trace_of(std::string_view carrier);

} // namespace infra::queue
