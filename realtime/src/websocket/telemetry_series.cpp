#include "telemetry_series.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace infra::realtime::websocket {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;
using telemetry::series;

constexpr instrument connections{
    .kind = instrument_kind::gauge, .name = "realtime_connections", .help = "WebSocket connections that are open."};
constexpr instrument handshakes{.kind = instrument_kind::counter,
                                .name = "realtime_handshakes_total",
                                .help = "WebSocket handshakes, by how they ended."};
constexpr instrument received{.kind = instrument_kind::counter,
                              .name = "realtime_control_frames_received_total",
                              .help = "Pings, pongs and closes that clients have sent."};
constexpr instrument dropped{.kind = instrument_kind::counter,
                             .name = "realtime_dropped_total",
                             .help = "Messages that a client was not given, because it read too slowly."};
constexpr instrument queue_bytes{.kind = instrument_kind::gauge,
                                 .name = "realtime_queue_bytes",
                                 .help = "Memory of what waits for clients to read, in bytes."};
constexpr instrument writes{.kind = instrument_kind::counter,
                            .name = "realtime_writes_total",
                            .help = "Writes to sockets, each of up to 64 frames."};
constexpr instrument closes{.kind = instrument_kind::counter,
                            .name = "realtime_closes_total",
                            .help = "Connections that have ended, by close code."};

} // namespace

const series& connections_series() {
    static const series one(connections);
    return one;
}

const series& queue_bytes_series() {
    static const series one(queue_bytes);
    return one;
}

const series& writes_series() {
    static const series one(writes);
    return one;
}

const series& dropped_series(overflow policy) {
    static const std::array<series, 4> all{
        series(dropped, {{"policy", "close"}}), series(dropped, {{"policy", "drop_newest"}}),
        series(dropped, {{"policy", "drop_oldest"}}), series(dropped, {{"policy", "keep_latest"}})};
    return all[static_cast<std::size_t>(policy) % all.size()];
}

void count_handshake(std::string_view result) noexcept { series(handshakes, {{"result", result}}).add(); }

void count_control(std::string_view type) noexcept {
    static const std::array<std::pair<std::string_view, series>, 3> all{
        {{"ping", series(received, {{"type", "ping"}})},
         {"pong", series(received, {{"type", "pong"}})},
         {"close", series(received, {{"type", "close"}})}}};
    for (const auto& [name, one] : all)
        if (name == type)
            return one.add();
}

// A peer may send any code: those without a name are one.
void count_close(close_code code) noexcept { series(closes, {{"code", to_string(code)}}).add(); }

} // namespace infra::realtime::websocket
