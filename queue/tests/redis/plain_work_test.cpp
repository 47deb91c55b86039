// What most calls are goes another way through work.lua than the rest; these are its edges. That both ways do the same is what all other
// tests of jobs' ends show, which know of none.

#include "tests/redis/work_stage.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

work_request ends_of(const std::vector<stored_job>& jobs, keep most = {}) {
    work_request all{.token = "next"};
    for (const auto& each : jobs)
        all.ended.push_back({.end = {.held = {.job = each.key, .token = "token"}, .keep = most}, .of = remember(each)});
    return all;
}

TEST_F(QueueRedisWork, KeepsNothingOfWhatIsNotToBeKept) {
    add({plain_job("a"), plain_job("with logs"), plain_job("c")});
    const auto taken = take(3);
    ask({"RPUSH", "bull:mail:2:logs", "a line"});
    EXPECT_EQ(work(ends_of({taken[0]}, {.count = 0})).recorded, std::vector<bool>{true});
    EXPECT_EQ(work(ends_of({taken[1], taken[2]}, {.count = 0})).recorded, (std::vector<bool>{true, true}));
    for (const auto* id : {"1", "2", "3"})
        EXPECT_EQ(ask({"EXISTS", mail.of_job(id), mail.of_job(id) + ":lock", mail.of_job(id) + ":logs"}).as_integer(),
                  0)
            << id;
    EXPECT_EQ(ask({"EXISTS", "bull:mail:completed", "bull:mail:active"}).as_integer(), 0);
    EXPECT_EQ(ask({"HGET", "bull:mail:metrics:completed", "count"}).as_text(), "3");
}

TEST_F(QueueRedisWork, EndsJobsThatAreKeptDifferently) {
    add(std::vector(4, plain_job("one")));
    const auto taken = take(4);
    auto all = ends_of({taken[0], taken[1]}, {.count = 0});
    for (auto& each : ends_of({taken[2], taken[3]}, {.count = 9}).ended)
        all.ended.push_back(each);
    EXPECT_EQ(work(all).recorded, std::vector<bool>(4, true));
    EXPECT_EQ(ids("completed"), (lines{"3", "4"}));
}

TEST_F(QueueRedisWork, EndsOneThatIsNamedTwiceOnce) {
    add({plain_job("a"), plain_job("b")});
    const auto taken = take(2);
    EXPECT_EQ(work(ends_of({taken[0], taken[0], taken[1]})).recorded, (std::vector<bool>{true, false, true}));
    EXPECT_EQ(ids("completed"), (lines{"1", "2"}));
}

TEST_F(QueueRedisWork, TakesOnesOfThePrioritizedWhenTheLineIsEmpty) {
    add(plain_job("first"));
    const auto first = take(1);
    auto urgent = plain_job("urgent");
    urgent.options.priority = 1;
    add({urgent, plain_job("plain")});
    auto next = ends_of(first);
    next.most = 2;
    EXPECT_EQ(ids_of(work(next).taken), (lines{"3", "2"}));
    EXPECT_EQ(line("active"), (lines{"2", "3"}));
}

TEST_F(QueueRedisWork, RingsForThoseBehindAnIdThatIsNoJobs) {
    add({plain_job("gone"), plain_job("behind")});
    ask({"DEL", "bull:mail:1", "bull:mail:marker"});
    EXPECT_TRUE(take(1).empty());
    EXPECT_EQ(ask({"EXISTS", "bull:mail:marker"}).as_integer(), 1);
    EXPECT_EQ(ids_of(take(1)), lines{"2"});
}

// --- A look that the call before has had ---------------------------------------------------------------------------

TEST_F(QueueRedisWork, NeedNotLookForWhatIsDueWhileEnoughWaits) {
    auto due = plain_job("due");
    due.run_at = t0 + 1s;
    add({plain_job("a"), plain_job("b"), due});
    now += 2s;
    const auto done = work({.token = "token", .queues = {"mail"}, .most = 2, .has_looked = true});
    EXPECT_EQ(ids_of(done.taken), (lines{"1", "2"}));
    EXPECT_FALSE(done.has_looked);
    EXPECT_EQ(ids("delayed"), lines{"3"});
}

TEST_F(QueueRedisWork, LooksAllTheSameWhereLessWaitsThanIsWanted) {
    auto due = plain_job("due");
    due.run_at = t0 + 1s;
    add({plain_job("a"), due});
    now += 2s;
    const auto done = work({.token = "token", .queues = {"mail"}, .most = 2, .has_looked = true});
    EXPECT_EQ(ids_of(done.taken), (lines{"1", "2"}));
    EXPECT_TRUE(done.has_looked);
}

TEST_F(QueueRedisWork, CountsEndsOfAMinuteThatIsKnown) {
    add(std::vector(3, plain_job("one")));
    const auto taken = take(3);
    for (std::size_t i = 0; i < 3; ++i) {
        auto all = ends_of({taken[i]});
        all.is_counted = true; // as the first time nothing is counted there, that is looked up all the same
        work(all);
    }
    EXPECT_EQ(ask({"HGET", "bull:mail:metrics:completed", "count"}).as_text(), "3");
    EXPECT_EQ(ask({"HGET", "bull:mail:metrics:completed", "prevTS"}).as_text(), std::to_string(to_unix_ms(t0)));
}

// --- Ids -------------------------------------------------------------------------------------------------------------

TEST_F(QueueRedisWork, HeedsWhatBecameOfAJobWhoseIdSomebodyChose) {
    for (const auto* chosen : {"007", "9007199254740993"}) {
        auto job = plain_job("chosen");
        job.id = chosen;
        add(job);
        EXPECT_FALSE(remember(take_one()).is_plain) << "BullMQ takes it into families while it runs, and marks nothing";
    }
    add(plain_job("given"));
    EXPECT_TRUE(remember(take_one()).is_plain);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
