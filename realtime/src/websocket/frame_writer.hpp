#pragma once

// Frames as RFC 6455 (5.2) writes them. A server's are not masked, so that their header is all there is to write; the masked ones are for the
// clients of tests and benchmarks.

#include <infra/realtime/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace infra::realtime::websocket {

enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

constexpr bool is_control(opcode o) noexcept { return static_cast<std::uint8_t>(o) & 8; }

constexpr std::size_t max_control_payload = 125;

/// What a frame says of itself besides its opcode and its length.
struct frame_marks {
    bool last = true;      ///< FIN
    bool deflated = false; ///< RSV1 of permessage-deflate
};

/// 2, 4 or 10 bytes that go before the payload.
class frame_header {
public:
    frame_header(opcode o, std::uint64_t payload_size, frame_marks marks = {}) noexcept;
    std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, 10> bytes_{};
    std::uint8_t size_ = 2;
};

/// Header and payload in one piece.
std::string make_frame(opcode o, std::string_view payload, frame_marks marks = {});

/// Of a code that may not be sent (no_status) the body is empty. A reason that is too long is cut between two code points.
std::string make_close_frame(close_code code, std::string_view reason = {});

/// As clients write them.
std::string make_masked_frame(opcode o, std::string_view payload, std::array<char, 4> key, frame_marks marks = {});

} // namespace infra::realtime::websocket
