#include "frame_writer.hpp"

#include "mask.hpp"

namespace infra::realtime::websocket {
namespace {

std::string_view cut_between_code_points(std::string_view text, std::size_t longest) noexcept {
    if (text.size() <= longest)
        return text;
    while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0) == 0x80)
        --longest;
    return text.substr(0, longest);
}

} // namespace

frame_header::frame_header(opcode o, std::uint64_t payload_size, frame_marks marks) noexcept {
    bytes_[0] = static_cast<char>(static_cast<unsigned>(o) | (marks.last ? 0x80U : 0U) | (marks.deflated ? 0x40U : 0U));
    const auto in_big_endian = [&](unsigned width) {
        for (unsigned i = 0; i < width; ++i)
            bytes_[2 + i] = static_cast<char>(payload_size >> (8 * (width - 1 - i)));
        size_ = static_cast<std::uint8_t>(2 + width);
    };
    if (payload_size < 126) {
        bytes_[1] = static_cast<char>(payload_size);
    } else if (payload_size < 65536) {
        bytes_[1] = 126;
        in_big_endian(2);
    } else {
        bytes_[1] = 127;
        in_big_endian(8);
    }
}

std::string make_frame(opcode o, std::string_view payload, frame_marks marks) {
    const frame_header header(o, payload.size(), marks);
    std::string made;
    made.reserve(header.bytes().size() + payload.size());
    return made.append(header.bytes()).append(payload);
}

std::string make_close_frame(close_code code, std::string_view reason) {
    const auto number = static_cast<std::uint16_t>(code);
    if (!is_sendable(number))
        return make_frame(opcode::close, {});
    std::string body{static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
    body += cut_between_code_points(reason, max_control_payload - body.size());
    return make_frame(opcode::close, body);
}

std::string make_masked_frame(opcode o, std::string_view payload, std::array<char, 4> key, frame_marks marks) {
    std::string made(frame_header(o, payload.size(), marks).bytes());
    made[1] = static_cast<char>(made[1] | '\x80');
    made.append(key.data(), key.size());
    const auto begin = made.size();
    made += payload;
    unmask({made.data() + begin, payload.size()}, key, 0);
    return made;
}

} // namespace infra::realtime::websocket
