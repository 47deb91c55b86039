#include "support.hpp"

namespace infra::cache::tests {
namespace {

TEST(CreateCache, IsInMemoryWithoutAnEnvironment) { EXPECT_EQ(url_from(environment()), "memory:"); }

TEST(CreateCache, FollowsCacheUrl) {
    EXPECT_EQ(url_from(environment({{"CACHE_URL", "other:x"}, {"REDIS_URL", "redis://host"}})), "other:x");
}

TEST(CreateCache, RefusesRedisThatIsNotLinked) {
    try {
        url_from(environment({{"REDIS_URL", "redis-unlinked://user:secret@host"}}));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::misconfigured);
        EXPECT_STREQ(e.what(), "REDIS_URL: no Redis backend of the cache is linked; set CACHE_URL (memory:) or unset "
                               "REDIS_URL");
    }
}

TEST(CreateCache, TakesRedisOnceItIsLinked) {
    register_store("redis-of-test", [](std::string_view, const store_options&) { return make_memory_store(); });
    EXPECT_EQ(url_from(environment({{"REDIS_URL", "redis-of-test://host"}})), "redis-of-test://host");
}

TEST(CreateCache, NamesTheVariableThatIsWrong) {
    register_store("redis-of-fools", [](std::string_view, const store_options&) -> std::shared_ptr<store> {
        throw error(infra::errc::misconfigured, "the port is no number");
    });
    const auto problem = [](environment variables) -> std::string {
        try {
            return static_cast<void>(cache_from(variables)), "";
        } catch (const error& e) {
            return e.what();
        }
    };
    EXPECT_EQ(problem(environment({{"REDIS_URL", "redis-of-fools://h"}})), "REDIS_URL: the port is no number");
    EXPECT_EQ(problem(environment({{"CACHE_URL", "redis-of-fools://h"}, {"REDIS_URL", "redis://h"}})),
              "CACHE_URL: the port is no number");
}

TEST(CreateCache, AnOptionWinsOverTheEnvironment) {
    const environment other({{"CACHE_URL", "other:x"}});
    EXPECT_EQ(cache_from(other, {.url = "memory:"}).options().url, "memory:");
    EXPECT_THROW(static_cast<void>(cache_from(other)), error);
}

TEST(CreateCache, TheDefaultOneCanBeReplaced) {
    test_loop loop;
    auto mine = create_cache({.url = "memory:"});
    set_default_cache(mine);
    loop.await(mine.set("a", 1));
    EXPECT_EQ(default_cache().try_get<int>("a"), 1);
}

} // namespace
} // namespace infra::cache::tests
