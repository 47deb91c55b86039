#include "src/until_interrupted.hpp"

#include <infra/base/clock.hpp>

#include <gtest/gtest.h>

#include <csignal>

namespace infra::cli {
namespace {

awaitable<int> interrupted_while_it_waits(bool& tidied) {
    ::raise(SIGINT);
    try {
        co_await real_clock().sleep_until(steady_time::max());
    } catch (const boost::system::system_error&) {
        tidied = true;
        throw;
    }
    co_return 1;
}

awaitable<int> done() { co_return 7; }

awaitable<int> failing() {
    throw error(errc::io, "the disk is gone");
    co_return 0;
}

TEST(UntilInterrupted, GivesWhatTheOperationGivesOrThrows) {
    EXPECT_EQ(until_interrupted(done()), 7);
    try {
        until_interrupted(failing());
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::io);
    }
}

TEST(UntilInterrupted, LetsTheOperationTidyUp) {
    bool tidied = false;
    try {
        until_interrupted(interrupted_while_it_waits(tidied));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::cancelled);
    }
    EXPECT_TRUE(tidied);
}

TEST(UntilInterruptedDeathTest, LeavesASecondSignalToTheSystem) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            bool tidied = false;
            try {
                until_interrupted(interrupted_while_it_waits(tidied));
            } catch (const error&) {
                ::raise(SIGINT);
            }
        },
        ::testing::KilledBySignal(SIGINT), "");
}

} // namespace
} // namespace infra::cli
