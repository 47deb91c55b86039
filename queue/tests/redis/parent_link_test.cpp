#include "src/redis/parent_link.hpp"

#include <gtest/gtest.h>

#include <array>

namespace infra::queue::redis_backend::tests {
namespace {

constexpr std::array policies = {
    std::pair(child_failure::fail_parent, R"({"id":"7","queueKey":"bull:albums","fpof":true})"),
    std::pair(child_failure::continue_parent, R"({"id":"7","queueKey":"bull:albums","cpof":true})"),
    std::pair(child_failure::ignore, R"({"id":"7","queueKey":"bull:albums","idof":true})"),
    std::pair(child_failure::remove, R"({"id":"7","queueKey":"bull:albums","rdof":true})"),
    std::pair(child_failure::wait, R"({"id":"7","queueKey":"bull:albums"})")};

TEST(QueueRedisParent, HasAFlagForEachPolicyButWaiting) {
    for (const auto& [policy, text] : policies) {
        const parent_link link{.queue_key = "bull:albums", .id = "7", .on_failure = policy};
        EXPECT_EQ(to_text(link), text);
        EXPECT_EQ(read_parent(text).value(), link);
    }
}

TEST(QueueRedisParent, IsKnownByItsKey) {
    const parent_link link{.queue_key = "eu:{shop}:albums", .id = "7"};
    EXPECT_EQ(link.key(), "eu:{shop}:albums:7");
    EXPECT_EQ(link.job(), (job_key{"albums", "7"}));
}

TEST(QueueRedisParent, OfSeveralFlagsHasTheOneThatBullmqAsksForFirst) {
    const auto both = read_parent(R"({"id":"7","queueKey":"bull:albums","rdof":true,"cpof":true,"fpof":false})");
    EXPECT_EQ(both.value().on_failure, child_failure::continue_parent);
}

TEST(QueueRedisParent, ThatCannotBeReadSaysWhy) {
    EXPECT_EQ(json::to_string(read_parent(R"({"id":7,"queueKey":"bull:albums"})").error()),
              "expected an id and a queueKey");
    EXPECT_FALSE(read_parent(R"({"id":"7"})"));
    EXPECT_FALSE(read_parent("nothing"));
}

TEST(QueueRedisParent, ThatAChildFailedNamesItAsPeopleKnowIt) {
    EXPECT_EQ(shown_reason("child bull:mail:7 failed"), "child mail:7 failed");
    EXPECT_EQ(shown_reason("child {a:b}:mail:of two words failed"), "child mail:of two words failed");
    for (const auto* other : {"", "too large", "child failed", "child mail:7 failed", "child bull:mail:7 failed twice"})
        EXPECT_EQ(shown_reason(other), other);
}

TEST(QueueRedisParent, IsRepeatedInTheOpts) {
    json::object opts{{"attempts", 3}};
    put_parent(opts, {.queue_key = "bull:albums", .id = "7", .on_failure = child_failure::ignore});
    EXPECT_EQ(json::value(opts),
              json::parse(R"({"attempts":3,"parent":{"id":"7","queue":"bull:albums"},"idof":true})").value());
}

} // namespace
} // namespace infra::queue::redis_backend::tests
