#include "src/redis/known_queues.hpp"

#include <gtest/gtest.h>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

TEST(QueueRedisKnownQueues, NotesEachOnce) {
    known_queues known;
    EXPECT_EQ(known.not_noted({"mail", "images", "mail"}), (words{"mail", "images"}));
    known.noted({"mail"});
    EXPECT_EQ(known.not_noted({"mail", "images"}), words{"images"});
    known.forget("mail");
    EXPECT_EQ(known.not_noted({"mail"}), words{"mail"});
}

TEST(QueueRedisKnownQueues, RemembersForAMinuteWhatItFound) {
    known_queues known;
    const steady_time now{1h};
    EXPECT_FALSE(known.found(now));
    known.found({"mail", "images"}, now, 1ms);
    EXPECT_EQ(known.found(now + 59s), (queue_names{"mail", "images"}));
    EXPECT_FALSE(known.found(now + 1min));
    known.forget("mail");
    EXPECT_EQ(known.found(now), queue_names{"images"});
}

TEST(QueueRedisKnownQueues, LooksLessOftenWhereThatTakesLong) {
    known_queues known;
    const steady_time now{1h};
    known.found({}, now, 10s);
    EXPECT_TRUE(known.found(now + 8min));
    EXPECT_FALSE(known.found(now + 9min));
}

TEST(QueueRedisKnownQueues, AsksForAPlainAdditionAgainAfterAMoment) {
    known_queues known;
    const steady_time now{1h};
    EXPECT_TRUE(known.takes_plain("mail", now));
    known.takes_more("mail", now);
    EXPECT_FALSE(known.takes_plain("mail", now + 999ms));
    EXPECT_TRUE(known.takes_plain("mail", now + 1s));
    EXPECT_TRUE(known.takes_plain("images", now));
    known.forget("mail");
    EXPECT_TRUE(known.takes_plain("mail", now));
}

TEST(QueueRedisKnownQueues, ReadsAQueueFromTheKeyOfItsSettings) {
    EXPECT_EQ(queue_of_settings("bull", "bull:mail:meta"), "mail");
    EXPECT_EQ(queue_of_settings("a:b", "a:b:mail:meta"), "mail");
    EXPECT_EQ(queue_of_settings("bull", "bull:mail:meta:meta"), std::nullopt) << "a job's";
    EXPECT_EQ(queue_of_settings("bull", "bull:mail:wait"), std::nullopt);
    EXPECT_EQ(queue_of_settings("bull", "bullish:mail:meta"), std::nullopt);
    EXPECT_EQ(queue_of_settings("bull", "bull::meta"), std::nullopt);
    EXPECT_EQ(queue_of_settings("bull", "bull:meta"), std::nullopt);
    EXPECT_EQ(queue_of_settings("bull", "bull"), std::nullopt);
}

TEST(QueueRedisKnownQueues, SpellsPatternsThatFitOneTextAlone) {
    EXPECT_EQ(pattern_of("{bull}:mail"), "{bull}:mail");
    EXPECT_EQ(pattern_of(R"(a*b?[c]\)"), R"(a\*b\?\[c\]\\)");
}

} // namespace
} // namespace infra::queue::redis_backend::tests
