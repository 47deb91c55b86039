#include "src/redis/keys.hpp"

#include <gtest/gtest.h>

namespace infra::queue::redis_backend::tests {
namespace {

TEST(QueueRedisKeys, AreBullmqs) {
    const queue_keys keys("bull", "mail");
    EXPECT_EQ(keys.base(), "bull:mail");
    EXPECT_EQ(keys.of_queue("waiting-children"), "bull:mail:waiting-children");
    EXPECT_EQ(keys.of_job("17"), "bull:mail:17");
    EXPECT_EQ(keys.of_job("17", job_part::lock), "bull:mail:17:lock");
    EXPECT_EQ(keys.of_job("17", job_part::logs), "bull:mail:17:logs");
    EXPECT_EQ(keys.of_job("17", job_part::dependencies), "bull:mail:17:dependencies");
    EXPECT_EQ(keys.of_job("17", job_part::processed), "bull:mail:17:processed");
    EXPECT_EQ(keys.of_job("17", job_part::failed), "bull:mail:17:failed");
    EXPECT_EQ(keys.of_job("17", job_part::unsuccessful), "bull:mail:17:unsuccessful");
}

TEST(QueueRedisKeys, KeepOursWhereBullmqLooksForNoJobs) {
    const auto key = queue_keys("bull", "mail").ours("groups");
    EXPECT_EQ(key, "bull:mail~groups");
    EXPECT_FALSE(key.starts_with(queue_keys("bull", "mail").base() + ":"));
}

TEST(QueueRedisKeys, HaveOneHashTagForAQueue) {
    for (const auto& keys : {queue_keys("{bull}", "mail"), queue_keys("bull", "{mail}")}) {
        const auto tag = std::string(hash_tag(keys.base()));
        EXPECT_FALSE(tag.empty());
        EXPECT_EQ(hash_tag(keys.of_job("a{b}c", job_part::lock)), tag);
        EXPECT_EQ(hash_tag(keys.of_queue("wait")), tag);
        EXPECT_EQ(hash_tag(keys.ours("groups")), tag);
    }
}

TEST(QueueRedisKeys, KnowWhatDecidesOnASlot) {
    EXPECT_EQ(hash_tag("bull:mail"), "");
    EXPECT_EQ(hash_tag("{bull}:mail"), "bull");
    EXPECT_EQ(hash_tag("bull:{}:mail{b}"), "") << "an empty one, and not the next";
    EXPECT_EQ(hash_tag("bull:{mail"), "");
    EXPECT_EQ(hash_tag("a}b{c}d"), "c");
    EXPECT_EQ(hash_tag("{{a}}"), "{a");
}

TEST(QueueRedisKeys, AreReadBackFromTheRight) {
    EXPECT_EQ(place_of("bull:mail:17"), (job_place{"bull", "mail", "17"}));
    EXPECT_EQ(place_of("eu:{shop}:mail:order-7"), (job_place{"eu:{shop}", "mail", "order-7"}));
    EXPECT_EQ(place_of("bull:mail:repeat:s:1767225600000"), (job_place{"bull", "mail", "repeat:s:1767225600000"}));
    EXPECT_EQ(place_of("bull:repeat:7"), (job_place{"bull", "repeat", "7"}));
    EXPECT_EQ(place_of(":mail:17"), (job_place{"", "mail", "17"}));
    EXPECT_EQ(place_of("mail:17"), std::nullopt);
    EXPECT_EQ(place_of(":17"), std::nullopt);
    EXPECT_EQ(place_of(""), std::nullopt);
}

TEST(QueueRedisConnections, AreNamedAsBullmqNamesThem) {
    EXPECT_EQ(worker_connection("bull", "mail", ""), "bull:bWFpbA==");
    EXPECT_EQ(worker_connection("bull", "mail", "mill"), "bull:bWFpbA==:w:mill");
    EXPECT_EQ(worker_connection("bull", "größe", ""), "bull:Z3LDtsOfZQ==");
}

TEST(QueueRedisConnections, HaveNamesThatRedisTakes) {
    EXPECT_EQ(worker_connection("bull", "mail", "the mill\n2"), "bull:bWFpbA==:w:the-mill-2");
}

TEST(QueueRedisConnections, TellWhoseTheyAre) {
    EXPECT_EQ(worker_of("bull", "bull:bWFpbA=="), (named_worker{"mail", ""}));
    EXPECT_EQ(worker_of("bull", "bull:bWFpbA==:w:mill:2"), (named_worker{"mail", "mill:2"}));
    EXPECT_EQ(worker_of("bull", "bull:bWFpbA==:qe"), std::nullopt) << "one that listens to events";
    EXPECT_EQ(worker_of("bull", "bull2:bWFpbA=="), std::nullopt);
    EXPECT_EQ(worker_of("bull", "bull:not base64"), std::nullopt);
    EXPECT_EQ(worker_of("bull", "bull:"), std::nullopt);
    EXPECT_EQ(worker_of("bull", ""), std::nullopt);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
