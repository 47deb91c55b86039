#include <infra/queue.hpp>

#include <gtest/gtest.h>

namespace infra::queue::tests {
namespace {

using variables = environment::variables;

TEST(QueueUrl, IsWhatTheEnvironmentSays) {
    const std::pair<variables, const char*> cases[] = {
        {{}, "sqlite:var/queue.db"},
        {{{"QUEUE_URL", "sqlite:other.db"}}, "sqlite:other.db"},
        {{{"QUEUE_URL", "sqlite:other.db"}, {"REDIS_URL", "redis://localhost"}}, "sqlite:other.db"},
        {{{"REDIS_URL", ""}}, "sqlite:var/queue.db"},
    };
    for (const auto& [set, url] : cases)
        EXPECT_EQ(url_from(environment(set)), url);
}

TEST(QueueUrl, IsNoFileWhereRedisIsAskedFor) {
    for (const auto* url : {"redis://:secret@localhost:6379", "rediss://cache.example.org", "nonsense"}) {
        try {
            queue_from(environment({{"REDIS_URL", url}}));
            FAIL() << url;
        } catch (const infra::error& e) {
            EXPECT_EQ(e.code(), infra::errc::misconfigured);
            EXPECT_STREQ(e.what(), "REDIS_URL: no Redis backend of the queue is linked; set QUEUE_URL "
                                   "(sqlite:var/queue.db) or unset REDIS_URL");
        }
    }
}

} // namespace
} // namespace infra::queue::tests
