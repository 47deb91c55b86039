#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::realtime::websocket {

/// What was agreed on with one client.
struct deflate_terms {
    /// How far back the client can look, as a power of two: 8 to 15; empty where it has not said it. A message that is no longer than that cannot
    /// look further, so that all clients share one compression of it, and longer ones go to this client as they are.
    std::optional<unsigned> server_max_window_bits{};

    bool allow(std::size_t message_bytes) const noexcept {
        const auto bits = server_max_window_bits.value_or(15);
        return bits == 15 || message_bytes <= std::size_t(1) << bits;
    }
    /// The value of the answer's Sec-WebSocket-Extensions.
    std::string to_text() const;
};

/// Takes the first offer of permessage-deflate that can be kept (RFC 7692, 7.1) from the client's Sec-WebSocket-Extensions: several such
/// headers joined by commas. Neither side takes its context over. Nothing: the connection goes without compression, as it does when
/// the header is not of the form of RFC 6455, 9.1.
std::optional<deflate_terms> accept_deflate(std::string_view offers);

} // namespace infra::realtime::websocket
