#include "tests/redis/stage.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using lines = std::vector<std::string>;

// Beside workers of BullMQ, which know of no groups.
class QueueRedisGroups : public on_a_stage {
protected:
    void add_to(const std::string& group, const lines& ids) {
        std::vector<new_job> jobs;
        for (const auto& id : ids) {
            jobs.push_back(plain_job("work"));
            jobs.back().id = id;
            jobs.back().group = group;
        }
        add(jobs);
    }
    lines take_all() {
        lines all;
        for (const auto& each : take(50))
            all.push_back(each.key.id);
        return all;
    }
    /// As a worker of BullMQ takes the next job, without a word to anybody.
    std::string let_node_take_one() {
        const auto id = redis::to<std::string>(ask({"RPOPLPUSH", "bull:mail:wait", "bull:mail:active"}));
        ask({"SET", "bull:mail:" + id + ":lock", "node"});
        return id;
    }
    void let_node_complete(const std::string& id) {
        ask({"LREM", "bull:mail:active", 1, id});
        ask({"DEL", "bull:mail:" + id + ":lock"});
        ask({"HSET", "bull:mail:" + id, "finishedOn", 1});
        ask({"ZADD", "bull:mail:completed", 1, id});
    }
    std::int64_t parked() { return ask({"ZCARD", "bull:mail~parked"}).as_integer(); }
};

TEST_F(QueueRedisGroups, HaveTheirHeadsInTheLineAlone) {
    add_to("a", {"a1", "a2", "a3"});
    add_to("b", {"b1"});
    EXPECT_EQ(line("wait"), (lines{"b1", "a1"}));
    EXPECT_EQ(parked(), 2);
    EXPECT_EQ(redis::to<lines>(ask({"ZRANGE", "bull:mail~group:a", 0, -1})), (lines{"a2", "a3"}));
}

TEST_F(QueueRedisGroups, LeaveNothingBehind) {
    add_to("a", {"a1", "a2"});
    for (const auto& each : take(5))
        end(each, outcome::kind::completed);
    for (const auto* key :
         {"bull:mail~heads", "bull:mail~parked", "bull:mail~group:a", "bull:mail~running:a", "bull:mail~closed"})
        EXPECT_EQ(ask({"EXISTS", key}).as_integer(), 0) << key;
}

TEST_F(QueueRedisGroups, GoOnAfterAHeadThatBullmqTook) {
    add_to("a", {"a1", "a2"});
    const auto taken = let_node_take_one();
    EXPECT_EQ(taken, "a1");
    EXPECT_EQ(take_all(), lines()) << "found only now that there is nothing else to take";
    EXPECT_EQ(take_all(), (lines{"a2"}));
    let_node_complete(taken);
    EXPECT_EQ(parked(), 0);
}

TEST_F(QueueRedisGroups, GoOnAfterAHeadThatBullmqDelayed) {
    add_to("a", {"a1", "a2"});
    const auto taken = let_node_take_one();
    ask({"LREM", "bull:mail:active", 1, taken});
    ask({"DEL", "bull:mail:" + taken + ":lock"});
    ask({"ZADD", "bull:mail:delayed", double(to_unix_ms(t0 + 1s)) * 4096, taken});
    now += 1s;
    lines all;
    for (int i = 0; i < 3; ++i)
        for (auto& each : take_all())
            all.push_back(each);
    std::ranges::sort(all);
    EXPECT_EQ(all, (lines{"a1", "a2"}));
}

TEST_F(QueueRedisGroups, ABetterHeadTakesNoTurnOfOneThatBullmqRuns) {
    add_to("a", {"a1", "a2"});
    const auto running = let_node_take_one();
    auto better = plain_job("work");
    better.id = "a0";
    better.group = "a";
    better.options.lifo = true;
    add(better);
    EXPECT_EQ(line("wait"), (lines{"a0"}));
    EXPECT_TRUE(ask({"ZSCORE", "bull:mail~parked", running}).is_null()) << "it would run twice";
    EXPECT_EQ(take_all(), (lines{"a0", "a2"}));
}

TEST_F(QueueRedisGroups, AreAtNoLimitForWhatBullmqEnded) {
    ask({"HSET", "bull:mail:meta", "infra.group_concurrency", 1});
    add_to("a", {"a1", "a2"});
    EXPECT_EQ(take_all(), (lines{"a1"}));
    ask({"DEL", "bull:mail:a1:lock"}); // its worker vanished, and one of BullMQ's ended it
    let_node_complete("a1");
    EXPECT_EQ(take_all(), lines());
    EXPECT_EQ(take_all(), (lines{"a2"}));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
