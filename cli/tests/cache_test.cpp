#include "src/cache.hpp"

#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/cache.hpp>
#include <infra/cache/redis.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <sstream>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

TEST(ShownTtl, HasTwoUnitsAtMost) {
    EXPECT_EQ(shown_ttl(250ms), "250ms");
    EXPECT_EQ(shown_ttl(1s), "1s");
    EXPECT_EQ(shown_ttl(4min + 5s + 3ms), "4m 5s");
    EXPECT_EQ(shown_ttl(25h + 1s), "1d 1h");
    EXPECT_EQ(shown_ttl(cache::forever), "without an end");
}

TEST(EscapedPattern, TakesSignsForThemselves) { EXPECT_EQ(escaped_pattern(R"(a*b?[c]\)"), R"(a\*b\?\[c\]\\)"); }

TEST(ServerFacts, AreReadFromInfoAndAdded) {
    const auto one = facts_from("# Server\r\nredis_version:7.0.15\r\nused_memory:2097152\r\nused_memory_rss:9\r\n"
                                "maxmemory:0\r\nmaxmemory_policy:noeviction\r\nkeyspace_hits:3\r\nkeyspace_misses:1\r\n"
                                "evicted_keys:x\r\nexpired_keys:7");
    EXPECT_EQ(one.version, "7.0.15");
    EXPECT_EQ(one.used_memory, 2097152U);
    EXPECT_EQ(one.evicted, 0U) << "not a number";
    EXPECT_EQ(one.expired, 7U) << "the last line has no end";
    EXPECT_EQ(facts_from("").hits, 0U);

    const auto both = sum_of({one, one});
    EXPECT_EQ(both.hits, 6U);
    EXPECT_EQ(text_of(both), "redis    7.0.15\nkeys     0\nmemory   4.0 MiB (no bound)\nhits     75.0 % of 8 reads\n"
                             "evicted  0\nexpired  14\nclients  0");
    EXPECT_EQ(document_of(both).at("expired").as_uint64(), 14U);
}

struct CacheCommand : ::testing::Test {
    void SetUp() override {
        if (!infra::testing::redis_server::installed())
            GTEST_SKIP() << infra::testing::redis_server::how_to_install;
        server.emplace();
    }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_cache(f);
        words.insert(words.begin(), "cache");
        words.insert(words.end(), {"--url", server->url(), "--prefix", "shop:"});
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }

    cache::cache ours() const {
        return cache::cache(cache::make_redis_store(cache::redis_store_options_from(server->url())),
                            {.prefix = "shop:"});
    }

    std::optional<infra::testing::redis_server> server;
    std::string out, err;
};

TEST_F(CacheCommand, ReadsWhatAServiceWrote) {
    wait(ours().set("user", json::value{{"name", "Ada"}}, 90s));
    EXPECT_EQ(run({"get", "user"}), 0);
    EXPECT_EQ(out, "{\"name\":\"Ada\"}\n");
    EXPECT_EQ(run({"get", "user", "--json"}), 0);
    EXPECT_EQ(out, "{\"key\":\"user\",\"value\":{\"name\":\"Ada\"}}\n");
    EXPECT_EQ(run({"ttl", "user"}), 0);
    EXPECT_TRUE(out == "1m 30s\n" || out == "1m 29s\n") << out;
}

TEST_F(CacheCommand, WritesWhatAServiceReads) {
    EXPECT_EQ(run({"set", "user", "{\"name\":\"Ada\"}", "--ttl", "5m"}), 0);
    EXPECT_EQ(out, "stored, for 5m\n");
    EXPECT_EQ(wait(ours().get("user")).value().at("name").as_string(), "Ada");
    EXPECT_EQ(run({"set", "greeting", "hello"}), 0);
    EXPECT_EQ(out, "stored, without an end\n");
    EXPECT_EQ(wait(ours().get<std::string>("greeting")), "hello");
    EXPECT_EQ(run({"set", "digits", "42", "--text"}), 0);
    EXPECT_EQ(wait(ours().get<std::string>("digits")), "42");
    EXPECT_EQ(run({"get", "digits", "--raw"}), 0);
    EXPECT_EQ(out, "42");
    EXPECT_EQ(run({"set", "user", "1", "--ttl", "soon"}), 2);
}

TEST_F(CacheCommand, KeepsBytesFromTheTerminal) {
    wait(ours().set("bytes", cache::byte_vector{std::byte{0}, std::byte{0x1b}, std::byte{0xff}}));
    EXPECT_EQ(run({"get", "bytes"}), 0);
    EXPECT_EQ(out, "3 bytes that are no JSON; --raw writes them\n");
    EXPECT_EQ(run({"get", "bytes", "--raw"}), 0);
    EXPECT_EQ(out, std::string("\0\x1b\xff", 3));
    EXPECT_EQ(run({"get", "bytes", "--json"}), 0);
    EXPECT_EQ(out, "{\"key\":\"bytes\",\"base64\":\"ABv/\"}\n");
}

TEST_F(CacheCommand, SaysThatNothingIsThere) {
    EXPECT_EQ(run({"get", "nobody"}), 3);
    EXPECT_EQ(err, "infra: there is nothing under 'nobody'\n");
    EXPECT_EQ(run({"ttl", "nobody"}), 3);
    EXPECT_EQ(run({"del", "nobody"}), 3);
}

TEST_F(CacheCommand, ErasesSeveral) {
    wait(ours().set("a", 1));
    wait(ours().set("b", 2));
    EXPECT_EQ(run({"del", "a", "b", "c", "--json"}), 0);
    EXPECT_EQ(out, "{\"erased\":2}\n");
    EXPECT_FALSE(wait(ours().exists("a")));
}

TEST_F(CacheCommand, ErasesWhatBeginsSoWhenItIsMeant) {
    for (const auto* each : {"user:1", "user:2", "users"})
        wait(ours().set(each, 1));
    EXPECT_EQ(run({"del", "--starts-with", "user:"}), 2);
    EXPECT_NE(err.find("say --yes"), std::string::npos) << err;
    EXPECT_EQ(run({"del", "--starts-with", "user:", "--yes", "--json"}), 0) << err;
    EXPECT_EQ(out, "{\"erased\":2}\n");
    EXPECT_TRUE(wait(ours().exists("users")));
    EXPECT_EQ(run({"del", "--starts-with", "user:", "--yes"}), 3);
    EXPECT_EQ(run({"del", "users", "--starts-with", "user:", "--yes"}), 2);
    EXPECT_EQ(run({"del"}), 2);
}

TEST_F(CacheCommand, ListsHowLongKeysAreGood) {
    wait(ours().set("a", 1, 90s));
    wait(ours().set("b", 2));
    ASSERT_EQ(run({"scan", "--long", "--json"}), 0) << err;
    const auto keys = json::parse(out).value().at("keys").as_array();
    ASSERT_EQ(keys.size(), 2u);
    EXPECT_EQ(keys[0].at("key"), "a");
    EXPECT_GT(keys[0].at("ttl_ms").as_int64(), 80'000);
    EXPECT_TRUE(keys[1].at("ttl_ms").is_null());
    ASSERT_EQ(run({"scan", "--long"}), 0) << err;
    EXPECT_TRUE(out.starts_with("GOOD FOR        KEY\n1m 2") || out.starts_with("GOOD FOR        KEY\n1m 30s")) << out;
    EXPECT_TRUE(out.ends_with("without an end  b\n")) << out;
}

TEST_F(CacheCommand, MakesWhatCarriesATagVoid) {
    const auto values = ours();
    wait(values.set("a", 1, {.tags = {"user:1"}}));
    wait(values.set("b", 2, {.tags = {"user:2", "prices"}}));
    wait(values.set("c", 3, {.tags = {"user:3"}}));
    EXPECT_EQ(run({"invalidate", "user:1"}), 0) << err;
    EXPECT_EQ(out, "what carries the tag is void\n");
    EXPECT_EQ(run({"get", "a"}), 3);
    EXPECT_EQ(run({"get", "b"}), 0) << err;
    EXPECT_EQ(run({"invalidate", "prices", "user:3", "--json"}), 0) << err;
    EXPECT_EQ(out, "{\"tags\":[\"prices\",\"user:3\"]}\n");
    EXPECT_EQ(run({"get", "b"}), 3);
    EXPECT_EQ(run({"get", "c"}), 3);
    EXPECT_EQ(run({"invalidate", std::string(256, 'x')}), 2) << "no tag is so long";
}

TEST_F(CacheCommand, FlushesWhatIsUnderThePrefixWhenItIsMeant) {
    EXPECT_EQ(run({"set", "a", "1"}), 0) << err;
    EXPECT_EQ(run({"flush"}), 2);
    EXPECT_EQ(err, "infra: flush makes every value under the prefix 'shop:' void; say --yes if it is meant\n");
    EXPECT_EQ(run({"get", "a"}), 0) << err;
    EXPECT_EQ(run({"flush", "--yes"}), 0) << err;
    EXPECT_EQ(out, "everything under 'shop:' is void\n");
    EXPECT_EQ(run({"get", "a"}), 3);
}

TEST_F(CacheCommand, ListsTheKeysThatAreAliveBelowThePrefix) {
    wait(ours().set("void", 1));
    wait(ours().flush());
    for (const auto* key : {"user:2", "user:1", "page"})
        wait(ours().set(key, 1));
    wait(cache::cache(ours().stored(), {.prefix = "other:"}).set("user:3", 1));
    EXPECT_EQ(run({"scan"}), 0);
    EXPECT_EQ(out, "page\nuser:1\nuser:2\n");
    EXPECT_EQ(run({"scan", "user:*", "--limit", "1"}), 0);
    EXPECT_EQ(out, "user:1\n");
    EXPECT_EQ(err, "infra: there are more; --limit shows them\n");
    EXPECT_EQ(run({"scan", "nothing*", "--json"}), 0);
    EXPECT_EQ(out, "{\"keys\":[],\"more\":false}\n");
}

TEST_F(CacheCommand, TellsHowTheServerIs) {
    wait(ours().set("a", 1));
    EXPECT_EQ(run({"stats", "--json"}), 0);
    const auto document = json::parse(out).value();
    EXPECT_EQ(document.at("keys").as_int64(), 1);
    EXPECT_GT(document.at("used_memory").as_int64(), 0);
}

TEST_F(CacheCommand, SaysWhatIsWrongWithItsCode) {
    EXPECT_EQ(run({"get", "@@version"}), 2) << err;
    EXPECT_EQ(run({"get"}), 2);
    EXPECT_NE(err.find("(infra cache get --help shows"), std::string::npos) << err;
    EXPECT_EQ(run({"gte", "x"}), 2);
    EXPECT_NE(err.find("did you mean 'get'?"), std::string::npos) << err;
    server->kill();
    EXPECT_EQ(run({"get", "user", "--timeout", "500ms"}), 5) << "not a miss";
    EXPECT_EQ(run({"stats", "--timeout", "500ms"}), 5);
}

TEST(CacheCommandAlone, RefusesAMemoryOfItsOwn) {
    std::ostringstream out, err;
    frame f(out, err);
    add_cache(f);
    EXPECT_EQ(f.run({"cache", "get", "x", "--url", "memory:"}), 2);
    EXPECT_NE(err.str().find("seen by its own service alone"), std::string::npos) << err.str();
}

} // namespace
} // namespace infra::cli
