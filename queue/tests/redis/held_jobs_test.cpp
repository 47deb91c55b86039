#include "src/redis/held_jobs.hpp"

#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

lease held(const job_id& id, std::string token = "p:1") { return {.job = {"mail", id}, .fence = 1, .token = token}; }

TEST(HeldJobs, WhatIsKnownOfAJobGoesWithItsEnd) {
    held_jobs known;
    known.put(held("a"), {.attempts_made = 7});
    ASSERT_TRUE(known.size() == 1);
    EXPECT_EQ(known.take(held("a")).value().attempts_made, 7);
    EXPECT_FALSE(known.take(held("a")));
}

TEST(HeldJobs, AnotherLeaseOfTheJobIsAnotherMatter) {
    held_jobs known;
    known.put(held("a"), {.attempts_made = 7});
    EXPECT_FALSE(known.take(held("a", "p:2")));
    EXPECT_FALSE(known.take({.job = {"images", "a"}, .fence = 1, .token = "p:1"}));
    EXPECT_TRUE(known.take(held("a")));
}

TEST(HeldJobs, TheOldestThatNobodyEndedAreForgotten) {
    held_jobs known(3);
    for (const auto* id : {"a", "b", "c", "d", "e", "f", "g"})
        known.put(held(id), {});
    EXPECT_LE(known.size(), 6u);
    EXPECT_FALSE(known.take(held("a")));
    for (const auto* id : {"e", "f", "g"})
        EXPECT_TRUE(known.take(held(id))) << id;
}

} // namespace
} // namespace infra::queue::redis_backend::tests
