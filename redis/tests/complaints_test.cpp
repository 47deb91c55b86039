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

TEST(RedisComplaints, AreBriefAboutWhatAServerSays) {
    EXPECT_EQ(in_brief("ERR no"), "ERR no");
    EXPECT_EQ(in_brief("ERR unknown command 'X', with args beginning with: 'secret'"), "ERR unknown command 'X'");
    EXPECT_EQ(in_brief(std::string(1000, 'x')), std::string(200, 'x') + "…");
    EXPECT_EQ(in_brief(std::string(199, 'x') + "ü" + std::string(9, 'x')), std::string(199, 'x') + "…");
}

} // namespace
} // namespace infra::redis::detail
