#pragma once

#include <cstdint>
#include <string_view>

namespace infra::http {

/// How far a request has come; for the sentence about its end.
enum class phase : std::uint8_t { queued, resolving, connecting, handshaking, sending, waiting, receiving };

constexpr std::string_view to_string(phase p) noexcept {
    constexpr std::string_view words[] = {
        "waiting for a free connection", "resolving the name",  "connecting",
        "shaking hands over TLS",        "sending the request", "waiting for the response",
        "receiving the response",
    };
    return words[static_cast<std::size_t>(p)];
}

} // namespace infra::http
