#include <infra/base/id.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using infra::detail::next_uuid_tick;

TEST(UuidV7, FollowsTheVectorOfRfc9562) {
    EXPECT_EQ(infra::uuid_v7_from(0x017F22E279B0, 0xCC3, 0x18C4DC0C0C07398F), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(UuidV7, KeepsVersionAndVariantWhateverTheBits) {
    EXPECT_EQ(infra::uuid_v7_from(0, 0, 0), "00000000-0000-7000-8000-000000000000");
    EXPECT_EQ(infra::uuid_v7_from(~0ULL, 0xffff, ~0ULL), "ffffffff-ffff-7fff-bfff-ffffffffffff");
}

TEST(UuidV7, CountsWithinAMillisecondAndBorrowsFromTheNextWhenFull) {
    EXPECT_EQ(next_uuid_tick(0, 5, 0x123), (5ULL << 12) + 0x123) << "a new millisecond starts at the seed";
    EXPECT_EQ(next_uuid_tick(0, 5, 0xfff), (5ULL << 12) + 0x7ff) << "the seed leaves half the counter free";
    EXPECT_EQ(next_uuid_tick((5ULL << 12) + 0x123, 5, 0), (5ULL << 12) + 0x124) << "the same millisecond counts on";
    EXPECT_EQ(next_uuid_tick((5ULL << 12) + 0xfff, 5, 0), 6ULL << 12) << "a full counter carries into time";
    EXPECT_EQ(next_uuid_tick((9ULL << 12) + 7, 5, 0), (9ULL << 12) + 8) << "a clock set back does not go back";
}

TEST(UuidV7, CarriesTheTime) {
    using namespace std::chrono;
    const auto ms_now = [] { return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count(); };
    const auto before = ms_now();
    const auto id = infra::uuid_v7();
    const auto stamp = std::stoll(id.substr(0, 8) + id.substr(9, 4), nullptr, 16);
    EXPECT_GE(stamp, before);
    // Ids made in numbers by other tests of this process may have borrowed some milliseconds.
    EXPECT_LE(stamp, ms_now() + 10'000);
}

TEST(UuidV7, HasTheShape) {
    static const std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    for (int i = 0; i < 100; ++i) {
        const auto id = infra::uuid_v7();
        EXPECT_TRUE(std::regex_match(id, shape)) << id;
    }
}

TEST(UuidV7, RisesStrictlyInEachThreadAndNeverRepeats) {
    constexpr std::size_t each = 20'000;
    std::array<std::vector<std::string>, 4> made;
    {
        std::vector<std::jthread> threads;
        for (auto& ids : made)
            threads.emplace_back([&ids] {
                for (std::size_t i = 0; i < each; ++i)
                    ids.push_back(infra::uuid_v7());
            });
    }
    std::set<std::string> distinct_ticks;
    for (const auto& ids : made) {
        EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>{}), ids.end());
        for (const auto& id : ids)
            distinct_ticks.insert(id.substr(0, 18)); // time and counter alone, without the random bits
    }
    EXPECT_EQ(distinct_ticks.size(), each * made.size());
}

TEST(RandomBytes, FillTheWholeSpanAndDiffer) {
    std::array<std::byte, 1024> first{}, second{};
    infra::random_bytes(first);
    infra::random_bytes(second);
    EXPECT_NE(first, second);
    EXPECT_LT(std::count(first.begin(), first.end(), std::byte{0}), 40);
    infra::random_bytes({});
}

TEST(RandomHex, HasTwoDigitsAByte) {
    EXPECT_EQ(infra::random_hex(0), "");
    const auto text = infra::random_hex(16);
    EXPECT_EQ(text.size(), 32U);
    EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_NE(text, infra::random_hex(16));
}

TEST(Random01, LiesInTheHalfOpenIntervalAndFillsIt) {
    std::array<int, 10> buckets{};
    for (int i = 0; i < 100'000; ++i) {
        const double x = infra::random_01();
        ASSERT_GE(x, 0.0);
        ASSERT_LT(x, 1.0);
        ++buckets[static_cast<std::size_t>(x * 10)];
    }
    // Ten standard deviations either side: wrong once in 10^22 runs.
    for (const int hits : buckets)
        EXPECT_NEAR(hits, 10'000, 1'000);
}

TEST(RandomU64, SetsEveryBitAbout) {
    std::array<int, 64> ones{};
    for (int i = 0; i < 10'000; ++i)
        for (std::uint64_t x = infra::random_u64(), bit = 0; bit < 64; ++bit)
            ones[bit] += static_cast<int>(x >> bit & 1);
    for (const int n : ones)
        EXPECT_NEAR(n, 5'000, 500);
}

TEST(RandomU64, DiffersBetweenThreads) {
    std::uint64_t other = 0;
    std::jthread([&other] { other = infra::random_u64(); }).join();
    EXPECT_NE(infra::random_u64(), other);
}

/// What `make` gives in a forked child, read through a pipe.
template <class Make>
std::string in_forked_child(Make make) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0)
        throw std::runtime_error("pipe");
    const auto child = ::fork();
    if (child == 0) {
        const std::string text = make();
        const auto written = ::write(ends[1], text.data(), text.size());
        ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    ::close(ends[1]);
    std::string text(64, '\0');
    const auto got = ::read(ends[0], text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return text;
}

TEST(Fork, GivesTheChildNumbersOfItsOwn) {
    infra::random_u64(); // the state a careless child would copy
    const auto make = [] { return std::to_string(infra::random_u64()); };
    const auto child = in_forked_child(make);
    EXPECT_FALSE(child.empty());
    EXPECT_NE(child, make());
}

TEST(Fork, GivesTheChildIdsOfItsOwn) {
    infra::uuid_v7();
    const auto random_part = [] { return infra::uuid_v7().substr(19); };
    const auto child = in_forked_child(random_part);
    EXPECT_EQ(child.size(), 17U);
    EXPECT_NE(child, random_part());
}

TEST(RandomU64, GivesSeveralAtOnce) {
    std::array<std::uint64_t, 64> out{};
    infra::random_u64s(out);
    std::ranges::sort(out);
    EXPECT_EQ(std::ranges::adjacent_find(out), out.end());
    infra::random_u64s({});
}

} // namespace
