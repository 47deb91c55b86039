#include "tests/support.hpp"

#include <infra/queue/redis.hpp>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;

std::string refusal_of(std::string_view url) {
    try {
        redis_queue_options_from(url);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured);
        return e.what();
    }
    return "";
}

TEST(QueueRedisUrl, IsThatOfRedisAndAPrefix) {
    const auto o =
        redis_queue_options_from("rediss://shop:secret@queue.internal:6380/2?prefix=%7Bshop%7D&client_name=s");
    EXPECT_EQ(o.prefix, "{shop}");
    EXPECT_EQ(o.server.host, "queue.internal");
    EXPECT_EQ(o.server.database, 2);
    EXPECT_EQ(o.server.client_name, "s");
    EXPECT_TRUE(o.server.tls);
    EXPECT_EQ(redis_queue_options_from("redis://h").prefix, "bull") << "as BullMQ";
    EXPECT_EQ(redis_queue_options_from("redis://h?protocol=2&prefix={a}:b").prefix, "{a}:b");
    const auto careful = redis_queue_options_from("redis://h?replicas=2&client_name=s&prefix=x");
    EXPECT_EQ(careful.replicas, 2u);
    EXPECT_EQ(careful.prefix, "x");
    EXPECT_EQ(careful.server.client_name, "s");
    EXPECT_EQ(redis_queue_options_from("redis+cluster://h:1,i:2?prefix={a}").server.cluster->seeds.size(), 2u);
    EXPECT_EQ(redis_queue_options_from("unix:///run/redis.sock?prefix=x").server.socket_path, "/run/redis.sock");
}

TEST(QueueRedisUrl, IsRefusedByItsPartAndWithoutItsPassword) {
    const std::pair<std::string, const char*> cases[] = {
        {"redis://:hunter2@h?prefix=", "prefix="},
        {"redis://:hunter2@h?prefix=%2", "prefix="},
        {"redis://:hunter2@h?prefix=a%0ab", "control characters"},
        {"redis://:hunter2@h?prefix=" + std::string(101, 'x'), "100 bytes"},
        {"redis://:hunter2@h?replicas=some", "replicas="},
        {"redis://:hunter2@h?replicas=101", "replicas="},
        {"redis://:hunter2@h:port?prefix=a", "port"},
        {"redis://:hunter2@h?colour=blue", "option it does not know"},
        {"redis://:hunter2@h?colour=blue&prefix=a", "a queue's own are prefix and replicas"},
        {"redis://:12#hunter2@h?prefix=a", "percent-encode it"},
        {"redis://u:12?prefix=a&hunter2@h", "percent-encode it"},
        {"http://h", "scheme"},
    };
    for (const auto& [url, part] : cases) {
        EXPECT_NE(refusal_of(url).find(part), std::string::npos) << url << ": " << refusal_of(url);
        EXPECT_EQ(refusal_of(url).find("hunter2"), std::string::npos) << url;
    }
}

TEST(QueueRedisUrl, MakesABackendThatHasSpokenToNobodyYet) {
    EXPECT_EQ(make_backend("rediss://:secret@nowhere.invalid:1?prefix={a}")->description(),
              "rediss://nowhere.invalid:1/0?prefix={a}");
    EXPECT_EQ(make_backend("redis+cluster://:secret@nowhere.invalid:1")->description(),
              "redis+cluster://nowhere.invalid:1");
    for (const auto* scheme : {"redis", "unix", "redis+sentinel", "rediss+sentinel", "rediss+cluster"})
        EXPECT_TRUE(knows_backend(scheme));
}

TEST(QueueRedisUrl, ComesToOptionsThatAreRefusedByName) {
    const auto refusal = [](const redis_queue_options& o) -> std::string {
        try {
            check(o);
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal({}), "accepted");
    EXPECT_EQ(refusal({.prefix = ""}),
              "queue::redis_queue_options::prefix must have 1 to 100 bytes and no control characters");
    EXPECT_EQ(refusal({.replicas = 101}), "queue::redis_queue_options::replicas must be at most 100");
    EXPECT_EQ(refusal({.timeout = 0ms}), "queue::redis_queue_options::timeout must be more than 0");
    EXPECT_EQ(refusal({.look_every = 9ms}), "queue::redis_queue_options::look_every must be from 10 ms to 1 minute");
    EXPECT_EQ(refusal({.stalled_interval = 99ms}),
              "queue::redis_queue_options::stalled_interval must be from 100 ms to 1 hour");
    EXPECT_EQ(refusal({.max_waiting = 0}), "queue::redis_queue_options::max_waiting must be at least 1");
}

} // namespace
} // namespace infra::queue::redis_backend::tests
