// What an outage kept the server from being told, and what holds all the same.

#include "outage_fixture.hpp"

namespace infra::cache::tests {
namespace {

class CacheRedisOwed : public OnRedisAtTimes {};

TEST_F(CacheRedisOwed, MakesUpForErasuresBeforeAnybodyReads) {
    loop.await(subject->set("k", "old"));
    loop.await(subject->set("l", "old"));
    cut();
    loop.await(subject->del("k"));
    loop.await(subject->set("l", "new"));
    between->refusing = false;
    loop.until([&] {
        EXPECT_NE(get("k"), "old");
        EXPECT_NE(get("l"), "old") << "what would have been replaced";
        return get("warm").has_value();
    });
    EXPECT_EQ(raw("p:k"), std::nullopt);
    EXPECT_EQ(raw("p:l"), std::nullopt);
}

TEST_F(CacheRedisOwed, MakesUpForInvalidationsBeforeAnybodyReads) {
    loop.await(subject->set("k", "old", {.tags = "t"}));
    cut();
    loop.await(subject->invalidate_tag("t"));
    between->refusing = false;
    loop.until([&] {
        EXPECT_EQ(get("k"), std::nullopt);
        return get("warm").has_value();
    });
}

TEST_F(CacheRedisOwed, MakesEverythingVoidWhenItOwesTooMuch) {
    auto o = hasty();
    o.max_owed = 10;
    use(o);
    loop.await(subject->set("k", "old"));
    cut();
    ASSERT_TRUE(went_away());
    for (int i = 0; i < 20; ++i)
        loop.await(subject->del("other" + std::to_string(i)));
    between->refusing = false;
    ASSERT_TRUE(loop.until([&] { return raw("p:@@version").has_value(); }));
    ASSERT_TRUE(loop.until([&] { return loop.await(subject->set("new", "1")) && get("new") == "1"; }));
    EXPECT_EQ(get("k"), std::nullopt);
    EXPECT_EQ(get("warm"), std::nullopt);
}

// An inner one's version counts together with those around it, and the outermost is enough.
TEST_F(CacheRedisOwed, MakesNamespacesVoidByTheOutermost) {
    auto o = hasty();
    o.max_owed = 10;
    use(o);
    std::vector<cache> inner;
    for (int i = 0; i < 50; ++i) {
        inner.push_back(subject->ns("user" + std::to_string(i)));
        loop.await(inner.back().set("k", "old"));
    }
    cut();
    ASSERT_TRUE(went_away());
    for (const auto& each : inner)
        loop.await(each.del("k"));
    between->refusing = false;
    ASSERT_TRUE(loop.until([&] { return raw("p:@@version").has_value(); }));
    ASSERT_TRUE(loop.until([&] { return loop.await(subject->set("new", "1")) && get("new") == "1"; }));
    EXPECT_EQ(raw("p:user0:@@version"), std::nullopt) << "as many versions as there are users";
    for (const auto& each : inner)
        EXPECT_EQ(loop.await(each.get<std::string>("k")), std::nullopt);
}

TEST_F(CacheRedisOwed, KeepsVoidWhatWasMadeVoidThoughItsVersionIsEvicted) {
    loop.await(subject->set("k", "old", {.tags = "t"}));
    loop.await(subject->invalidate_tag("t"));
    loop.await(direct->execute<void>({"DEL", "p:@@tag:t"}));
    EXPECT_EQ(get("k"), std::nullopt);
    loop.await(subject->set("l", "new", {.tags = "t"}));
    EXPECT_EQ(get("l"), "new");
    EXPECT_EQ(get("k"), std::nullopt);
    EXPECT_EQ(loop.await(subject->get_or_set("m", {.ttl = 1h, .tags = "other"}, [] { return std::string("made"); })),
              "made");
    EXPECT_TRUE(raw("p:@@tag:other"));
    loop.await(direct->execute<void>({"DEL", "p:@@tag:other"}));
    EXPECT_EQ(get("m"), std::nullopt);
}

TEST_F(CacheRedisOwed, ReadsNothingFromBeforeAFlushThatItDidNotHearOf) {
    loop.await(subject->set("k", "old"));
    const cache elsewhere(make_store({.server = server->over_socket()}), {.prefix = "p:"});
    cut();
    EXPECT_EQ(get("k"), std::nullopt);
    loop.await(elsewhere.flush());
    between->refusing = false;
    loop.until([&] {
        EXPECT_EQ(get("k"), std::nullopt);
        return loop.await(subject->set("new", "1"));
    });
    EXPECT_EQ(get("k"), std::nullopt);
}

TEST_F(CacheRedisOwed, MakesVoidWhatHasNoVersionButWhatSomebodyPutThere) {
    loop.await(subject->set("k", "old", {.tags = "t"}));
    put_raw("@@versions", "many");
    put_raw("p:@@tag:t", "none");
    loop.await(subject->invalidate_tag("t"));
    EXPECT_EQ(get("k"), std::nullopt);
    loop.await(subject->set("k", "old", {.tags = "t"}));
    loop.await(direct->execute<void>({"DEL", "@@versions", "p:@@tag:t"}));
    loop.await(direct->execute<void>({"RPUSH", "@@versions", "x"}));
    loop.await(direct->execute<void>({"RPUSH", "p:@@tag:t", "x"}));
    loop.await(subject->invalidate_tag("t"));
    EXPECT_EQ(get("k"), std::nullopt);
    EXPECT_TRUE(came_back());
}

TEST_F(CacheRedisOwed, MakesVoidWhatHasAGreaterVersionThanItKnows) {
    put_raw("p:@@tag:t", "9000000000000000");
    loop.await(subject->set("k", "old", {.tags = "t"}));
    EXPECT_EQ(get("k"), "old");
    loop.await(subject->invalidate_tag("t"));
    EXPECT_EQ(get("k"), std::nullopt);
    EXPECT_EQ(raw("p:@@tag:t"), "9000000000000001");
}

TEST_F(CacheRedisOwed, ErasesWhatWasToLiveForLess) {
    loop.await(subject->set("k", "old"));
    cut();
    EXPECT_FALSE(loop.await(subject->expire("k", 1s)));
    between->refusing = false;
    ASSERT_TRUE(came_back());
    EXPECT_EQ(raw("p:k"), std::nullopt);
}

} // namespace
} // namespace infra::cache::tests
