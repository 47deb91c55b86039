// Values that have something in common: a prefix, a namespace, a tag; and locks.

#include "cache_fixture.hpp"

namespace infra::cache::tests {
namespace {

class CacheTogether : public OnMemory {};

TEST_F(CacheTogether, APrefixKeepsTwoApart) {
    const auto a = make({.prefix = "a:"}), b = make({.prefix = "b:"});
    loop.await(a.set("k", 1));
    EXPECT_EQ(b.try_get<int>("k"), std::nullopt);
    EXPECT_EQ(stored_under("a:k"), "1");
    loop.await(a.flush());
    loop.await(b.set("k", 2));
    EXPECT_EQ(b.try_get<int>("k"), 2);
}

TEST_F(CacheTogether, AFlushMakesEverythingBeforeItAMiss) {
    loop.await(subject.set("a", 1));
    loop.await(subject.flush());
    EXPECT_EQ(subject.try_get<int>("a"), std::nullopt);
    EXPECT_EQ(loop.await(subject.get<int>("a")), std::nullopt);
    loop.await(subject.set("a", 2));
    EXPECT_EQ(subject.try_get<int>("a"), 2);
    EXPECT_EQ(make().try_get<int>("a"), 2) << "another handle on the same store sees the same version";
}

TEST_F(CacheTogether, ANamespaceIsFlushedAloneOrWithWhatIsAroundIt) {
    const auto users = subject.ns("users"), teams = subject.ns("teams"), admins = users.ns("admins");
    const auto fill = [&] {
        for (const auto& each : {subject, users, teams, admins})
            loop.await(each.set("1", 1));
    };
    const auto there = [](const cache& c) { return c.try_get<int>("1").has_value(); };
    fill();
    EXPECT_EQ(stored_under("users:admins:1"), "1");
    loop.await(users.flush());
    EXPECT_TRUE(there(subject) && there(teams));
    EXPECT_FALSE(there(users) || there(admins));
    fill();
    EXPECT_TRUE(there(users) && there(admins));
    loop.await(subject.flush());
    EXPECT_FALSE(there(subject) || there(users) || there(teams) || there(admins));
    EXPECT_THROW(static_cast<void>(subject.ns("")), std::invalid_argument);
}

TEST_F(CacheTogether, ATagMakesItsValuesMisses) {
    loop.await(subject.set("a", 1, {.tags = {"users", "team:1"}}));
    loop.await(subject.set("b", 2, {.tags = "users"}));
    loop.await(subject.set("c", 3, {.tags = "team:2"}));
    EXPECT_EQ(subject.try_get<int>("a"), 1);
    loop.await(subject.invalidate_tag("team:1"));
    EXPECT_EQ(subject.try_get<int>("a"), std::nullopt);
    EXPECT_FALSE(loop.await(subject.exists("a")));
    EXPECT_EQ(loop.await(subject.get_many<int>({"a", "c", "b"})),
              (std::vector<std::optional<int>>{std::nullopt, 3, 2}));
    loop.await(subject.invalidate_tag({"users", "team:2"}));
    EXPECT_EQ(loop.await(subject.get_many<int>({"b", "c"})),
              (std::vector<std::optional<int>>{std::nullopt, std::nullopt}));
    loop.await(subject.set("a", 4, {.tags = "team:1"}));
    EXPECT_EQ(subject.try_get<int>("a"), 4);
}

TEST_F(CacheTogether, ATagOfOneNamespaceIsNotThatOfAnother) {
    const auto users = subject.ns("users"), teams = subject.ns("teams");
    loop.await(users.set("1", 1, {.tags = "t"}));
    loop.await(teams.invalidate_tag("t"));
    EXPECT_EQ(users.try_get<int>("1"), 1);
}

TEST_F(CacheTogether, ALockHasOneHolderAndAGrowingNumber) {
    const auto first = loop.await(subject.try_lock("job", {.ttl = 10s}));
    ASSERT_TRUE(first);
    EXPECT_FALSE(loop.await(subject.try_lock("job")));
    EXPECT_TRUE(loop.await(subject.ns("other").try_lock("job")));
    EXPECT_TRUE(loop.await(first->renew()));
    EXPECT_TRUE(loop.await(first->release()));
    EXPECT_FALSE(loop.await(first->release()));
    const auto second = loop.await(subject.try_lock("job"));
    ASSERT_TRUE(second);
    EXPECT_GT(second->fence(), first->fence());
    EXPECT_FALSE(loop.await(first->renew()));
}

TEST_F(CacheTogether, ALockThatWasLostIsNotRenewed) {
    const auto slow = loop.await(subject.try_lock("job", {.ttl = 1s}));
    time.advance(1s);
    EXPECT_FALSE(loop.await(slow->renew())) << "nobody has it, and yet it may have been somebody's";
    const auto next = loop.await(subject.try_lock("job", {.ttl = 1s}));
    ASSERT_TRUE(next);
    EXPECT_FALSE(loop.await(slow->renew()));
    EXPECT_FALSE(loop.await(slow->release()));
    EXPECT_TRUE(loop.await(next->renew())) << "and the slow one has disturbed nobody";
}

TEST_F(CacheTogether, ALockIsWaitedForSoLongAndNoLonger) {
    const auto first = loop.await(subject.try_lock("job", {.ttl = 300ms}));
    const auto patient = loop.start(subject.try_lock("job", {.wait = 1s}));
    const auto impatient = loop.start(subject.try_lock("job", {.wait = 100ms}));
    for (int i = 0; i < 40; ++i) {
        loop.settle();
        time.advance(10ms);
    }
    loop.settle();
    ASSERT_TRUE(impatient->ended);
    ASSERT_TRUE(loop.until([&] { return time.advance(10ms), patient->ended; }));
    EXPECT_TRUE(patient->value->has_value());
    EXPECT_FALSE(impatient->value->has_value());
}

} // namespace
} // namespace infra::cache::tests
