#include "src/memory/objects.hpp"

#include <gtest/gtest.h>

namespace infra::storage::memory {
namespace {

object_map of(std::initializer_list<const char*> keys) {
    object_map made;
    for (const char* each : keys)
        made.emplace(each, stored_object{.info = {.key = each, .size = 1, .content_type = "text/plain"}});
    return made;
}

TEST(MemoryListing, FindsWhatIsBehindAllThatBeginAlike) {
    EXPECT_EQ(behind_all("a"), "b");
    EXPECT_EQ(behind_all("a/"), "a0");
    EXPECT_EQ(behind_all("a\xff\xff"), "b");
    EXPECT_EQ(behind_all("\xff"), "");
    EXPECT_EQ(behind_all(""), "");
}

TEST(MemoryListing, GoesOnBehindAPrefixAsAWhole) {
    const auto all = of({"a/1", "a/2", "b"});
    const auto first = page_of(all, {.delimiter = "/", .limit = 1});
    EXPECT_EQ(first.prefixes, std::vector<std::string>{"a/"});
    EXPECT_EQ(first.token, "a/");
    const auto second = page_of(all, {.delimiter = "/", .token = first.token, .limit = 1});
    ASSERT_EQ(second.objects.size(), 1u);
    EXPECT_EQ(second.objects[0].key, "b");
    EXPECT_EQ(second.token, "");
}

TEST(MemoryListing, TellsOnlyWhatAListOfS3Tells) {
    const auto page = page_of(of({"a"}), {});
    ASSERT_EQ(page.objects.size(), 1u);
    EXPECT_EQ(page.objects[0].size, 1u);
    EXPECT_EQ(page.objects[0].content_type, "");
}

TEST(MemoryListing, StartsBehindWhicheverIsLater) {
    const auto all = of({"a", "b", "c", "d"});
    EXPECT_EQ(page_of(all, {.start_after = "a", .token = "b"}).objects.front().key, "c");
    EXPECT_EQ(page_of(all, {.start_after = "c", .token = "b"}).objects.front().key, "d");
    EXPECT_TRUE(page_of(all, {.start_after = "d", .token = "b"}).objects.empty());
    EXPECT_TRUE(page_of(all, {.prefix = "b", .start_after = "c"}).objects.empty());
}

} // namespace
} // namespace infra::storage::memory
