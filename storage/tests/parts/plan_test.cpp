#include "src/parts/plan.hpp"

#include <infra/storage/error.hpp>

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>
#include <string>

namespace infra::storage {
namespace {

constexpr std::uint64_t MiB = 1u << 20, GiB = 1u << 30, TiB = 1ull << 40;

TEST(PartPlan, GrowsPartsInWholeMebibytesUntilTheyFit) {
    const bucket_traits s3;
    const struct {
        std::uint64_t size, wanted, expected;
    } rows[] = {
        {1, 8 * MiB, 8 * MiB},
        {GiB, 8 * MiB, 8 * MiB},
        {10'000 * 8 * MiB, 8 * MiB, 8 * MiB},
        {10'000 * 8 * MiB + 1, 8 * MiB, 9 * MiB},
        {TiB, 8 * MiB, 105 * MiB},
        {5 * TiB, 8 * MiB, 525 * MiB},
        {5 * TiB, GiB, GiB},
        {10'000 * 5 * GiB, 5 * MiB, 5 * GiB},
    };
    for (const auto& row : rows) {
        const auto found = part_size_for(row.size, row.wanted, s3, "k");
        EXPECT_EQ(found, row.expected) << row.size;
        EXPECT_LE(part_plan(row.size, found).count(), 10'000) << row.size;
    }
}

TEST(PartPlan, TakesNoMoreThanAStoreTakes) {
    try {
        part_size_for(10'000 * 5 * GiB + 1, 8 * MiB, {}, "huge.img");
        FAIL();
    } catch (const storage_error& e) {
        EXPECT_EQ(e.code(), errc::too_large);
        EXPECT_EQ(
            std::string(e.what()),
            "huge.img has 53687091200001 bytes, more than the 10000 parts of 5368709120 bytes that the store takes");
    }
}

TEST(PartPlan, RefusesASizeThatNoPartMayHave) {
    for (const auto wanted : {std::uint64_t{0}, 5 * MiB - 1, 5 * GiB + 1})
        try {
            part_size_for(GiB, wanted, {}, "k");
            ADD_FAILURE() << wanted;
        } catch (const std::invalid_argument& e) {
            EXPECT_STREQ(e.what(), "storage::put_options::part_size must be between 5242880 and 5368709120 bytes for "
                                   "this store");
        }
}

TEST(PartPlan, FitsAStoreWhoseLongestPartIsOfNoWholeMebibyte) {
    const bucket_traits odd{.min_part = 10, .max_part = 1000, .max_parts = 3};
    EXPECT_EQ(part_size_for(2000, 10, odd, "k"), 1000u);
    EXPECT_THROW(part_size_for(3001, 10, odd, "k"), storage_error);
}

TEST(PartPlan, CutsWithoutAGapAndWithoutAnOverlap) {
    std::mt19937_64 lots(1);
    for (int round = 0; round < 500; ++round) {
        const part_plan plan{.size = lots() % 1000, .part_size = 1 + lots() % 300};
        std::uint64_t reached = 0;
        for (int number = 1; number <= plan.count(); ++number) {
            const auto each = plan.at(number);
            ASSERT_EQ(each.number, number);
            ASSERT_EQ(each.offset, reached);
            ASSERT_TRUE(each.size == plan.part_size || number == plan.count());
            ASSERT_TRUE(each.size > 0 || plan.size == 0);
            reached += each.size;
        }
        ASSERT_EQ(reached, plan.size);
    }
}

TEST(PartPlan, KnowsWhatIsMissing) {
    std::map<int, part> there;
    EXPECT_EQ(missing_parts(there, 0), std::vector<int>());
    EXPECT_EQ(missing_parts(there, 2), (std::vector{1, 2}));
    there[2] = {};
    there[9] = {};
    EXPECT_EQ(missing_parts(there, 4), (std::vector{1, 3, 4}));
}

} // namespace
} // namespace infra::storage
