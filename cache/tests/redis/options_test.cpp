#include "../support.hpp"

#include <infra/cache/redis.hpp>

namespace infra::cache::tests {
namespace {

std::string refusal_of(std::string_view url) {
    try {
        redis_store_options_from(url);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured);
        return e.what();
    }
    return "";
}

TEST(CacheRedisUrl, IsThatOfRedisAndOneOptionMore) {
    const auto o = redis_store_options_from("rediss://shop:secret@cache.internal:6380/2?outage=raise&client_name=shop",
                                            {.prefix = "shop:", .max_bytes = 1 << 20, .timeout = 300ms});
    EXPECT_EQ(o.outage, outage_policy::raise);
    EXPECT_EQ(o.timeout, 300ms);
    EXPECT_EQ(o.server.host, "cache.internal");
    EXPECT_EQ(o.server.database, 2);
    EXPECT_EQ(o.server.client_name, "shop");
    EXPECT_TRUE(o.server.tls);
    EXPECT_EQ(redis_store_options_from("redis://h?protocol=2&outage=forgo").outage, outage_policy::forgo);
    EXPECT_EQ(redis_store_options_from("redis://h?protocol=2&outage=forgo").server.protocol, 2);
    EXPECT_EQ(redis_store_options_from("unix:///run/redis.sock?outage=raise").server.socket_path, "/run/redis.sock");
}

TEST(CacheRedisUrl, TakesNoPieceOfAPasswordForAHost) {
    for (const char* url : {"redis://:12#hunter2@h", "redis://u:12/hunter2@h", "redis://u:12#hunter2@h?outage=raise",
                            "redis+sentinel://u:12/hunter2@h", "redis://u:12?outage=raise&hunter2@h"}) {
        EXPECT_NE(refusal_of(url).find("percent-encode it"), std::string::npos) << url << ": " << refusal_of(url);
        EXPECT_EQ(refusal_of(url).find("hunter2"), std::string::npos) << url;
    }
}

TEST(CacheRedisUrl, LetsNobodyWaitLongForAConnection) {
    EXPECT_EQ(redis_store_options_from("redis://h").server.connect_timeout, 1s);
    EXPECT_EQ(redis_store_options_from("redis://h?connect_timeout=300").server.connect_timeout, 300ms);
}

TEST(CacheRedisUrl, AsksForANearCacheWhereThereIsAPrefix) {
    const store_options with{.prefix = "shop:", .max_bytes = 1 << 20}, without{.max_bytes = 1 << 20};
    const auto bytes = [](std::string_view url, const store_options& o) {
        const auto near = redis_store_options_from(url, o).near_cache;
        EXPECT_TRUE(near.max_bytes == 0 || near.prefix == o.prefix);
        return near.max_bytes;
    };
    EXPECT_EQ(bytes("redis://h", with), 1u << 20);
    EXPECT_EQ(bytes("redis://h", without), 0u);
    EXPECT_EQ(bytes("redis://h?near_cache=on", without), 1u << 20);
    EXPECT_EQ(bytes("redis://h?near_cache=off", with), 0u);
    EXPECT_EQ(bytes("redis+cluster://h:1,i:2", with), 1u << 20);
    EXPECT_NE(refusal_of("redis://h?near_cache=yes").find("near_cache="), std::string::npos);
}

TEST(CacheRedisUrl, IsRefusedByItsPartAndWithoutItsPassword) {
    EXPECT_NE(refusal_of("redis://h?outage=panic").find("outage="), std::string::npos);
    EXPECT_NE(refusal_of("redis://:secret@h:port").find("port"), std::string::npos);
    for (const auto* const url :
         {"redis://:secret@h:port", "redis://:secret@h?nothing=1", "redis:secret", "redis://u:secret@["})
        EXPECT_EQ(refusal_of(url).find("secret"), std::string::npos) << refusal_of(url);
}

TEST(CacheRedisUrl, IsKnownOnceTheTargetIsLinked) {
    for (const auto* const scheme : {"redis", "rediss", "unix", "redis+sentinel", "redis+cluster", "rediss+cluster"})
        EXPECT_TRUE(knows_store(scheme)) << scheme;
    EXPECT_EQ(make_store("redis://:secret@127.0.0.1:1/3")->description(), "redis://127.0.0.1:1/3");
}

TEST(CacheRedisOptions, NameTheFieldThatIsBad) {
    const auto refusal = [](redis_store_options o) -> std::string {
        try {
            make_redis_store(std::move(o), {});
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    EXPECT_EQ(refusal({.timeout = 0ms}), "cache::redis_store_options::timeout must be positive");
    EXPECT_EQ(refusal({.breaker = {.failures = 0}}), "cache::redis_store_options::breaker.failures must be at least 1");
    EXPECT_EQ(refusal({.breaker = {.patience = 9ms}}),
              "cache::redis_store_options::breaker.patience must be at least 10 ms");
    EXPECT_EQ(refusal({.breaker = {.probe_every = 2s}}),
              "cache::redis_store_options::breaker.probe_every must be from 10 ms to 1 s");
    EXPECT_EQ(refusal({.max_owed = 0}), "cache::redis_store_options::max_owed must be at least 1");
}

} // namespace
} // namespace infra::cache::tests
