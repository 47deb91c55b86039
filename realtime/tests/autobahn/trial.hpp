#pragma once

// The cases of the Autobahn test suite, one by one, as what a client sends and what it must get from a server that echoes. Numbers and
// meaning are the suite's; what it says of sizes is kept up to 16 MiB, and fewer messages make a case.

#include "tests/websocket/notation.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::websocket::autobahn {

/// Sizes of chops.
constexpr std::size_t one_go = std::string::npos;
constexpr std::size_t octets = 1;
constexpr std::size_t frames = 0; ///< each frame in one

/// What is sent, and how; then `heard` lines in all are awaited.
struct step {
    std::string bytes{};
    std::size_t chop = one_go;
    std::size_t heard = 0;
};
std::vector<std::string_view> chops_of(const step& s);

struct script {
    std::vector<step> steps{};
    std::vector<std::string> heard{}; ///< what the client must get, before the end
    std::vector<unsigned> ends{};     ///< with one of these codes
};

struct trial {
    std::string id{};
    std::string what{};
    std::function<script()> play{};
    std::string offer{}; ///< Sec-WebSocket-Extensions
    bool informational = false;
    std::string wanted{}; ///< for the table, where the script is too large to be looked at
};

using trials = std::vector<trial>;

void add_framing(trials& to);     ///< 1 to 5
void add_utf8(trials& to);        ///< 6
void add_closes(trials& to);      ///< 7
void add_limits(trials& to);      ///< 9 and 10
void add_compression(trials& to); ///< 12 and 13

/// A line of notation() with what is long cut short, so that failures can be read.
std::string shortened(std::string line);

/// Bytes repeated up to a size.
std::string repeated(std::string_view bytes, std::size_t size);

/// As from_client, with reserved bits and opcodes that there are not.
std::string raw_frame(unsigned first, std::string_view payload);

inline std::string close_of(unsigned code, std::string_view reason = {}) {
    std::string body{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    return from_client(opcode::close, body.append(reason));
}

/// Sent, awaited, and closed by the client with 1000.
script answered(std::string bytes, std::vector<std::string> heard, std::size_t chop = one_go);
/// The server ends it, after it has said what it had to.
script refused(std::string bytes, unsigned code, std::vector<std::string> heard = {}, std::size_t chop = one_go);

} // namespace infra::realtime::websocket::autobahn
