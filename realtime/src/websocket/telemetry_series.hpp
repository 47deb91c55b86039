#pragma once

// What the server counts. Series are bound once; without a listener each call is a branch.

#include <infra/base/telemetry.hpp>
#include <infra/realtime/channel.hpp>
#include <infra/realtime/error.hpp>

#include <string_view>

namespace infra::realtime::websocket {

const telemetry::series& connections_series();
const telemetry::series& queue_bytes_series();
const telemetry::series& writes_series();
const telemetry::series& dropped_series(overflow policy);
void count_handshake(std::string_view result) noexcept; ///< "accepted", "refused", "failed"
void count_control(std::string_view type) noexcept;     ///< "ping", "pong", "close"
void count_close(close_code code) noexcept;

} // namespace infra::realtime::websocket
