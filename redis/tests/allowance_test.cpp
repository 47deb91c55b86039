#include "src/allowance.hpp"

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

TEST(Allowance, IsGivenInNumberAndInBytes) {
    const auto room = std::make_shared<allowance>(3, 100);
    auto two = allowance::take(room, 2, 50);
    ASSERT_TRUE(two);
    EXPECT_FALSE(allowance::take(room, 2, 1)) << "four";
    EXPECT_FALSE(allowance::take(room, 1, 51));
    const auto third = allowance::take(room, 1, 50);
    EXPECT_TRUE(third);
    two.reset();
    EXPECT_TRUE(allowance::take(room, 2, 50)) << "what was refused took nothing";
}

TEST(Allowance, IsGivenToWhatIsAlone) {
    const auto room = std::make_shared<allowance>(1, 10);
    const auto large = allowance::take(room, 5, 1000);
    EXPECT_TRUE(large);
    EXPECT_FALSE(allowance::take(room, 1, 1));
}

TEST(Allowance, MayBeOutlivedByItsShares) {
    auto room = std::make_shared<allowance>(1, 10);
    const auto share = allowance::take(room, 1, 1);
    const std::weak_ptr<allowance> weak = room;
    room.reset();
    EXPECT_FALSE(weak.expired());
}

} // namespace
} // namespace infra::redis::detail
