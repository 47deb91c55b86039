#include "../src/memory_versions.hpp"

#include <gtest/gtest.h>

namespace infra::cache {
namespace {

TEST(CacheMemoryVersions, ForgottenNamesAreVoidAndDoNotComeBack) {
    memory_versions versions(100, 4 * memory_versions::cost_of("x"));
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

TEST(CacheMemoryVersions, ForgetAQuarterAtOnceSoThatNotEveryNewOneVoidsAll) {
    memory_versions versions(100, 1000 * memory_versions::cost_of("tag:000"));
    int voided = 0;
    auto before = versions.version("never bumped");
    for (int i = 0; i < 3000; ++i) {
        versions.bump("tag:" + std::to_string(1000 + i).substr(1));
        voided += versions.version("never bumped") != before;
        before = versions.version("never bumped");
        ASSERT_LE(versions.bytes(), 1000 * memory_versions::cost_of("tag:000"));
    }
    EXPECT_LE(voided, 9);
}

TEST(CacheMemoryVersions, RememberNoNamespaceThatNobodyHasAHandleOf) {
    memory_versions versions(100, 1 << 20);
    const auto held = versions.slot("held");
    for (int i = 0; i < 10'000; ++i)
        versions.slot("user:" + std::to_string(i));
    EXPECT_LE(versions.watched(), 128U);
    EXPECT_EQ(versions.slot("held"), held);
    versions.bump("held");
    EXPECT_GT(held->value, 100U);
    EXPECT_EQ(versions.slot("held"), held);
}

} // namespace
} // namespace infra::cache
