#include "../src/memory_versions.hpp"

#include <gtest/gtest.h>

namespace infra::cache {
namespace {

TEST(CacheMemoryVersions, ForgottenNamesAreVoidAndDoNotComeBack) {
    memory_versions versions(100, 3);
    const auto kept = versions.slot("held");
    versions.bump("held");
    const auto before = versions.version("never bumped");
    for (const auto* each : {"a", "b", "c", "d", "e"})
        versions.bump(each);
    EXPECT_NE(versions.version("never bumped"), before) << "it may have been bumped and forgotten";
    EXPECT_GT(versions.version("a"), 100U);
    EXPECT_EQ(versions.version("held"), 101U);
    const auto latest = versions.version("e");
    versions.bump("a");
    EXPECT_GT(versions.version("a"), latest);
}

} // namespace
} // namespace infra::cache
