#include "src/storage_sweep.hpp"

#include <infra/storage/memory.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

namespace infra::app {
namespace {

using namespace std::chrono_literals;

struct StorageSweep : ::testing::Test {
    std::size_t uploads() { return loop.get(files.bucket()->list_uploads({}, {}, deadline::never())).uploads.size(); }
    void wait_for_sleep() {
        loop.until([&] { return time.sleepers() > 0; });
    }

    testing::test_loop loop;
    manual_clock time;
    storage::storage files{{.bucket = storage::make_memory_bucket({.time = &time}), .time = &time}};
};

TEST_F(StorageSweep, AbortsOnceADayWhatIsOld) {
    const auto daily = storage_sweep(files, 36h, time);
    loop.get(files.begin_upload("a"));
    const auto run = loop.spawn(daily.run());
    wait_for_sleep();
    time.advance(24h);
    loop.settle();
    EXPECT_EQ(uploads(), 1U) << "not old enough";
    wait_for_sleep();
    time.advance(24h);
    loop.until([&] { return uploads() == 0; });
    wait_for_sleep();
    EXPECT_FALSE(run->done());
    loop.run(daily.stop(deadline::never()));
    loop.run(daily.stop(deadline::never()));
    loop.until([&] { return run->done(); });
    EXPECT_FALSE(run->failure) << run->what();
}

TEST_F(StorageSweep, DoesNotRunOnceItWasStopped) {
    const auto daily = storage_sweep(files, 36h, time);
    loop.run(daily.stop(deadline::never()));
    const auto run = loop.run(daily.run());
    EXPECT_FALSE(run->failure) << run->what();
}

} // namespace
} // namespace infra::app
