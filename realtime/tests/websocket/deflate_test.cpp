#include "src/websocket/deflate.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace infra::realtime::websocket {
namespace {

using namespace std::string_literals;

constexpr inflation_limits roomy{.max_bytes = 16 * 1024 * 1024, .max_ratio = 2'000};

std::string inflated(std::string_view bytes) {
    std::string text;
    EXPECT_EQ(inflate_message(bytes, roomy, text), inflation::done);
    return text;
}

inflation verdict(std::string_view bytes, inflation_limits limits = roomy) {
    std::string text;
    return inflate_message(bytes, limits, text);
}

std::string random_bytes(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string bytes(size, '\0');
    for (auto& b : bytes)
        b = static_cast<char>(random());
    return bytes;
}

TEST(Deflate, ComesBackAsItWas) {
    for (const std::size_t size : {0u, 1u, 2u, 125u, 126u, 1000u, 32u * 1024, 64u * 1024, 100'000u, 1u << 20}) {
        EXPECT_EQ(inflated(deflate_message(std::string(size, 'a'))), std::string(size, 'a')) << size;
        const auto noise = random_bytes(size, 7);
        EXPECT_EQ(inflated(deflate_message(noise)), noise) << size;
        EXPECT_LE(deflate_message(noise).size(), longest_deflated(size)) << size;
    }
}

TEST(Deflate, NeverDependsOnWhatWasCompressedBefore) {
    const auto alone = deflate_message("the same text, the same text");
    deflate_message(random_bytes(5000, 1));
    EXPECT_EQ(deflate_message("the same text, the same text"), alone);
}

TEST(Deflate, MakesAFrameOnlyWhereItIsShorter) {
    const std::string text(300, 'a');
    const auto frame = make_deflated_frame(text);
    EXPECT_EQ(frame.substr(0, 2), "\xC1" + std::string(1, static_cast<char>(frame.size() - 2)));
    EXPECT_EQ(inflated(frame.substr(2)), text);
    EXPECT_EQ(make_deflated_frame("short"), "");
}

TEST(Inflate, ReadsTheExamplesOfTheRfc) { // RFC 7692, 7.2.3
    EXPECT_EQ(inflated("\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
    EXPECT_EQ(inflated("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s), "Hello");         // stored
    EXPECT_EQ(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "Hello");                     // a block that is the last
    EXPECT_EQ(inflated("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s), "Hello"); // two blocks
    EXPECT_EQ(inflated("\x00"s), "");
}

TEST(Inflate, NeedsNoFlushAfterALastBlock) { EXPECT_EQ(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00"s), "Hello"); }

TEST(Inflate, RefusesWhatIsNotDeflate) {
    EXPECT_EQ(verdict("\xff\xff\xff"), inflation::malformed);
    EXPECT_EQ(verdict("\x07"), inflation::malformed);
    EXPECT_EQ(verdict("\xf2\x48\xcd\xc9"), inflation::malformed); // ends within a block
    EXPECT_EQ(verdict("\x00\x09\x00\xf6\xff\x48"s), inflation::malformed);
}

TEST(Inflate, StopsAtTheLimitOfBytes) {
    const auto bytes = deflate_message(std::string(10'000, 'a'));
    EXPECT_EQ(verdict(bytes, {.max_bytes = 10'000}), inflation::done);
    EXPECT_EQ(verdict(bytes, {.max_bytes = 9'999}), inflation::too_big);
}

TEST(Inflate, StopsABombEarlyByItsRatio) {
    const auto bomb = deflate_message(std::string(8 << 20, '\0'));
    ASSERT_LT(bomb.size(), 16'000u);
    std::string text;
    EXPECT_EQ(inflate_message(bomb, {.max_bytes = 16 << 20, .max_ratio = 10}, text), inflation::too_big);
    EXPECT_LE(text.capacity(), 4 * std::max<std::size_t>(bomb.size() * 10, 64 * 1024));
    const auto small = deflate_message(std::string(64 * 1024, 'a')); // 64 KiB are never a bomb
    EXPECT_EQ(verdict(small, {.max_bytes = 16 << 20, .max_ratio = 10}), inflation::done);
    const auto larger = deflate_message(std::string(64 * 1024 + 1, 'a'));
    EXPECT_EQ(verdict(larger, {.max_bytes = 16 << 20, .max_ratio = 10}), inflation::too_big);
}

TEST(Inflate, WorksAgainAfterItHasRefused) {
    EXPECT_EQ(verdict("\xff\xff\xff"), inflation::malformed);
    EXPECT_EQ(inflated("\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
}

} // namespace
} // namespace infra::realtime::websocket
