#include "src/redis/near_reads.hpp"

#include "src/envelope.hpp"

#include <gtest/gtest.h>

namespace infra::cache::redis_backend {
namespace {

std::optional<envelope> cover_of(const std::optional<std::string>& bytes) {
    return bytes ? open(*bytes)->cover : std::nullopt;
}

TEST(CacheDemotedCopy, IsPastItsTtlAndOtherwiseWhatItWas) {
    const envelope fresh{.created_ms = 1000, .fresh_until_ms = 5000, .dead_at_ms = 9000, .tags = {{"t", 7}}};
    const auto copy = demoted(seal(fresh, "payload"), 3000);
    ASSERT_TRUE(copy);
    EXPECT_TRUE(copy->ends_with("payload"));
    auto expected = fresh;
    expected.fresh_until_ms = 3000;
    EXPECT_EQ(cover_of(copy), expected);
    EXPECT_EQ(cover_of(demoted(seal(fresh, ""), 6000)), fresh) << "it was past its ttl before";
    const auto set_back = cover_of(demoted(seal(fresh, ""), 500));
    EXPECT_LE(set_back->fresh_until_ms, 500) << "a clock that was set back";
    EXPECT_LE(set_back->created_ms, 500);
}

TEST(CacheDemotedCopy, IsNoneOfWhatWouldPassForFreshOrIsOver) {
    const envelope fresh{.created_ms = 1000, .fresh_until_ms = 5000, .dead_at_ms = 9000};
    EXPECT_EQ(demoted("\"bare\"", 3000), std::nullopt);
    EXPECT_EQ(demoted("", 3000), std::nullopt);
    EXPECT_EQ(demoted("\xC1\x7F from the future", 3000), std::nullopt);
    EXPECT_EQ(demoted(seal(fresh, "1"), 9000), std::nullopt);
}

} // namespace
} // namespace infra::cache::redis_backend
