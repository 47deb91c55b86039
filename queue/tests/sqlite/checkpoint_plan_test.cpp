#include "src/sqlite/checkpoint_plan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infra::queue::tests {
namespace {

using sqlite::checkpoint_plan;

/// What is to be done at each length of the log: `.` none, `a` ask, `f` finish.
std::string steps(checkpoint_plan plan, const std::vector<int>& lengths) {
    std::string all;
    for (const auto pages : lengths)
        all += ".af"[static_cast<int>(plan.next(pages))];
    return all;
}

TEST(CheckpointPlan, HasEachQuarterOfALongLogCopied) {
    EXPECT_EQ(steps(checkpoint_plan(16), {1, 3, 4, 5, 7, 8, 12, 15}), "..a..aa.");
    EXPECT_EQ(steps(checkpoint_plan(16), {9, 10, 13, 14}), "a.a.") << "counted from the last time";
}

TEST(CheckpointPlan, HasTheWriterFinishALongLogOnceItHasBeenCopiedTwice) {
    EXPECT_EQ(steps(checkpoint_plan(16), {15, 18, 19, 20, 20}), "a.aaf");
    EXPECT_EQ(steps(checkpoint_plan(16), {100, 101, 102}), "aaf") << "one transaction may be large";
}

TEST(CheckpointPlan, BeginsAnewWithTheLog) {
    EXPECT_EQ(steps(checkpoint_plan(16), {20, 20, 20, 1, 3, 4}), "aaf..a");
    EXPECT_EQ(steps(checkpoint_plan(16), {20, 2, 4, 20, 20, 20}), "a.aaaf") << "also before it was finished";
}

TEST(CheckpointPlan, TriesALogThatOthersKeepAgainOnceItHasGrownAsMuch) {
    EXPECT_EQ(steps(checkpoint_plan(16), {16, 16, 16, 17, 19, 20, 20, 20, 23, 24}), "aaf..aaf.a");
}

TEST(CheckpointPlan, DoesWithAShortLog) { EXPECT_EQ(steps(checkpoint_plan(0), {1, 1, 1, 1}), "aaf."); }

} // namespace
} // namespace infra::queue::tests
