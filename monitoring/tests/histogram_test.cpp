#include "stepwise.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace infra::monitoring::detail {
namespace {

using counts = std::vector<std::uint64_t>;

TEST(Histogram, IsReadWhereItsThreadIsQuiet) {
    registry all({});
    stepwise sizes(all);
    sizes.go(stepwise::steps);
    EXPECT_EQ(sizes.read().buckets, (counts{1, 3, 0}));
    EXPECT_EQ(sizes.read().sum, 16);
    EXPECT_EQ(sizes.cells()[own_histogram::asked_at].load(), 0U);
}

// What is not complete is not counted, and nothing twice.
TEST(Histogram, IsReadWhereverItsThreadIsStopped) {
    for (std::size_t step = 1; step < stepwise::steps; ++step) {
        registry all({});
        stepwise sizes(all);
        sizes.go(step);
        EXPECT_EQ(sizes.read().buckets, (counts{1, 2, 0})) << step;
        EXPECT_EQ(sizes.read().count, 3U) << step;
        sizes.go(stepwise::steps - step);
        EXPECT_EQ(sizes.read().buckets, (counts{1, 3, 0})) << step;
        EXPECT_EQ(sizes.read().sum, 16) << step;
    }
}

TEST(Histogram, IsReadWhereItsThreadIsStoppedAtItsFirstObservation) {
    for (std::size_t step = 1; step < stepwise::steps; ++step) {
        registry all({});
        stepwise sizes(all, {});
        sizes.go(step);
        EXPECT_EQ(sizes.read().count, 0U) << step;
        sizes.go(stepwise::steps - step);
        EXPECT_EQ(sizes.read().buckets, (counts{0, 1, 0})) << step;
    }
}

TEST(Histogram, IsClearedWhereverItsThreadIsStopped) {
    for (std::size_t step = 1; step < stepwise::steps; ++step) {
        registry all({});
        stepwise sizes(all);
        sizes.go(step);
        all.clear();
        EXPECT_EQ(sizes.read().buckets, (counts{0, 0, 0})) << step;
        sizes.go(stepwise::steps - step);
        EXPECT_EQ(sizes.read().buckets, (counts{0, 1, 0})) << step;
        EXPECT_EQ(sizes.read().count, 1U) << step;
    }
}

// clear() waits for a thread that stands inside an observation, for 100 ms at most. Only if it still does once the new series
// is there, it sees that the observation is complete; on a busy machine not every time.
TEST(Histogram, KeepsNobodyFromANewSeriesWhileItIsCleared) {
    bool went_on = false;
    for (int tries = 0; tries < 20 && !went_on; ++tries) {
        registry all({});
        stepwise sizes(all);
        sizes.go(1);
        auto& asked = sizes.cells()[own_histogram::asked_at];
        std::jthread clearing([&] { all.clear(); });
        while (asked.load() == 0)
            std::this_thread::yield();
        (void)all.find(metric_type::counter, "new_total", label_set(labels()));
        sizes.go(stepwise::steps - 1);
        clearing.join();
        went_on = sizes.read().count == 0;
    }
    EXPECT_TRUE(went_on);
}

TEST(Histogram, IsLookedAtForIdlenessWithoutWaiting) {
    registry all({.remove_idle_after = std::chrono::seconds(1)});
    stepwise sizes(all);
    sizes.go(1);
    (void)all.write(exposition_format::text);
    EXPECT_EQ(sizes.cells()[own_histogram::asked_at].load(), 1U); // to be written
}

} // namespace
} // namespace infra::monitoring::detail
