#include "utf8_check.hpp"

#include <cstring>

namespace infra::realtime::websocket {
namespace {

const char* skip_ascii(const char* at, const char* end) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    for (std::uint64_t words[4]; end - at >= std::ptrdiff_t(sizeof words); at += sizeof words) {
        std::memcpy(words, at, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) & high_bits)
            break;
    }
    while (at != end && static_cast<signed char>(*at) >= 0)
        ++at;
    return at;
}

} // namespace

bool utf8_check::feed(std::string_view piece) noexcept {
    const char* at = piece.data();
    const char* const end = at + piece.size();
    for (;;) {
        if (missing_ == 0)
            at = skip_ascii(at, end);
        if (at == end)
            return true;
        const auto byte = static_cast<unsigned char>(*at++);
        if (missing_ == 0) {
            if (!begin(byte))
                return false;
        } else {
            if (byte < low_ || byte > high_)
                return false;
            --missing_;
            low_ = 0x80;
            high_ = 0xBF;
        }
    }
}

// The first byte says how many follow, and where the second must lie for the form to be the shortest, no surrogate and no more than U+10FFFF.
bool utf8_check::begin(unsigned char byte) noexcept {
    if (byte < 0xC2 || byte > 0xF4)
        return false;
    missing_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    if (byte == 0xE0)
        low_ = 0xA0;
    else if (byte == 0xED)
        high_ = 0x9F;
    else if (byte == 0xF0)
        low_ = 0x90;
    else if (byte == 0xF4)
        high_ = 0x8F;
    return true;
}

} // namespace infra::realtime::websocket
