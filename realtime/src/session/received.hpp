#pragma once

#include <string_view>

namespace infra::realtime::detail {

/// realtime_messages_received_total{type}: those of the protocol by name, all of the application's as "other".
void count_received(std::string_view type);
/// realtime_errors_total{code}: what clients were told; a handler's own codes as "other".
void count_error(std::string_view code);

} // namespace infra::realtime::detail
