#include "../../src/hub/disconnects.hpp"

#include <gtest/gtest.h>

namespace infra::realtime::detail {
namespace {

TEST(Disconnects, KnowWhoWasSinceWhen) {
    disconnects subject;
    const auto before = subject.count();
    subject.note("anna");
    const auto after = subject.count();
    EXPECT_TRUE(subject.has_been("anna", before));
    EXPECT_FALSE(subject.has_been("anna", after)) << "that was before";
    EXPECT_FALSE(subject.has_been("ben", before));
    subject.note("anna");
    EXPECT_TRUE(subject.has_been("anna", after));
}

TEST(Disconnects, LetNobodyInOfWhomTheyHaveForgotten) {
    disconnects subject(2);
    const auto before = subject.count();
    for (const auto* each : {"anna", "ben", "ben", "carl"})
        subject.note(each);
    EXPECT_TRUE(subject.has_been("anna", before));
    EXPECT_TRUE(subject.has_been("dora", before)) << "she might be the forgotten one";
    EXPECT_FALSE(subject.has_been("dora", before + 1));
    EXPECT_TRUE(subject.has_been("ben", before + 2));
    EXPECT_FALSE(subject.has_been("ben", before + 3));
}

} // namespace
} // namespace infra::realtime::detail
