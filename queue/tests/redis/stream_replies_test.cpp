#include "src/redis/stream_replies.hpp"

#include <gtest/gtest.h>

namespace infra::queue::redis_backend::tests {
namespace {

using redis::reply;

reply list(std::initializer_list<reply> items) { return reply(reply::list(items)); }

reply entry(std::string id, std::string event) {
    return list({reply(std::move(id)), list({reply(std::string("event")), reply(std::move(event))})});
}

TEST(QueueRedisStreamReplies, AreReadInEitherProtocol) {
    const auto entries = list({entry("1-0", "added"), entry("1-1", "waiting")});
    const reply of_2 = list({list({reply(std::string("bull:mail:events")), entries})});
    const reply of_3(reply::list{reply(std::string("bull:mail:events")), entries}, reply::kind::map);
    for (const auto& each : {of_2, of_3}) {
        const auto parts = read_streams(each);
        ASSERT_EQ(parts.size(), 1u);
        EXPECT_EQ(parts[0].key, "bull:mail:events");
        ASSERT_EQ(parts[0].entries.size(), 2u);
        EXPECT_EQ(parts[0].entries[1].id, (entry_id{1, 1}));
        EXPECT_EQ(parts[0].entries[1].fields, (hash_fields{{"event", "waiting"}}));
    }
}

TEST(QueueRedisStreamReplies, MayBeEmpty) {
    EXPECT_TRUE(read_streams(reply()).empty());
    EXPECT_TRUE(read_entries(list({})).empty());
}

TEST(QueueRedisStreamReplies, OfAnEntryThatWasDeletedHaveNoFields) {
    const auto entries = read_entries(list({list({reply(std::string("7-0")), reply()})}));
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_TRUE(entries[0].fields.empty());
}

TEST(QueueRedisStreamReplies, LeaveOutWhatHasNoReadableId) {
    EXPECT_TRUE(read_entries(list({entry("soon", "added")})).empty());
}

} // namespace
} // namespace infra::queue::redis_backend::tests
