#include "src/ring.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace infra::logging::detail {
namespace {

/// A record of `size` bytes, all of the same value but the size at the front.
bool put(ring& r, std::uint32_t size, char value) {
    char* to = r.reserve(size);
    if (!to)
        return false;
    std::memcpy(to, &size, sizeof size);
    std::memset(to + sizeof size, value, size - sizeof size);
    r.commit();
    return true;
}

/// The values of the records that are there, all of which are released.
std::string take(ring& r) {
    std::string values;
    auto at = r.begin();
    for (const auto end = r.end(); const char* record = r.next(at, end);) {
        const auto size = ring::size_of(record);
        values += record[sizeof size];
        EXPECT_EQ(record[size - 1], record[sizeof size]);
        at += size;
    }
    r.release(at);
    return values;
}

TEST(LogRing, GivesBackWhatWasPutInOrder) {
    ring r(256);
    EXPECT_TRUE(put(r, 16, 'a'));
    EXPECT_TRUE(put(r, 64, 'b'));
    EXPECT_EQ(take(r), "ab");
    EXPECT_EQ(take(r), "");
}

TEST(LogRing, KeepsWhatWasReadUntilItIsReleased) {
    ring r(256);
    put(r, 16, 'a');
    auto at = r.begin();
    ASSERT_NE(r.next(at, r.end()), nullptr);
    EXPECT_EQ(take(r), "a");
}

TEST(LogRing, RefusesWhatFindsNoRoom) {
    ring r(256);
    EXPECT_TRUE(put(r, 128, 'a'));
    EXPECT_TRUE(put(r, 128, 'b'));
    EXPECT_FALSE(put(r, 8, 'c'));
    EXPECT_EQ(r.used(), 256U);
    EXPECT_EQ(take(r), "ab");
    EXPECT_TRUE(put(r, 8, 'c'));
    EXPECT_EQ(take(r), "c");
}

TEST(LogRing, TakesItsLongestRecordWheneverItIsEmpty) {
    ring r(256);
    for (std::uint32_t first = 8; first <= 128; first += 8) {
        EXPECT_TRUE(put(r, first, 'a'));
        EXPECT_EQ(take(r), "a");
        EXPECT_TRUE(put(r, static_cast<std::uint32_t>(r.longest_record()), 'b')) << first;
        EXPECT_EQ(take(r), "b");
    }
}

TEST(LogRing, LosesNothingBetweenTwoThreads) {
    constexpr int records = 20'000;
    ring r(8192);
    std::jthread writer([&r] {
        std::minstd_rand random(1);
        for (int i = 0; i < records; ++i)
            while (!put(r, static_cast<std::uint32_t>(8 + random() % 32 * 8), static_cast<char>('a' + i % 26)))
                std::this_thread::yield();
    });
    int count = 0;
    for (; count < records; std::this_thread::yield())
        for (const char value : take(r))
            EXPECT_EQ(value, static_cast<char>('a' + count++ % 26));
}

} // namespace
} // namespace infra::logging::detail
