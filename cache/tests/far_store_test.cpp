// The cache over a store that knows nothing without being awaited, as one on another machine does.

#include "far_store.hpp"
#include "support.hpp"

namespace infra::cache::tests {
namespace {

class CacheOnAFarStore : public ::testing::Test {
protected:
    template <class T>
    std::optional<T> get(const cache& from, std::string_view key) {
        return loop.await(from.get<T>(key));
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<far_store> stored = std::make_shared<far_store>(make_memory_store({}, time));
    cache subject{stored, {}, time};
};

TEST_F(CacheOnAFarStore, AwaitsWhatItDoesNotKnow) {
    loop.await(subject.set("a", "text", 1s));
    EXPECT_EQ(subject.try_get<std::string>("a"), std::nullopt);
    EXPECT_EQ(get<std::string>(subject, "a"), "text");
    EXPECT_TRUE(loop.await(subject.exists("a")));
    EXPECT_EQ(loop.await(subject.ttl("a")), 1s);
    EXPECT_TRUE(loop.await(subject.del("a")));
    EXPECT_EQ(get<std::string>(subject, "a"), std::nullopt);
}

TEST_F(CacheOnAFarStore, HeedsTagsAndFlushes) {
    const auto users = subject.ns("users");
    loop.await(users.set("a", 1, {.tags = {"t", "u"}}));
    loop.await(users.set("b", 2));
    EXPECT_EQ(get<int>(users, "a"), 1);
    loop.await(users.invalidate_tag("u"));
    EXPECT_EQ(get<int>(users, "a"), std::nullopt);
    EXPECT_EQ(get<int>(users, "b"), 2);
    loop.await(subject.flush());
    EXPECT_EQ(get<int>(users, "b"), std::nullopt);
    loop.await(users.set("b", 3));
    EXPECT_EQ(get<int>(users, "b"), 3);
}

TEST_F(CacheOnAFarStore, AsksForManyTogether) {
    loop.await(subject.set_many(std::vector<std::pair<std::string, int>>{{"a", 1}, {"b", 2}}, {.tags = "t"}));
    EXPECT_EQ(loop.await(subject.get_many<int>({"a", "x", "b"})),
              (std::vector<std::optional<int>>{1, std::nullopt, 2}));
    EXPECT_EQ(stored->gets, 1);
    const auto before = stored->versions_asked;
    loop.await(subject.get_many<int>({"a", "x", "y"}));
    loop.await(subject.set_many(std::vector<std::pair<std::string, int>>{{"c", 1}, {"d", 2}}));
    loop.await(subject.del_many({"c", "d"}));
    EXPECT_EQ(stored->versions_asked - before, 4) << "that of the namespace once a call, that of the tag of `a` once";
}

TEST_F(CacheOnAFarStore, LoadsOnceAndServesStale) {
    int loads = 0;
    auto load = [&loads] { return ++loads; };
    const load_options o{.ttl = 1s, .tags = "t", .stale = 1h};
    std::vector<std::shared_ptr<pending<int>>> all;
    for (int i = 0; i < 100; ++i)
        all.push_back(loop.start(subject.get_or_set("k", o, load)));
    ASSERT_TRUE(loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->ended; }); }));
    EXPECT_EQ(loads, 1);
    time.advance(2s);
    EXPECT_EQ(loop.await(subject.get_or_set("k", o, load)), 1);
    ASSERT_TRUE(loop.until([&] { return loads == 2; }));
    ASSERT_TRUE(loop.until([&] { return loop.await(subject.get_or_set("k", o, load)) == 2; }));
    loop.await(subject.invalidate_tag("t"));
    EXPECT_EQ(loop.await(subject.get_or_set("k", o, load)), 3);
}

} // namespace
} // namespace infra::cache::tests
