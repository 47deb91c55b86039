#include "src/check_threads.hpp"

#include "support.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <latch>
#include <set>
#include <thread>

namespace infra::health::detail {
namespace {

TEST(HealthCheckThreads, RunAsManyAtOnceAsTheyMay) {
    check_threads threads(3);
    const auto together = std::make_shared<std::barrier<>>(3);
    std::latch done(3);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(threads.post([&, together] {
            together->arrive_and_wait();
            done.count_down();
        }));
    done.wait();
}

TEST(HealthCheckThreads, LetAsManyWaitAndRefuseTheNext) {
    check_threads threads(1);
    const gate blocked;
    std::latch done(2);
    const auto work = [&, blocked] {
        blocked.enter();
        done.count_down();
    };
    EXPECT_TRUE(threads.post(work));
    blocked.wait_for_entry();
    EXPECT_TRUE(threads.post(work));
    EXPECT_FALSE(threads.post(work));
    blocked.open();
    done.wait();
}

TEST(HealthCheckThreads, KeepAThreadForTheNextCall) {
    check_threads threads(8);
    std::set<std::thread::id> seen;
    for (int i = 0; i < 100; ++i) {
        std::promise<std::thread::id> ran;
        EXPECT_TRUE(threads.post([&] { ran.set_value(std::this_thread::get_id()); }));
        seen.insert(ran.get_future().get());
    }
    EXPECT_LE(seen.size(), 8u);
}

TEST(HealthCheckThreads, DropWhatHasNotBegunAndLeaveBehindWhatRuns) {
    const gate blocked;
    const auto ended = std::make_shared<std::latch>(1);
    const auto dropped = std::make_shared<int>();
    {
        check_threads threads(1);
        EXPECT_TRUE(threads.post([blocked, ended] {
            blocked.enter();
            ended->count_down();
        }));
        blocked.wait_for_entry();
        EXPECT_TRUE(threads.post([dropped] { FAIL(); }));
    }
    EXPECT_EQ(dropped.use_count(), 1);
    blocked.open();
    ended->wait();
}

TEST(HealthCheckThreads, MayBeDestroyedByOneOfTheirOwn) {
    auto threads = std::make_shared<check_threads>(1);
    std::latch destroyed(1);
    auto& pool = *threads;
    EXPECT_TRUE(pool.post([&destroyed, mine = std::move(threads)]() mutable {
        mine.reset();
        destroyed.count_down();
    }));
    destroyed.wait();
}

} // namespace
} // namespace infra::health::detail
