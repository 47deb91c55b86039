// Keys of a queue in whose place somebody has put something of another kind: a script that meets one half-way loses no job.

#include "tests/redis/stage.hpp"

#include <algorithm>
#include <set>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using kind = outcome::kind;
using lines = std::vector<std::string>;

class QueueRedisForeignKeys : public on_a_stage {
protected:
    void put_foreign(const std::string& key) { ask({"SET", key, "somebody's"}); }

    std::string field(const std::string& id, std::string_view name) {
        return redis::to<std::optional<std::string>>(ask({"HGET", "bull:mail:" + id, name})).value_or("");
    }
    lines ids(std::string_view sorted_set) {
        auto all = redis::to<lines>(ask({"ZRANGE", mail.of_queue(sorted_set), 0, -1}));
        std::ranges::sort(all);
        return all;
    }

    std::vector<bool> end_all(const std::vector<stored_job>& jobs, kind as = kind::completed, keep most = {}) {
        work_request all;
        for (const auto& each : jobs)
            all.ended.push_back({.end = {.held = {.job = each.key, .fence = each.starts, .token = "token"},
                                         .as = as,
                                         .result = "1",
                                         .reason = "bad",
                                         .at = now,
                                         .keep = most},
                                 .of = remember(each)});
        return work(all).recorded;
    }

    /// Whatever can be read of where jobs of a queue stand.
    std::set<std::string> standing(const queue_keys& in) {
        std::set<std::string> all;
        for (const auto* each : {"wait", "active", "prioritized", "delayed", "completed", "failed"}) {
            const auto key = in.of_queue(each);
            const auto type = redis::to<std::string>(ask({"TYPE", key}));
            if (type == "list" || type == "zset")
                for (auto& id : redis::to<lines>(ask({type == "list" ? "LRANGE" : "ZRANGE", key, 0, -1})))
                    all.insert(std::move(id));
        }
        return all;
    }
};

TEST_F(QueueRedisForeignKeys, OfAParentFailTheChildAndNoneOfItsNeighbours) {
    add(std::vector(5, plain_job("one of five")));
    ask({"HSET", "bull:mail:3", "parentKey", "bull:albums:p", "parent", R"({"id":"p","queueKey":"bull:albums"})"});
    put_foreign("bull:albums:p:dependencies");
    EXPECT_EQ(end_all(take(5)), std::vector<bool>(5, true));
    EXPECT_EQ(ids("completed"), (lines{"1", "2", "4", "5"}));
    EXPECT_EQ(ids("failed"), lines{"3"});
    EXPECT_NE(field("3", "failedReason").find("WRONGTYPE"), std::string::npos) << field("3", "failedReason");
    EXPECT_NE(field("3", "finishedOn"), "");
    EXPECT_EQ(ask({"EXISTS", "bull:mail:active", "bull:mail:3:lock"}).as_integer(), 0);
    EXPECT_EQ(std::ranges::count(events(), "failed 3"), 1);
}

TEST_F(QueueRedisForeignKeys, OfAParentKeepTheChildThatWasToBeForgotten) {
    add(plain_job("child"));
    ask({"HSET", "bull:mail:1", "parentKey", "bull:albums:p", "parent", R"({"id":"p","queueKey":"bull:albums"})"});
    put_foreign("bull:albums:p:dependencies");
    EXPECT_EQ(end_all(take(1), kind::completed, {.count = 0}), std::vector<bool>{true});
    EXPECT_EQ(ids("failed"), lines{"1"});
    EXPECT_NE(field("1", "failedReason").find("WRONGTYPE"), std::string::npos);
}

TEST_F(QueueRedisForeignKeys, OfASlotFailItsJobAndNoneOfItsNeighbours) {
    add(std::vector(3, plain_job("one of three")));
    ask({"HSET", "bull:mail:2", "deid", "order"});
    ask({"RPUSH", "bull:mail:de:order", "somebody's"});
    EXPECT_EQ(end_all(take(3)), std::vector<bool>(3, true));
    EXPECT_EQ(ids("completed"), (lines{"1", "3"}));
    EXPECT_EQ(ids("failed"), lines{"2"});
}

TEST_F(QueueRedisForeignKeys, OfAParentDoNotKeepAChildFromExpiring) {
    auto job = plain_job("late");
    job.expires_at = t0 + 1s;
    add({job, plain_job("in time")});
    ask({"HSET", "bull:mail:1", "parentKey", "bull:albums:p", "parent",
         R"({"id":"p","queueKey":"bull:albums","fpof":true})"});
    put_foreign("bull:albums:p:dependencies");
    now += 2s;
    EXPECT_EQ(take_one().key.id, "2");
    EXPECT_EQ(ids("failed"), lines{"1"});
}

// One queue is as it should be, of the other one key is not.
TEST_F(QueueRedisForeignKeys, OfAQueueLoseNoJobAndHoldUpNoOtherQueue) {
    const queue_keys images("bull", "images");
    for (const auto* broken : {"wait", "active", "prioritized", "delayed", "completed", "failed", "events", "marker",
                               "stalled", "metrics:completed"}) {
        ask({"FLUSHALL"});
        auto other = plain_job("other");
        other.queue = "images";
        std::vector<new_job> all(5, plain_job("one"));
        all.push_back(other);
        if (std::string_view(broken) != "prioritized")
            all[4].options.priority = 2;
        if (std::string_view(broken) == "wait")
            for (auto& each : all)
                each.options.priority = 1;
        add(all);
        put_foreign(mail.of_queue(broken));
        const bool fails = std::string_view(broken) == "failed";
        const auto taken = work({.token = "token", .queues = {"mail", "images"}, .most = 10}).taken;
        end_all(taken, fails ? kind::failed : kind::completed);
        EXPECT_EQ(standing(mail), (std::set<std::string>{"1", "2", "3", "4", "5"})) << broken;
        EXPECT_EQ(redis::to<lines>(ask({"ZRANGE", images.of_queue(fails ? "failed" : "completed"), 0, -1})), lines{"1"})
            << broken;
        EXPECT_EQ(redis::to<std::string>(ask({"GET", mail.of_queue(broken)})), "somebody's");
    }
}

TEST_F(QueueRedisForeignKeys, InPlaceOfAJobOfAGroupLoseNoneOfItsNeighbours) {
    std::vector<new_job> all(4, plain_job("one of a group"));
    for (auto& each : all)
        each.group = "g";
    add(all);
    const auto taken = take(4);
    ask({"DEL", "bull:mail:2"});
    put_foreign("bull:mail:2");
    EXPECT_EQ(end_all(taken), (std::vector<bool>{true, false, true, true}));
    EXPECT_EQ(ids("completed"), (lines{"1", "3", "4"}));
}

TEST_F(QueueRedisForeignKeys, InPlaceOfTheHistoryLoseNoParentOfWhatFails) {
    add(std::vector(2, plain_job("child")));
    for (const auto* id : {"1", "2"})
        ask({"HSET", mail.of_job(id), "parentKey", "bull:mail:p", "parent",
             R"({"id":"p","queueKey":"bull:mail","fpof":true})"});
    ask({"HSET", "bull:mail:p", "name", "parent", "data", "{}", "opts", "{}", "timestamp", "1"});
    ask({"ZADD", "bull:mail:waiting-children", 1, "p"});
    ask({"SADD", "bull:mail:p:dependencies", "bull:mail:1", "bull:mail:2"});
    const auto taken = take(2);
    put_foreign("bull:mail:failed");
    end_all(taken, kind::failed);
    EXPECT_EQ(standing(mail), (std::set<std::string>{"1", "2", "p"}));
    EXPECT_NE(field("p", "defa"), "") << "whoever takes it fails it";
}

TEST_F(QueueRedisForeignKeys, InPlaceOfTheMarksEndJobsAllTheSame) {
    add(std::vector(3, plain_job("one")));
    const auto taken = take(3);
    put_foreign("bull:mail~marked");
    EXPECT_EQ(end_all(taken), std::vector<bool>(3, true));
    EXPECT_EQ(ids("completed"), (lines{"1", "2", "3"}));
}

TEST_F(QueueRedisForeignKeys, InPlaceOfTheCountOfPrioritiesLeaveDelayedWhatIsDue) {
    auto job = plain_job("due");
    job.run_at = t0 + 1s;
    job.options.priority = 3;
    add(job);
    ask({"RPUSH", "bull:mail:pc", "somebody's"});
    now += 2s;
    EXPECT_ANY_THROW(take(1));
    EXPECT_EQ(line("wait").size() + ids("prioritized").size(), 0u);
    EXPECT_EQ(ids("delayed"), lines{"1"});
}

TEST_F(QueueRedisForeignKeys, OfTheOnlyQueueAreToldOf) {
    add(plain_job("one"));
    put_foreign("bull:mail:delayed");
    try {
        take(1);
        ADD_FAILURE() << "it is taken from as if nothing were";
    } catch (const std::exception& e) {
        EXPECT_NE(std::string(e.what()).find("WRONGTYPE"), std::string::npos) << e.what();
    }
    EXPECT_EQ(line("wait"), lines{"1"});
}

class QueueRedisForeignSchedules : public backend_on_a_stage {
protected:
    void upsert(const std::string& id) {
        std::vector<new_schedule> one{
            {.queue = "mail", .id = id, .when = {.every = 1min}, .name = "x", .next = now + 1h, .now = now}};
        loop.await(stored->upsert(std::move(one)));
    }
};

TEST_F(QueueRedisForeignSchedules, AmongThosePausedHideNoneOfTheOthers) {
    upsert("rests");
    upsert("runs");
    EXPECT_EQ(loop.await(stored->pause_schedules({{"mail", "rests"}}, now)), std::vector{true});
    for (const auto* const text : {"", "nonsense", "null", "[]", "{}", "[null]", "[5]", R"(["5",{"a":1},"b"])",
                                   R"(["5","odd"])", R"(["soon"])", R"(["99999999999999999999"])", R"([["5"]])"}) {
        for (const auto* const id : {"a stranger", "z stranger"})
            ask({"HSET", "bull:mail~paused", id, text});
        const auto all = loop.await(stored->schedules("mail"));
        ASSERT_EQ(all.size(), 2u) << text;
        EXPECT_EQ(all[0].paused_since, now) << text;
        EXPECT_EQ(all[1].next, now + 1h) << text;
        EXPECT_EQ(loop.await(stored->pause_schedules({{"mail", "a stranger"}, {"mail", "rests"}}, now)),
                  (std::vector{false, true}))
            << text;
    }
    upsert("a stranger");
    EXPECT_EQ(loop.await(stored->schedules("mail")).at(0).next, now + 1h);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
