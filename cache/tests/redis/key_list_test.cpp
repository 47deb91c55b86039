#include "../../src/redis/key_list.hpp"

#include <gtest/gtest.h>

namespace infra::cache::redis_backend {
namespace {

TEST(CacheKeyList, AsksForWhatBeginsSoAndNothingElse) {
    EXPECT_EQ(pattern_of(""), "*");
    EXPECT_EQ(pattern_of("shop:user:"), "shop:user:*");
    EXPECT_EQ(pattern_of("a*b?[c]\\"), "a\\*b\\?\\[c\\]\\\\*");
}

TEST(CacheKeyList, GoesOnWhereItWas) {
    EXPECT_EQ(place_of("").cursor, "0");
    const auto place = place_of("2:17");
    EXPECT_EQ(place.server, 2u);
    EXPECT_EQ(place.cursor, "17");
    EXPECT_EQ(text_of(place), "2:17");
}

TEST(CacheKeyList, RefusesCursorsThatAreNotItsOwn) {
    for (const auto* text : {"x", "1", "1:", ":1", "1:x", "1:2 MATCH *", "-1:2", "1:2:3"})
        EXPECT_THROW(place_of(text), error) << text;
}

} // namespace
} // namespace infra::cache::redis_backend
