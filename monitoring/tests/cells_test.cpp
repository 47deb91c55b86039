#include "src/cells.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace infra::monitoring::detail {
namespace {

std::uint64_t sum(const cell_range& range) {
    std::uint64_t total = 0;
    cell_reader().for_each_copy(range, [&](std::span<const cell> copy, bool) { total += copy[0].load(); });
    return total;
}

void add(const cell_range& range, std::uint64_t amount) {
    auto* own = range.touch();
    own->store(own->load() + amount);
}

TEST(Cells, SumWhatAllThreadsAdded) {
    const auto range = *cell_range::allocate(1);
    constexpr int threads = 4, each = 100'000;
    {
        std::vector<std::jthread> adders;
        for (int t = 0; t < threads; ++t)
            adders.emplace_back([&] {
                for (int i = 0; i < each; ++i)
                    add(range, 1);
            });
    }
    EXPECT_EQ(sum(range), threads * each);
}

TEST(Cells, KeepWhatThreadsAddedThatHaveEnded) {
    const auto range = *cell_range::allocate(1);
    for (int i = 0; i < 20; ++i)
        std::jthread([&] { add(range, 1); }).join();
    EXPECT_EQ(sum(range), 20U);
}

TEST(Cells, PassTheCopiesOfAnEndedThreadToTheNext) {
    const auto range = *cell_range::allocate(1);
    const cell *first = nullptr, *second = nullptr;
    std::jthread([&] { first = range.touch(); }).join();
    std::jthread([&] { second = range.touch(); }).join();
    EXPECT_EQ(first, second);
}

TEST(Cells, AreZeroWhenTheirNumbersAreGivenOutAgain) {
    auto range = cell_range::allocate(7);
    const auto* address = range->touch();
    add(*range, 5);
    range.reset();
    const auto again = *cell_range::allocate(7);
    EXPECT_EQ(again.touch(), address);
    EXPECT_EQ(sum(again), 0U);
}

TEST(Cells, OfARangeAreNeighboursOnOnePage) {
    std::vector<cell_range> ranges;
    for (int i = 0; i < 30; ++i) {
        ranges.push_back(*cell_range::allocate(300));
        auto* const own = ranges.back().touch();
        for (int c = 0; c < 300; ++c)
            own[c].store(static_cast<std::uint64_t>(i) + 1); // past a page this would hit another range, or nothing
    }
    for (std::uint64_t i = 0; i < ranges.size(); ++i) {
        std::vector<std::uint64_t> sums(300);
        cell_reader().for_each_copy(ranges[i], [&](std::span<const cell> copy, bool) {
            ASSERT_EQ(copy.size(), sums.size());
            for (std::size_t c = 0; c < sums.size(); ++c)
                sums[c] += copy[c].load();
        });
        EXPECT_EQ(sums, std::vector<std::uint64_t>(300, i + 1));
    }
}

TEST(Cells, CountInDestructorsOfAnEndingThread) {
    static const auto range = *cell_range::allocate(1);
    struct late {
        ~late() { add(range, 1); }
    };
    std::jthread([] {
        thread_local late made_first_so_destroyed_last;
        (void)&made_first_so_destroyed_last;
        add(range, 1);
    }).join();
    EXPECT_EQ(sum(range), 2U);
}

// Such a thread must not keep the copies it took for that.
TEST(Cells, GiveBackWhatADestructorOfAnEndingThreadTook) {
    static const auto range = *cell_range::allocate(1);
    struct late {
        ~late() { add(range, 1); }
    };
    for (int i = 0; i < 20; ++i)
        std::jthread([] {
            thread_local late destroyed_last;
            (void)&destroyed_last;
            add(range, 1);
        }).join();
    int copies = 0;
    cell_reader().for_each_copy(range, [&](std::span<const cell>, bool) { ++copies; });
    EXPECT_LE(copies, 2);
}

} // namespace
} // namespace infra::monitoring::detail
