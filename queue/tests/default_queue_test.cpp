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

TEST(QueueUrl, IsThatOfRedisWhereABackendForItIsLinked) {
    EXPECT_FALSE(knows_backend("redis-of-test"));
    register_backend("redis-of-test", [](std::string_view) -> std::shared_ptr<backend> {
        throw infra::error(infra::errc::misconfigured, "the port is no number");
    });
    EXPECT_EQ(url_from(environment({{"REDIS_URL", "redis-of-test://h"}})), "redis-of-test://h");
    for (const auto* variable : {"REDIS_URL", "QUEUE_URL"})
        try {
            queue_from(environment({{variable, "redis-of-test://h"}}));
            ADD_FAILURE() << variable;
        } catch (const infra::error& e) {
            EXPECT_EQ(e.what(), std::string(variable) + ": the port is no number");
        }
}

TEST(QueueUrl, IsNoFileWhereRedisIsAskedFor) {
    for (const auto* url : {"redis://:secret@localhost:6379", "rediss://cache.example.org", "nonsense"}) {
        try {
            queue_from(environment({{"REDIS_URL", url}}));
            FAIL() << url;
        } catch (const infra::error& e) {
            EXPECT_EQ(e.code(), infra::errc::misconfigured);
            EXPECT_STREQ(e.what(), "REDIS_URL: no Redis backend of the queue is linked; link "
                                   "infra::queue_redis, set QUEUE_URL (sqlite:var/queue.db) or unset REDIS_URL");
        }
    }
}

} // namespace
} // namespace infra::queue::tests
