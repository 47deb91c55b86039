#include "../src/envelope.hpp"

#include <infra/base/id.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace infra::cache {
namespace {

envelope full() {
    return {.raw = true,
            .none = false,
            .rearmed = true,
            .created_ms = 1'767'225'600'000,
            .fresh_until_ms = 1'767'225'660'000,
            .dead_at_ms = never_ms,
            .tags = {{"users", 7}, {"team:1", 0xffff'ffff'ffff'ffff}}};
}

TEST(CacheEnvelope, OpensWhatItSealed) {
    for (const auto& each : {envelope{}, full(), envelope{.none = true}}) {
        const auto stored = seal(each, "\"payload\"");
        const auto read = open(stored);
        ASSERT_TRUE(read && read->cover);
        EXPECT_EQ(*read->cover, each);
        EXPECT_EQ(stored.substr(read->payload_at), "\"payload\"");
    }
}

TEST(CacheEnvelope, KeepsItsBytesForOtherReleases) {
    const auto stored =
        seal({.raw = true, .created_ms = 1, .fresh_until_ms = 2, .dead_at_ms = 3, .tags = {{"t", 4}}}, "x");
    constexpr char bytes[] = "\xC1\x01\x01"
                             "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"
                             "\x01\x01t\4\0\0\0\0\0\0\0x";
    EXPECT_EQ(stored, std::string(bytes, sizeof bytes - 1));
}

TEST(CacheEnvelope, LeavesBareValuesAsTheyAre) {
    for (const std::string_view each : {"", "{\"name\":\"John\"}", "\"\"", "null", "not JSON", "\xC3\xA9"}) {
        const auto read = open(each);
        ASSERT_TRUE(read);
        EXPECT_FALSE(read->cover);
        EXPECT_EQ(read->payload_at, 0U);
    }
}

TEST(CacheEnvelope, RefusesOneOfTheFuture) {
    auto stored = seal({}, "1");
    stored[1] = 2;
    EXPECT_FALSE(open(stored));
}

TEST(CacheEnvelope, RefusesTimesThatCannotBe) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    for (const envelope& e : {envelope{.created_ms = least, .fresh_until_ms = 1, .dead_at_ms = 2},
                              envelope{.created_ms = 2, .fresh_until_ms = 1, .dead_at_ms = 3},
                              envelope{.created_ms = 1, .fresh_until_ms = 3, .dead_at_ms = 2}})
        EXPECT_FALSE(open(seal(e, "1")));
}

TEST(CacheEnvelope, RefusesEveryCutOne) {
    const auto stored = seal(full(), "");
    for (std::size_t n = 1; n < stored.size(); ++n)
        EXPECT_FALSE(open(std::string_view(stored).substr(0, n))) << n;
    EXPECT_TRUE(open(stored));
}

TEST(CacheEnvelope, SurvivesAnyBytes) {
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = "\xC1\x01";
        for (auto n = random_u64() % 60; n > 0; --n)
            bytes.push_back(static_cast<char>(random_u64()));
        if (const auto read = open(bytes))
            EXPECT_LE(read->payload_at, bytes.size());
    }
}

} // namespace
} // namespace infra::cache
