#include "src/complaints.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

using namespace std::chrono_literals;

TEST(Complaints, AreToldOnceWhileNothingChanges) {
    complaints all;
    steady_time now{};
    EXPECT_EQ(all.tell("cannot connect", "a", "refused", now), 0U);
    for (int i = 0; i < 59; ++i)
        EXPECT_EQ(all.tell("cannot connect", "a", "refused", now += 1s), std::nullopt);
    EXPECT_EQ(all.tell("cannot connect", "a", "refused", now += 1s), 59U) << "a minute later";
    EXPECT_EQ(all.tell("cannot connect", "a", "refused", now += 59s), std::nullopt);
}

TEST(Complaints, AreToldAgainWhenTheReasonChanges) {
    complaints all;
    EXPECT_EQ(all.tell("cannot connect", "a", "refused", {}), 0U);
    EXPECT_EQ(all.tell("cannot connect", "a", "timed out", {}), 0U);
    EXPECT_EQ(all.tell("cannot connect", "a", "timed out", {}), std::nullopt);
}

TEST(Complaints, AreOfOneServerAndOneMatter) {
    complaints all;
    EXPECT_EQ(all.tell("cannot connect", "a", "refused", {}), 0U);
    EXPECT_EQ(all.tell("cannot connect", "b", "refused", {}), 0U);
    EXPECT_EQ(all.tell("cannot subscribe", "a", "refused", {}), 0U);
}

TEST(Complaints, BeginAnewWhenItWasMended) {
    complaints all;
    EXPECT_EQ(all.tell("cannot connect", "a", "refused", {}), 0U);
    EXPECT_EQ(all.tell("cannot connect", "a", "refused", {}), std::nullopt);
    all.mended("cannot connect", "a");
    EXPECT_EQ(all.tell("cannot connect", "a", "refused", {}), 0U);
}

TEST(Complaints, AreBounded) {
    complaints all;
    for (int i = 0; i < 10'000; ++i)
        EXPECT_EQ(all.tell("cannot connect", std::to_string(i), "refused", {}), 0U);
}

} // namespace
} // namespace infra::redis::detail
