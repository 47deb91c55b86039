#include "src/websocket/frame_writer.hpp"
#include "src/websocket/mask.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::realtime::websocket {
namespace {

using namespace std::string_literals;

std::string header(opcode o, std::uint64_t size, frame_marks marks = {}) {
    return std::string(frame_header(o, size, marks).bytes());
}

TEST(FrameHeader, HasTheShortestLength) {
    EXPECT_EQ(header(opcode::text, 0), "\x81\x00"s);
    EXPECT_EQ(header(opcode::text, 125), "\x81\x7D");
    EXPECT_EQ(header(opcode::text, 126), "\x81\x7E\x00\x7E"s);
    EXPECT_EQ(header(opcode::text, 65535), "\x81\x7E\xFF\xFF");
    EXPECT_EQ(header(opcode::text, 65536), "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

TEST(FrameHeader, SaysWhatItsFrameIs) {
    EXPECT_EQ(header(opcode::binary, 1), "\x82\x01");
    EXPECT_EQ(header(opcode::text, 1, {.last = false}), "\x01\x01");
    EXPECT_EQ(header(opcode::continuation, 1, {.last = false}), "\x00\x01"s);
    EXPECT_EQ(header(opcode::text, 1, {.deflated = true}), "\xC1\x01");
    EXPECT_EQ(header(opcode::ping, 0), "\x89\x00"s);
    EXPECT_EQ(header(opcode::pong, 0), "\x8A\x00"s);
}

TEST(FrameWriter, WritesTheExamplesOfTheRfc) { // RFC 6455, 5.7
    EXPECT_EQ(make_frame(opcode::text, "Hello"), "\x81\x05Hello");
    EXPECT_EQ(make_masked_frame(opcode::text, "Hello", {'\x37', '\xfa', '\x21', '\x3d'}),
              "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    EXPECT_EQ(make_frame(opcode::ping, "Hello"), "\x89\x05Hello");
}

TEST(FrameWriter, WritesCodeAndReasonOfAClose) {
    EXPECT_EQ(make_close_frame(close_code::normal, "bye"), "\x88\x05\x03\xE8"
                                                           "bye");
    EXPECT_EQ(make_close_frame(close_code::no_status, "bye"), "\x88\x00"s);
    EXPECT_EQ(make_close_frame(close_code::shutdown), "\x88\x02\x0F\xA0");
}

TEST(FrameWriter, CutsAReasonBetweenCodePoints) {
    std::string reason(122, 'x');
    reason += "\xC3\xA4";
    EXPECT_EQ(make_close_frame(close_code::normal, reason), "\x88\x7C\x03\xE8"s + std::string(122, 'x'));
    EXPECT_EQ(make_close_frame(close_code::normal, std::string(200, 'y')), "\x88\x7D\x03\xE8"s + std::string(123, 'y'));
}

TEST(Mask, IsTheSameInOnePieceAndInAny) {
    const std::array<char, 4> key{'\x12', '\x34', '\x56', '\x78'};
    std::string plain;
    for (int i = 0; i < 100; ++i)
        plain += static_cast<char>(i * 7);
    std::string expected = plain;
    for (std::size_t i = 0; i < expected.size(); ++i)
        expected[i] = static_cast<char>(expected[i] ^ key[i % 4]);
    for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
        auto masked = plain;
        unmask(std::span(masked).first(cut), key, 0);
        unmask(std::span(masked).subspan(cut), key, cut);
        EXPECT_EQ(masked, expected) << cut;
    }
}

} // namespace
} // namespace infra::realtime::websocket
