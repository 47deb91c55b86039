#pragma once

#include <cstdint>
#include <string_view>

namespace infra::realtime::websocket {

/// Whether what comes in pieces, cut anywhere, is UTF-8 (RFC 3629: shortest forms, no surrogates, up to U+10FFFF). Knows it at the first byte that
/// cannot be.
///
///     utf8_check check;
///     check.feed(first) && check.feed(second) && check.is_complete()
class utf8_check {
public:
    /// False once the text cannot become UTF-8 any more.
    bool feed(std::string_view piece) noexcept;
    /// False within a code point.
    bool is_complete() const noexcept { return missing_ == 0; }

private:
    bool begin(unsigned char byte) noexcept;

    std::uint8_t missing_ = 0; ///< bytes of the code point that are to come
    std::uint8_t low_ = 0x80;  ///< of the next one
    std::uint8_t high_ = 0xBF;
};

} // namespace infra::realtime::websocket
