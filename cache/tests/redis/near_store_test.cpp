// The near-cache between two processes, as two stores, and what stands between them and the server.

#include "support.hpp"

#include <limits>

namespace infra::cache::tests {
namespace {

constexpr auto unheard_of = std::numeric_limits<std::uint64_t>::max();

class CacheNearOnRedis : public OnRedis {
protected:
    void SetUp() override {
        OnRedis::SetUp();
        if (IsSkipped())
            return;
        near = make_store(with_near(through_the_proxy()));
        here.emplace(near, cache_options{.prefix = "p:"});
        there.emplace(make_store(with_near(patient({.server = server->over_socket()}))), cache_options{.prefix = "p:"});
        loop.await(there->set("a", "1"));
        ASSERT_TRUE(becomes_near("a"));
    }

    virtual redis_store_options through_the_proxy() { return patient({.server = between->to()}); }
    static redis_store_options with_near(redis_store_options o) {
        o.near_cache = {.max_bytes = 1 << 20, .prefix = "p:"};
        return o;
    }

    maybe get(std::string_view key) { return loop.await(here->get<std::string>(key)); }
    maybe at_hand(std::string_view key) { return here->try_get<std::string>(key); }

    /// Once it listens, one read is enough to keep a copy.
    bool becomes_near(std::string_view key) {
        return loop.until([&] { return get(key) && at_hand(key); });
    }

    std::shared_ptr<store> near;
    std::optional<cache> here, there;
};

class CacheNearOutage : public CacheNearOnRedis {
protected:
    redis_store_options through_the_proxy() override { return hasty(); }
};

TEST_F(CacheNearOnRedis, AnswersWithoutTheServer) {
    int asked = 0;
    between->on_request = [&](std::string bytes) -> std::optional<std::string> {
        ++asked;
        return bytes;
    };
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(at_hand("a"), "1");
        EXPECT_EQ(get("a"), "1");
    }
    EXPECT_EQ(asked, 0);
}

TEST_F(CacheNearOnRedis, DropsWhatAnotherProcessWrites) {
    for (const std::string value : {"2", "3", "4"}) {
        loop.await(there->set("a", value));
        ASSERT_TRUE(loop.until([&] { return at_hand("a") != "1"; }));
        ASSERT_TRUE(loop.until([&] { return get("a") == value; }));
        ASSERT_TRUE(becomes_near("a"));
    }
    loop.await(there->del("a"));
    ASSERT_TRUE(loop.until([&] { return !get("a"); }));
}

TEST_F(CacheNearOnRedis, ReadsItsOwnWritesAtOnce) {
    for (int i = 0; i < 50; ++i) {
        loop.await(here->set("a", std::to_string(i)));
        EXPECT_EQ(get("a"), std::to_string(i));
    }
    loop.await(here->del("a"));
    EXPECT_EQ(get("a"), std::nullopt);
    for (int i = 1; i <= 3; ++i) {
        EXPECT_EQ(loop.await(here->increment("n")), i);
        EXPECT_EQ(loop.await(here->get<int>("n")), i);
    }
}

TEST_F(CacheNearOnRedis, HearsOfFlushesAndTags) {
    loop.await(there->set("tagged", "1", {.tags = "t"}));
    ASSERT_TRUE(becomes_near("tagged"));
    loop.await(there->invalidate_tag("t"));
    ASSERT_TRUE(loop.until([&] { return !at_hand("tagged") && !get("tagged"); }));
    EXPECT_EQ(get("a"), "1");
    loop.await(there->flush());
    ASSERT_TRUE(loop.until([&] { return !at_hand("a") && !get("a"); }));
    loop.await(here->flush());
    loop.await(here->set("b", "1"));
    EXPECT_EQ(get("b"), "1");
}

// The reply of a read is held back until the word of a change that came after it has passed it by.
TEST_F(CacheNearOnRedis, KeepsNoCopyOfAnAnswerThatTheChangeOvertook) {
    loop.await(there->set("b", "old"));
    std::string held;
    bool told = false;
    between->on_reply = [&](std::string bytes) -> std::optional<std::string> {
        const bool is_push = bytes.starts_with('>');
        told = told || (is_push && !held.empty());
        if (is_push || told)
            return is_push ? bytes : std::exchange(held, "") + bytes;
        held += bytes;
        return "";
    };
    const auto reading = loop.start(here->get<std::string>("b"));
    ASSERT_TRUE(loop.until([&] { return held.find("old") != std::string::npos; }));
    put_raw("p:b", "\"new\"");
    ASSERT_TRUE(loop.until([&] { return told; }));
    loop.await(near->time_left({"p:b"})); // whose reply brings along what was held
    ASSERT_TRUE(loop.until([&] { return reading->ended; }));
    EXPECT_EQ(reading->value, "old");
    EXPECT_EQ(at_hand("b"), std::nullopt);
    EXPECT_EQ(get("b"), "new");
}

TEST_F(CacheNearOutage, HasNoFreshCopiesOnceItIsDeaf) {
    cut();
    ASSERT_TRUE(loop.until([&] { return !at_hand("a"); }));
    EXPECT_EQ(get("a"), std::nullopt);
    loop.await(there->set("a", "2"));
    between->refusing = false;
    ASSERT_TRUE(loop.until([&] {
        EXPECT_NE(get("a"), "1");
        return get("a") == "2";
    }));
    ASSERT_TRUE(becomes_near("a"));
    EXPECT_EQ(at_hand("a"), "2");
}

TEST_F(CacheNearOutage, FallsBackOnAnOldCopyWhileTheServerAndTheLoaderFail) {
    const load_options o{.ttl = 1min, .tags = "t", .grace = 1h};
    const auto good = [] { return 7; };
    const auto bad = []() -> int { throw std::runtime_error("the database is away as well"); };
    const auto ask = [&](auto load) { return loop.await(here->get_or_set("graceful", o, load)); };
    EXPECT_EQ(ask(good), 7);
    ASSERT_TRUE(loop.until([&] { return loop.await(here->get<int>("graceful")) && here->try_get<int>("graceful"); }));
    cut();
    ASSERT_TRUE(loop.until([&] { return !here->try_get<int>("graceful"); }));
    EXPECT_EQ(loop.await(here->get<int>("graceful")), std::nullopt) << "it may be old";
    EXPECT_EQ(ask([] { return 8; }), 8) << "an old copy is no reason not to load";
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(ask(bad), 7);
    EXPECT_THROW(loop.await(here->get_or_set("graceful", 1min, bad)), std::runtime_error) << "who serves nothing old";
    between->refusing = false;
    ASSERT_TRUE(becomes_near("a"));
    EXPECT_EQ(ask(bad), 7) << "which the server has kept";
}

// A server without room takes no version, and what is owed stays so while other writes pass.
TEST_F(CacheNearOutage, ServesNothingThatItHasMadeVoidWhileTheServerCannotBeToldOfIt) {
    const metrics_listener heard;
    const std::vector<std::string> name{"p:@@version"};
    cut();
    loop.await(direct->execute<void>({"CONFIG", "SET", "maxmemory", "1"}));
    loop.await(here->flush());
    between->refusing = false;
    const auto is_answered = [&] {
        const auto before = heard.of("cache_store_dropped_total{verb=read}");
        EXPECT_EQ(loop.await(near->versions(name)), std::vector<std::uint64_t>{unheard_of});
        return heard.of("cache_store_dropped_total{verb=read}") == before;
    };
    ASSERT_TRUE(loop.until(is_answered));
    EXPECT_FALSE(near->slot(name.front(), nesting::outermost)->known);
    EXPECT_EQ(get("a"), std::nullopt);
    loop.await(direct->execute<void>({"CONFIG", "SET", "maxmemory", "0"}));
    ASSERT_TRUE(loop.until([&] { return loop.await(here->set("b", "1")) && get("b"); }));
    EXPECT_EQ(get("a"), std::nullopt);
}

TEST_F(CacheNearOnRedis, NeedsNoOtherRightsThanTheReadmeNames) {
    const metrics_listener heard;
    loop.await(direct->execute<void>({"ACL", "SETUSER", "shop", "on", ">secret", "~p:*", "~@@versions", "~@@lease:{p:*",
                                      "~@@fence:{p:*", "resetchannels", "+@read", "+@write", "+@scripting",
                                      "+@connection", "+time"}));
    auto o = with_near({.server = server->over_socket()});
    o.server.username = "shop";
    o.server.password = "secret";
    here.emplace(make_store(std::move(o)), cache_options{.prefix = "p:"});
    EXPECT_EQ(loop.await(here->get_or_set("loaded", {.ttl = 1h, .tags = "t"}, [] { return 7; })), 7);
    EXPECT_EQ(loop.await(here->increment("n")), 1);
    EXPECT_TRUE(loop.await(here->expire("n", 1s)));
    EXPECT_TRUE(loop.await(here->try_lock("l")).has_value());
    EXPECT_TRUE(loop.await(here->del("n")));
    ASSERT_TRUE(becomes_near("a"));
    loop.await(here->invalidate_tag("t"));
    EXPECT_EQ(loop.await(here->get<int>("loaded")), std::nullopt);
    loop.await(here->flush());
    EXPECT_EQ(get("a"), std::nullopt);
    EXPECT_EQ(heard.of("cache_store_refused_total"), 0);
}

TEST_F(CacheNearOutage, FallsBackOnNothingThatWasMadeVoid) {
    const load_options o{.ttl = 1min, .tags = "t", .grace = 1h};
    const auto bad = []() -> int { throw std::runtime_error("the database is away as well"); };
    EXPECT_EQ(loop.await(here->get_or_set("graceful", o, [] { return 7; })), 7);
    ASSERT_TRUE(loop.until([&] { return loop.await(here->get<int>("graceful")) && here->try_get<int>("graceful"); }));
    loop.await(there->invalidate_tag("t"));
    ASSERT_TRUE(loop.until([&] { return !here->try_get<int>("graceful"); }));
    cut();
    EXPECT_THROW(loop.await(here->get_or_set("graceful", o, bad)), std::runtime_error);
}

TEST_F(CacheNearOnRedis, KnowsTheTimeThatAValueHasLeft) {
    loop.await(there->set("short", "1", 100ms));
    ASSERT_TRUE(becomes_near("short"));
    ASSERT_TRUE(loop.until([&] { return !at_hand("short"); }));
    EXPECT_EQ(get("short"), std::nullopt);
}

TEST_F(CacheNearOnRedis, IsEmptiedByAnEraseOfTheDatabase) {
    put_raw("other", "1");
    loop.await(erase_whole_database_whoever_uses_it(there->stored()));
    ASSERT_TRUE(loop.until([&] { return !at_hand("a"); }));
    EXPECT_EQ(get("a"), std::nullopt);
    EXPECT_EQ(raw("other"), std::nullopt);
    EXPECT_THROW(loop.await(erase_whole_database_whoever_uses_it(make_memory_store())), std::invalid_argument);
}

// Written by one process and read by another as fast as both can: whoever has heard that a write was acknowledged, and then
// waits for a message to make its way, reads nothing older.
TEST_F(CacheNearOnRedis, ReadsNothingOlderThanOneMessage) {
    for (int i = 0; i < 500; ++i) {
        loop.await(there->set("n", i));
        loop.await(direct->execute<void>({"PING"}));
        loop.await(
            near->time_left({"p:n"})); // what was pushed before has been read by then: both come through one proxy
        const auto found = here->try_get<int>("n");
        EXPECT_TRUE(!found || *found == i) << *found << " after " << i;
        EXPECT_EQ(loop.await(here->get<int>("n")), i);
    }
}

TEST_F(CacheNearOnRedis, TellsHowMuchItHolds) {
    EXPECT_GE(near->stats().entries, 1u);
    EXPECT_GT(near->stats().bytes, 0u);
}

} // namespace
} // namespace infra::cache::tests
