#include "src/websocket/deflate.hpp"
#include "src/websocket/frame_reader.hpp"
#include "tests/websocket/notation.hpp"

#include <gtest/gtest.h>

#include <random>

namespace infra::realtime::websocket {
namespace {

using namespace std::string_literals;
using lines = std::vector<std::string>;

constexpr reader_limits small{.max_message_bytes = 1000};
constexpr frame_marks more{.last = false};

lines said_of(const std::string& bytes, reader_terms terms = {}, const reader_limits& limits = small) {
    frame_reader whole(limits, terms);
    const auto said = read_whole(whole, bytes);
    for (const std::size_t size : {1u, 2u, 3u, 7u}) {
        frame_reader cut(limits, terms);
        EXPECT_EQ(read_in_pieces(cut, bytes, [&] { return size; }), said) << "in pieces of " << size;
    }
    return said;
}

std::string text(std::string_view payload, frame_marks marks = {}) { return from_client(opcode::text, payload, marks); }
std::string continuation(std::string_view payload, frame_marks marks = {}) {
    return from_client(opcode::continuation, payload, marks);
}

TEST(FrameReader, ReadsMessages) {
    EXPECT_EQ(said_of(text("Hello")), lines{"text Hello"});
    EXPECT_EQ(said_of(text("")), lines{"text "});
    EXPECT_EQ(said_of(from_client(opcode::binary, "\x00\xFF"s)), lines{"binary \x00\xFF"s});
    EXPECT_EQ(said_of(text("one") + text("two")), (lines{"text one", "text two"}));
    for (const std::size_t size : {125u, 126u, 127u, 1000u})
        EXPECT_EQ(said_of(text(std::string(size, 'x'))), lines{"text " + std::string(size, 'x')});
}

TEST(FrameReader, PutsFragmentsTogetherAndLetsControlFramesBetween) {
    EXPECT_EQ(
        said_of(text("Hel", more) + from_client(opcode::ping, "now") + continuation("", more) + continuation("lo")),
        (lines{"ping now", "empty", "text Hello"}));
    EXPECT_EQ(said_of(from_client(opcode::binary, "a", more) + continuation("b") + text("c")),
              (lines{"binary ab", "text c"}));
    EXPECT_EQ(said_of(text("a", more) + from_client(opcode::pong, std::string(125, 'p')) + continuation("b")),
              (lines{"pong " + std::string(125, 'p'), "text ab"}));
}

TEST(FrameReader, TellsOfFragmentsThatBringNothing) {
    EXPECT_EQ(said_of(text("", more) + continuation("", more) + continuation("a", more) + continuation("")),
              (lines{"empty", "empty", "text a"}));
    EXPECT_EQ(said_of(text("", more) + continuation("")), (lines{"empty", "text "}));
}

TEST(FrameReader, HandsOutAWholeMessageWithoutCopyingIt) {
    frame_reader reader(small);
    auto bytes = text("Hello") + text("again");
    std::span<char> received(bytes);
    const auto first = reader.next(received);
    EXPECT_GE(first->bytes.data(), bytes.data());
    EXPECT_LT(first->bytes.data(), bytes.data() + bytes.size());
    EXPECT_TRUE(reader.is_idle());
}

TEST(FrameReader, KeepsNothingBetweenMessages) {
    frame_reader reader(small, {.deflate = true});
    const auto wire = text("Hel", more) + continuation("lo") +
                      from_client(opcode::text, deflate_message("x"), {.deflated = true}) +
                      from_client(opcode::ping, "p");
    for (const char c : wire) {
        char byte = c;
        std::span<char> received(&byte, 1);
        while (reader.next(received)) {
        }
    }
    EXPECT_TRUE(reader.is_idle());
}

TEST(FrameReader, RefusesWhatBreaksTheRules) {
    const lines protocol_error{"violation 1002"};
    const struct {
        const char* what;
        std::string bytes;
    } cases[] = {
        {"not masked", make_frame(opcode::text, "x")},
        {"RSV1 without permessage-deflate", text("x", {.deflated = true})},
        {"RSV2", "\xA1\x80"},
        {"RSV3", "\x91\x80"},
        {"opcode 3", "\x83\x80"},
        {"opcode 7", "\x87\x80"},
        {"opcode 11", "\x8B\x80"},
        {"opcode 15", "\x8F\x80"},
        {"fragmented ping", from_client(opcode::ping, "", more)},
        {"long ping", from_client(opcode::ping, std::string(126, 'x'))},
        {"long close", from_client(opcode::close, "\x03\xE8" + std::string(124, 'x'))},
        {"continuation of nothing", continuation("x")},
        {"text within text", text("x", more) + text("y")},
        {"length of 2^63", "\x81\xFF\x80\x00\x00\x00\x00\x00\x00\x00mask"s},
        {"length of 2^64 - 1", "\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFmask"s},
        {"125 in two bytes", "\x81\xFE\x00\x7Dmask"s},
        {"65535 in eight bytes", "\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFFmask"s},
        {"half a close code", from_client(opcode::close, "\x03")},
        {"close code 1005", from_client(opcode::close, "\x03\xED")},
        {"close code 999", from_client(opcode::close, "\x03\xE7")},
        {"close code 5000", from_client(opcode::close, "\x13\x88")},
    };
    for (const auto& c : cases)
        EXPECT_EQ(said_of(c.bytes), protocol_error) << c.what;
}

TEST(FrameReader, RefusesWhatIsMaskedFromAServer) {
    EXPECT_EQ(said_of(make_frame(opcode::text, "x"), {.from_client = false}), lines{"text x"});
    EXPECT_EQ(said_of(text("x"), {.from_client = false}), lines{"violation 1002"});
}

TEST(FrameReader, ReadsCloses) {
    EXPECT_EQ(said_of(from_client(opcode::close, "")), lines{"close 1005 "});
    EXPECT_EQ(said_of(from_client(opcode::close, "\x03\xE8")), lines{"close 1000 "});
    EXPECT_EQ(said_of(from_client(opcode::close, "\x0F\xA0"
                                                 "bye")),
              lines{"close 4000 bye"});
    EXPECT_EQ(said_of(from_client(opcode::close, "\x03\xE8" + std::string(123, 'x'))),
              lines{"close 1000 " + std::string(123, 'x')});
    EXPECT_EQ(said_of(from_client(opcode::close, "\x03\xE8\xFF")), lines{"violation 1007"});
}

TEST(FrameReader, ReadsNothingAfterTheEnd) {
    EXPECT_EQ(said_of(from_client(opcode::close, "") + text("x")), lines{"close 1005 "});
    EXPECT_EQ(said_of("\x8F\x80" + text("x")), lines{"violation 1002"});
}

TEST(FrameReader, SeesWhatIsTooBigInTheHeader) {
    EXPECT_EQ(said_of(std::string(frame_header(opcode::text, 1001).bytes()).replace(1, 1, "\xFE") + "mask"),
              lines{"violation 1009"});
    const std::string large = "\x81\xFF\x00\x00\x00\x00\x40\x00\x00\x00mask"s;
    EXPECT_EQ(said_of(large), lines{"violation 1009"});
    EXPECT_EQ(said_of(text(std::string(999, 'x'), more) + continuation("y", more) + continuation("z")),
              lines{"violation 1009"});
    EXPECT_EQ(said_of(text(std::string(999, 'x'), more) + continuation("y", more) + continuation("")),
              lines{"text " + std::string(999, 'x') + "y"});
}

TEST(FrameReader, FailsATextAtItsFirstWrongByte) {
    const auto cut = text("Hello \xED\xA0"s + std::string(500, 'x'));
    frame_reader reader(small);
    EXPECT_EQ(read_whole(reader, cut.substr(0, 8 + 6)), lines{});
    EXPECT_EQ(read_whole(reader, cut.substr(8 + 6, 2)), lines{"violation 1007"});
    EXPECT_EQ(said_of(text("\xF0\x9F", more) + continuation("\x98\x80")), lines{"text \xF0\x9F\x98\x80"});
    EXPECT_EQ(said_of(text("\xF0\x9F", more) + continuation("x", more)), lines{"violation 1007"});
    EXPECT_EQ(said_of(text("\xF0\x9F", more) + continuation("")), lines{"violation 1007"});
    EXPECT_EQ(said_of(text("\xF0\x9F")), lines{"violation 1007"});
    EXPECT_EQ(said_of(from_client(opcode::binary, "\xFF")), lines{"binary \xFF"});
}

std::string deflated(std::string_view payload, bool last = true) {
    return from_client(opcode::text, payload, {.last = last, .deflated = true});
}

TEST(FrameReader, InflatesMessages) {
    const reader_terms terms{.deflate = true};
    const auto hello = deflate_message("Hello");
    EXPECT_EQ(said_of(deflated(hello) + text("plain"), terms), (lines{"text Hello", "text plain"}));
    EXPECT_EQ(
        said_of(deflated(hello.substr(0, 3), false) + from_client(opcode::ping, "") + continuation(hello.substr(3)),
                terms),
        (lines{"ping ", "text Hello"}));
    EXPECT_EQ(said_of(deflated(deflate_message("")), terms), lines{"text "});
}

TEST(FrameReader, RefusesCompressionWhereItMayNotBe) {
    const reader_terms terms{.deflate = true};
    const lines protocol_error{"violation 1002"};
    const auto hello = deflate_message("Hello");
    EXPECT_EQ(said_of(from_client(opcode::ping, hello, {.deflated = true}), terms), protocol_error);
    EXPECT_EQ(said_of(deflated(hello.substr(0, 3), false) + continuation(hello.substr(3), {.deflated = true}), terms),
              protocol_error);
}

TEST(FrameReader, HoldsInflatedMessagesToTheSameRules) {
    const reader_terms terms{.deflate = true};
    EXPECT_EQ(said_of(deflated(deflate_message("\xFF")), terms), lines{"violation 1007"});
    EXPECT_EQ(said_of(deflated("\xFF\xFF"), terms), lines{"violation 1007"});
    EXPECT_EQ(said_of(deflated(deflate_message(std::string(1001, 'a'))), terms), lines{"violation 1009"});
    EXPECT_EQ(said_of(deflated(deflate_message(std::string(1000, 'a'))), terms),
              lines{"text " + std::string(1000, 'a')});
}

// What a client might say, as what should be heard of it: messages in fragments, compressed or not, with control frames between.
struct conversation {
    explicit conversation(unsigned seed) : random(seed) {}

    std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random); }
    std::string letters(std::size_t longest) {
        static constexpr std::string_view alphabet[] = {"a", "b", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", " "};
        std::string made;
        for (auto left = below(longest + 1); left >= 4; left -= 4)
            made += alphabet[below(std::size(alphabet))];
        return made;
    }

    void say_control() {
        const auto ping = below(2) == 0;
        const auto payload = letters(max_control_payload);
        wire += make_masked_frame(ping ? opcode::ping : opcode::pong, payload, key());
        heard.push_back((ping ? "ping " : "pong ") + payload);
    }

    void say_message() {
        const bool is_text = below(2) == 0;
        const bool is_deflated = below(3) == 0;
        const auto whole = letters(below(10) == 0 ? 70'000 : 300);
        const auto sent = is_deflated ? deflate_message(whole) : whole;
        const auto fragments = 1 + (below(2) == 0 ? below(5) : 0);
        for (std::size_t i = 0, at = 0; i < fragments; ++i) {
            const bool is_last = i + 1 == fragments;
            const auto size = is_last ? sent.size() - at : below(sent.size() - at + 1);
            const auto what = i > 0 ? opcode::continuation : is_text ? opcode::text : opcode::binary;
            wire += make_masked_frame(what, std::string_view(sent).substr(at, size), key(),
                                      {.last = is_last, .deflated = is_deflated && i == 0});
            at += size;
            if (!is_last && size == 0)
                heard.push_back("empty");
            if (!is_last && below(4) == 0)
                say_control();
        }
        heard.push_back((is_text ? "text " : "binary ") + whole);
    }

    std::array<char, 4> key() {
        const auto bits = random();
        return {static_cast<char>(bits), static_cast<char>(bits >> 8), static_cast<char>(bits >> 16),
                static_cast<char>(bits >> 24)};
    }

    std::mt19937 random;
    std::string wire;
    lines heard;
};

TEST(FrameReader, HearsWhatWasSaidHoweverItIsCut) {
    constexpr reader_limits limits{.max_message_bytes = 80'000, .max_inflation = 2'000};
    for (unsigned seed = 0; seed < 300; ++seed) {
        conversation talk(seed);
        for (int i = 0; i < 8; ++i)
            talk.below(5) == 0 ? talk.say_control() : talk.say_message();
        frame_reader reader(limits, {.deflate = true});
        const std::size_t largest = seed % 3 == 0 ? 5 : seed % 3 == 1 ? 500 : 100'000;
        ASSERT_EQ(read_in_pieces(reader, talk.wire, [&] { return talk.below(largest); }), talk.heard)
            << "seed " << seed;
        EXPECT_TRUE(reader.is_idle()) << "seed " << seed;
    }
}

} // namespace
} // namespace infra::realtime::websocket
