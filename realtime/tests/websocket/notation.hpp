#pragma once

// What a reader says, as texts: "text Hello", "ping ", "close 1000 bye", "violation 1002".

#include "src/websocket/frame_reader.hpp"
#include "src/websocket/frame_writer.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::websocket {

inline std::string notation(const event& e) {
    const auto code = [&] { return std::to_string(static_cast<unsigned>(e.code)); };
    switch (e.what) {
    case event::kind::text: return "text " + std::string(e.bytes);
    case event::kind::binary: return "binary " + std::string(e.bytes);
    case event::kind::empty_fragment: return "empty";
    case event::kind::ping: return "ping " + std::string(e.bytes);
    case event::kind::pong: return "pong " + std::string(e.bytes);
    case event::kind::close: return "close " + code() + " " + std::string(e.bytes);
    case event::kind::violation: return "violation " + code();
    }
    return {};
}

/// Fed in pieces, whose sizes `next_size` says.
inline std::vector<std::string> read_in_pieces(frame_reader& reader, std::string bytes,
                                               const std::function<std::size_t()>& next_size) {
    std::vector<std::string> said;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto size = std::min(std::max<std::size_t>(1, next_size()), bytes.size() - at);
        std::string piece = bytes.substr(at, size); // of its own, so that a view that is kept too long is seen
        std::span<char> received(piece);
        while (const auto e = reader.next(received))
            said.push_back(notation(*e));
        at += size;
    }
    return said;
}

inline std::vector<std::string> read_whole(frame_reader& reader, std::string bytes) {
    return read_in_pieces(reader, std::move(bytes), [] { return std::string::npos; });
}

inline std::string from_client(opcode o, std::string_view payload, frame_marks marks = {}) {
    return make_masked_frame(o, payload, {'\x37', '\xfa', '\x21', '\x3d'}, marks);
}

} // namespace infra::realtime::websocket
