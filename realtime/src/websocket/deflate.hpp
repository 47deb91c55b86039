#pragma once

// permessage-deflate (RFC 7692) without context takeover: each message stands for itself, so that one compression serves all who get it, and no
// connection keeps a window. zlib's states are kept for each thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace infra::realtime::websocket {

/// What one message may become. Both bounds hold, but 64 KiB are never too much for the second.
struct inflation_limits {
    std::size_t max_bytes = 64 * 1024;
    double max_ratio = 10; ///< over what came
};

enum class inflation : std::uint8_t { done, malformed, too_big };

/// The payload of a message with RSV1, all fragments together. `into` holds part of it when it is not done.
inflation inflate_message(std::string_view deflated, inflation_limits limits, std::string& into);

/// The payload for a frame with RSV1. Its references reach back no further than the text is long.
std::string deflate_message(std::string_view text);

/// A text as a compressed frame; empty where that is no shorter.
std::string make_deflated_frame(std::string_view text);

/// Bytes that a message of `size` bytes may need compressed, by a compressor that is not out for harm.
constexpr std::size_t longest_deflated(std::size_t size) noexcept { return size + size / 256 + 64; }

} // namespace infra::realtime::websocket
