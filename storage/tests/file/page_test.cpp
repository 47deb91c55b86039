#include "src/file/page.hpp"

#include <infra/storage/error.hpp>

#include <gtest/gtest.h>

namespace infra::storage {
namespace {

TEST(FilePage, HoldsWhatHasThePrefixAndComesBehind) {
    const page_builder page({.prefix = "a/", .start_after = "a/m"});
    EXPECT_FALSE(page.wants("a/m"));
    EXPECT_TRUE(page.wants("a/m/x"));
    EXPECT_TRUE(page.wants("a/n"));
    EXPECT_FALSE(page.wants("b"));
    EXPECT_TRUE(page.may_hold(""));
    EXPECT_TRUE(page.may_hold("a/"));
    EXPECT_TRUE(page.may_hold("a/m/"));
    EXPECT_FALSE(page.may_hold("a/l/"));
    EXPECT_FALSE(page.may_hold("b/"));
}

TEST(FilePage, TakesAPrefixForAllBehindIt) {
    page_builder page({.delimiter = "/"});
    EXPECT_EQ(page.prefix_of("a"), std::nullopt);
    EXPECT_EQ(page.prefix_of("a/b/c"), "a/");
    EXPECT_EQ(page.prefix_of_all("a/"), "a/");
    EXPECT_TRUE(page.add_prefix("a/"));
    EXPECT_FALSE(page.wants("a/z"));
    EXPECT_FALSE(page.may_hold("a/z/"));
    EXPECT_TRUE(page.wants("a0"));
}

TEST(FilePage, LooksAtEachKeyWhereTheBeginningOfAPrefixHasBeenListed) {
    const page_builder page({.delimiter = "/", .start_after = "a/m"});
    EXPECT_EQ(page.prefix_of_all("a/"), std::nullopt);
    EXPECT_EQ(page.prefix_of("a/n"), "a/");
    EXPECT_EQ(page.prefix_of_all("b/"), "b/");
}

TEST(FilePage, GoesOnBehindAKeyOrAPrefix) {
    page_builder first({.delimiter = "/", .limit = 1});
    EXPECT_TRUE(first.add_prefix("a/"));
    EXPECT_FALSE(first.add({.key = "b"}));
    const auto page = std::move(first).finish();
    page_builder second({.delimiter = "/", .token = page.token, .limit = 1});
    EXPECT_FALSE(second.wants("a/z"));
    EXPECT_TRUE(second.wants("b"));
    EXPECT_TRUE(second.add({.key = "b"}));
    EXPECT_FALSE(second.add({.key = "c"}));
    const page_builder third({.delimiter = "/", .token = std::move(second).finish().token});
    EXPECT_FALSE(third.wants("b"));
    EXPECT_TRUE(third.wants("b/c")) << "b was a key, not a prefix";
}

TEST(FilePage, EndsWithoutAToken) {
    page_builder page({.limit = 1});
    EXPECT_TRUE(page.add({.key = "a"}));
    EXPECT_EQ(std::move(page).finish().token, "");
}

TEST(FilePage, RefusesATokenThatIsNone) {
    for (const char* token : {"!", "YQ", "eHg"})
        EXPECT_THROW(page_builder({.token = token}), storage_error) << token;
}

} // namespace
} // namespace infra::storage
