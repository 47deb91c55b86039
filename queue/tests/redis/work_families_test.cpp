#include "tests/redis/work_stage.hpp"

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

TEST_F(QueueRedisWork, FailsWhatReturnsBeforeItsChildrenAreDone) {
    add({plain_job("early"), plain_job("alone")});
    const auto taken = take(2);
    ask({"SADD", "bull:mail:1:dependencies", "bull:mail:9"});
    work_request both{.minutes = 0};
    for (const auto& each : taken)
        both.ended.push_back(
            {.end = {.held = {.job = each.key, .token = "token"}, .as = kind::completed}, .of = remember(each)});
    work(both);
    EXPECT_EQ(ids("failed"), (lines{"1"}));
    EXPECT_EQ(field("1", "failedReason"), unfinished_children_reason);
    EXPECT_EQ(ids("completed"), (lines{"2"}));
}

TEST_F(QueueRedisWork, FailsWhatAChildHasDoomed) {
    add(plain_job("parent"));
    const auto taken = take_one();
    ask({"ZADD", "bull:mail:1:unsuccessful", 7, "bull:mail:9"});
    end(taken, kind::returned);
    EXPECT_EQ(ids("failed"), (lines{"1"}));
    EXPECT_EQ(field("1", "failedReason"), "child bull:mail:9 failed");
}

TEST_F(QueueRedisWork, ParksAParentUntilItsChildrenAreDone) {
    add({plain_job("waits"), plain_job("need not"), plain_job("has none")});
    const auto taken = take(3);
    ask({"SADD", "bull:mail:1:dependencies", "bull:mail:9"});
    ask({"HSET", "bull:mail:2:processed", "bull:mail:8", "null"});
    for (const auto& each : taken)
        end(each, kind::waits);
    EXPECT_EQ(ids("waiting-children"), (lines{"1"}));
    EXPECT_EQ(ids_of(take(5)), (lines{"2"}));
    EXPECT_EQ(field("1", "atm"), "");
    EXPECT_EQ(field("3", "failedReason"), nothing_to_wait_for_reason) << "it would only run again";
}

TEST_F(QueueRedisWork, ForgetsThatItWasToFailOnceItHas) {
    add(plain_job("doomed"));
    ask({"HSET", "bull:mail:1", "defa", "why"});
    const auto taken = take_one();
    end(taken, kind::failed, taken.fail_with);
    EXPECT_EQ(field("1", "failedReason"), "why");
    EXPECT_EQ(ask({"HEXISTS", "bull:mail:1", "defa"}).as_integer(), 0);
}

// --- Families that BullMQ added -------------------------------------------------------------------------------------

class QueueRedisFamily : public QueueRedisWork {
protected:
    // Of the album's children: plain, failing, going on, ignored.
    void SetUp() override {
        QueueRedisWork::SetUp();
        if (!server)
            return;
        restore(scene_named("family"));
        for (auto& each : take(4))
            children.emplace(each.key.id, std::move(each));
    }

    void fail(const std::string& child) { end(children.at(child), kind::failed, "too large"); }
    double is_in(std::string_view state) {
        return static_cast<double>(!ask({"ZSCORE", std::string("bull:albums:").append(state), "album"}).is_null());
    }
    lines pending() {
        auto all = redis::to<lines>(ask({"SMEMBERS", "bull:albums:album:dependencies"}));
        std::ranges::sort(all);
        return all;
    }

    std::map<std::string, stored_job> children;
};

TEST_F(QueueRedisFamily, KeepsResultsWithTheParent) {
    end(children.at("plain"), kind::completed, "7");
    EXPECT_EQ(ask({"HGET", "bull:albums:album:processed", "bull:mail:plain"}).as_text(), "7");
    EXPECT_EQ(pending().size(), 4u);
    EXPECT_TRUE(is_in("waiting-children"));
}

TEST_F(QueueRedisFamily, ReleasesTheParentWithTheLastOfThem) {
    for (const auto* child : {"plain", "failing", "going on"})
        end(children.at(child), kind::completed);
    fail("ignored");
    EXPECT_TRUE(is_in("waiting-children"));
    now += 10ms;
    end(take_one(), kind::failed, "removed");
    EXPECT_FALSE(is_in("waiting-children"));
    EXPECT_TRUE(is_in("prioritized"));
    EXPECT_EQ(ask({"HGET", "bull:albums:album:failed", "bull:mail:ignored"}).as_text(), "too large");
    EXPECT_EQ(ask({"HEXISTS", "bull:albums:album:failed", "bull:mail:removed"}).as_integer(), 0);
}

TEST_F(QueueRedisFamily, DoomsTheParent) {
    fail("failing");
    EXPECT_FALSE(ask({"ZSCORE", "bull:albums:album:unsuccessful", "bull:mail:failing"}).is_null());
    EXPECT_TRUE(is_in("failed")) << "as whoever takes it next would fail it";
    EXPECT_EQ(ask({"HGET", "bull:albums:album", "failedReason"}).as_text(), "child bull:mail:failing failed");
    EXPECT_EQ(ask({"HEXISTS", "bull:albums:album", "defa"}).as_integer(), 0);
}

TEST_F(QueueRedisFamily, ReleasesTheParentAtOnce) {
    fail("going on");
    EXPECT_EQ(ask({"HGET", "bull:albums:album:failed", "bull:mail:going on"}).as_text(), "too large");
    EXPECT_TRUE(is_in("prioritized"));
    EXPECT_EQ(pending().size(), 4u);
}

TEST_F(QueueRedisFamily, WaitsOnForOneThatFailedWithoutAFlag) {
    fail("plain");
    EXPECT_EQ(pending().size(), 5u);
    EXPECT_TRUE(is_in("waiting-children"));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
