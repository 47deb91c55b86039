#include <infra/base/quantile.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace infra {
namespace {

TEST(Quantile, IsWithinTheBucketThatHasIt) {
    const std::vector<double> bounds{1, 2, 4};
    const struct {
        std::vector<std::uint64_t> observed;
        double q;
        std::optional<double> expected;
    } cases[] = {
        {{0, 0, 0, 0}, 0.5, std::nullopt}, {{10, 0, 0, 0}, 0.5, 0.5}, {{0, 10, 0, 0}, 0.5, 1.5}, {{5, 5, 0, 0}, 0.5, 1},
        {{5, 0, 5, 0}, 0.75, 3},           {{0, 0, 0, 7}, 0.5, 4},    {{9, 0, 0, 1}, 0.99, 4},   {{0, 4, 0, 0}, 1, 2},
    };
    for (const auto& each : cases)
        EXPECT_EQ(quantile(bounds, each.observed, each.q), each.expected);
}

} // namespace
} // namespace infra
