#include "../src/change.hpp"

#include "far_store.hpp"

namespace infra::cache::tests {
namespace {

class CacheChange : public ::testing::Test {
protected:
    bool set_if_absent(const char* key, int value) {
        return loop.await(subject.set(key, value, {.only_if_absent = true}));
    }
    void remember_nothing(const char* key) {
        loop.await(subject.get_or_set(key, {.none_ttl = 1h}, []() -> std::optional<int> { return std::nullopt; }));
    }
    int load(const char* key, load_options options, int value) {
        return loop.await(subject.get_or_set(key, std::move(options), [value] { return value; }));
    }
    int fall_back(const char* key, load_options options) {
        auto down = []() -> int { throw std::runtime_error("the database is down"); };
        return loop.await(subject.get_or_set(key, std::move(options), down));
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<far_store> stored = std::make_shared<far_store>(make_memory_store({}, time));
    cache subject{stored, {}, time};
};

TEST_F(CacheChange, AnotherTimeLeavesTheGraceBehindIt) {
    const load_options o{.ttl = 1s, .grace = 1h};
    load("a", o, 1);
    EXPECT_TRUE(loop.await(subject.expire("a", 10s)));
    time.advance(10s + 59min);
    EXPECT_EQ(fall_back("a", o), 1);
}

TEST_F(CacheChange, AnotherTimeLeavesTheStaleTimeBehindIt) {
    const load_options o{.ttl = 1s, .stale = 5s};
    load("a", o, 1);
    EXPECT_TRUE(loop.await(subject.expire("a", 10s)));
    time.advance(12s);
    EXPECT_EQ(load("a", o, 2), 1) << "stale, and refreshed behind";
}

TEST_F(CacheChange, WhatIsNoLongerFreshIsNotGivenAnotherTime) {
    load("a", {.ttl = 1s, .stale = 1h}, 1);
    time.advance(2s);
    EXPECT_FALSE(loop.await(subject.expire("a", 1h)));
    EXPECT_EQ(loop.await(subject.get<int>("a")), std::nullopt);
}

TEST_F(CacheChange, AnotherTimeUndoesNoWriteThatCameFirst) {
    load("a", {.ttl = 1s, .tags = "t", .stale = 1h}, 1);
    stored->before_replace = [this](store&) {
        loop.start(subject.set("a", 2, {.ttl = 1s, .tags = "t"})), loop.settle();
    };
    EXPECT_TRUE(loop.await(subject.expire("a", 10s)));
    EXPECT_EQ(loop.await(subject.get<int>("a")), 2);
    EXPECT_EQ(loop.await(subject.ttl("a")), 10s) << "it was given to what lay there then";
}

TEST_F(CacheChange, StoresOverWhatIsWorthNothing) {
    loop.await(subject.set("void", 1, {.tags = "t"}));
    loop.await(subject.invalidate_tag("t"));
    load("stale", {.ttl = 1s, .stale = 1h}, 1);
    remember_nothing("none");
    time.advance(2s);
    for (const auto* key : {"void", "stale", "none"}) {
        EXPECT_TRUE(set_if_absent(key, 2)) << key;
        EXPECT_FALSE(set_if_absent(key, 3)) << key;
        EXPECT_EQ(loop.await(subject.get<int>(key)), 2) << key;
    }
}

TEST_F(CacheChange, StoresNothingOverWhatComesInBetween) {
    loop.await(subject.set("a", 1, {.tags = "t"}));
    loop.await(subject.invalidate_tag("t"));
    stored->before_replace = [this](store&) { loop.start(subject.set("a", 2)), loop.settle(); };
    EXPECT_FALSE(set_if_absent("a", 3));
    EXPECT_EQ(loop.await(subject.get<int>("a")), 2);
}

TEST_F(CacheChange, EachOfManyIsStoredOnlyIfAbsent) {
    loop.await(subject.set("there", 1));
    loop.await(subject.set("void", 1, {.tags = "t"}));
    loop.await(subject.invalidate_tag("t"));
    loop.await(subject.set_many(std::vector<std::pair<std::string, int>>{{"there", 2}, {"void", 2}, {"new", 2}},
                                {.only_if_absent = true}));
    EXPECT_EQ(loop.await(subject.get_many<int>({"there", "void", "new"})), (std::vector<std::optional<int>>{1, 2, 2}));
}

TEST_F(CacheChange, CountsANumberWithTagsAndLeavesItThem) {
    loop.await(subject.set("n", 40, {.ttl = 1min, .tags = "t"}));
    EXPECT_EQ(loop.await(subject.increment("n", 2)), 42);
    EXPECT_EQ(loop.await(subject.get<int>("n")), 42);
    EXPECT_EQ(loop.await(subject.ttl("n")), 1min);
    loop.await(subject.invalidate_tag("t"));
    EXPECT_EQ(loop.await(subject.get<int>("n")), std::nullopt);
    EXPECT_EQ(loop.await(subject.increment("n", 5, 1s)), 5) << "and begins anew where it is void";
    EXPECT_EQ(loop.await(subject.ttl("n")), 1s);
}

TEST_F(CacheChange, LosesNoIncrementOfANumberWithTags) {
    loop.await(subject.set("n", 0, {.tags = "t"}));
    std::vector<std::shared_ptr<pending<std::int64_t>>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(loop.start(subject.increment("n")));
    ASSERT_TRUE(loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->ended; }); }));
    EXPECT_EQ(loop.await(subject.get<int>("n")), 50);
}

TEST_F(CacheChange, BeginsToCountWhereAnAbsenceIsRemembered) {
    remember_nothing("n");
    EXPECT_EQ(loop.await(subject.increment("n", 3)), 3);
    EXPECT_EQ(loop.await(subject.get<int>("n")), 3);
}

TEST_F(CacheChange, CountsNothingElse) {
    loop.await(subject.set("text", "x", {.tags = "t"}));
    loop.await(subject.set("bytes", byte_vector(1, std::byte{'1'})));
    loop.await(subject.set("most", std::numeric_limits<std::int64_t>::max(), {.tags = "t"}));
    for (const auto* key : {"text", "bytes", "most"})
        EXPECT_EQ(loop.code_of(subject.increment(key)), errc::wrong_type) << key;
    EXPECT_EQ(loop.await(subject.get<std::string>("text")), "x");
}

TEST_F(CacheChange, ErasingWhatIsWorthNothingErasesNothing) {
    loop.await(subject.set("void", 1, {.tags = "t"}));
    loop.await(subject.invalidate_tag("t"));
    load("stale", {.ttl = 1s, .stale = 1h}, 1);
    remember_nothing("none");
    loop.await(subject.set("good", 1, {.tags = "u"}));
    loop.await(subject.set("bare", 1));
    time.advance(2s);
    EXPECT_EQ(loop.await(subject.del_many({"void", "stale", "none", "good", "bare", "absent"})), 2U);
    EXPECT_EQ(stored->stats().entries, 0U) << "they are gone all the same";
}

TEST_F(CacheChange, GivesUpWhereOthersAlwaysComeFirst) {
    loop.await(subject.set("n", 0, {.tags = "t"}));
    int written = 0;
    std::function<void(store&)> always = [&](store&) {
        loop.start(subject.set("n", ++written, {.tags = "t"}));
        loop.settle();
        stored->before_replace = always;
    };
    stored->before_replace = always;
    EXPECT_EQ(loop.code_of(subject.increment("n")), infra::errc::overloaded);
    stored->before_replace = nullptr;
    EXPECT_EQ(loop.await(subject.get<int>("n")), written);
}

} // namespace
} // namespace infra::cache::tests
