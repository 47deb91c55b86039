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

// --- Many that are taken at once ------------------------------------------------------------------------------------

constexpr std::size_t many = 12;

std::vector<new_job> different_jobs() {
    std::vector<new_job> all;
    for (std::size_t i = 0; i < many; ++i) {
        auto job = plain_job("job" + std::to_string(i), std::to_string(i));
        job.options.attempts = static_cast<int>(i);
        job.created_at += std::chrono::seconds(i);
        all.push_back(job);
    }
    return all;
}

std::string text_of(const stored_job& job) {
    const auto as_claimed = to_claimed(job, "token");
    return job.key.id + " " + job.name + " " + job.data + " " + job.opts + " " + std::to_string(job.starts) + " " +
           std::to_string(job.stalls) + " " + std::to_string(job.attempts_made) + " " +
           std::to_string(job.traces.size()) + " " + std::to_string(to_unix_ms(as_claimed.waiting_since.value())) +
           " " + std::to_string(remember(job).is_plain);
}

TEST_F(QueueRedisWork, TakesManyAsItTakesThemOneByOne) {
    const auto play = [&](std::size_t at_once) {
        ask({"FLUSHALL"});
        add(different_jobs());
        end(take_one(), kind::retry, "no luck");
        lines all;
        while (all.size() < many)
            for (const auto& each : take(at_once))
                all.push_back(text_of(each));
        auto keys = left();
        keys.erase("bull:mail:events"); // are told of in their order, at other times
        return std::pair(all, json::to_text(keys));
    };
    EXPECT_EQ(play(many), play(1));
}

TEST_F(QueueRedisWork, LeasesManyAsLongAsOne) {
    add(different_jobs());
    take(many);
    for (std::size_t i = 1; i <= many; ++i) {
        const auto lock = mail.of_job(std::to_string(i), job_part::lock);
        EXPECT_EQ(ask({"GET", lock}).as_text(), "token");
        EXPECT_GT(ask({"PTTL", lock}).as_integer(), 0);
        EXPECT_LE(ask({"PTTL", lock}).as_integer(), 30'000);
    }
}

TEST_F(QueueRedisWork, TakesTheOthersOfManyWhereSomeAreNoJobs) {
    add(different_jobs());
    ask({"DEL", mail.of_job("3")});
    ask({"SET", mail.of_job("5"), "a text"});
    EXPECT_EQ(ids_of(take(many)), (lines{"1", "2", "4", "6", "7", "8", "9", "10", "11", "12"}));
    EXPECT_EQ(line("active").size(), many - 2);
    EXPECT_EQ(ask({"EXISTS", mail.of_job("3"), mail.of_job("3", job_part::lock)}).as_integer(), 0);
}

TEST_F(QueueRedisWork, LeavesOutWhatIsNoJobAnyMoreWhenItIsRead) {
    add(different_jobs());
    const auto call = call_work("bull", {.now = now, .token = "token", .queues = {"mail"}, .most = many});
    auto done = read_work(call, ask(call.command));
    ASSERT_EQ(done.unread.size(), many);
    ask({"DEL", mail.of_job("1"), mail.of_job("2")});
    ask({"SET", mail.of_job("2"), "a text"});
    auto hashes = loop.await(client->execute(read_commands("bull", done.unread)));
    EXPECT_EQ(read_taken(std::move(done.unread), std::move(hashes)).size(), many - 2);
}

TEST_F(QueueRedisWork, GivesManyOnceMoreToACallWhoseAnswerWasLost) {
    add(different_jobs());
    const auto call = call_work("bull", {.now = now,
                                         .token = "token",
                                         .queues = {"mail"},
                                         .most = many,
                                         .as = {.lane = "bull:mail~work:us:0", .number = 1}});
    const auto first = read_work(call, ask(call.command)), again = read_work(call, ask(call.command));
    EXPECT_EQ(first.unread.size(), many);
    EXPECT_EQ(again.unread, first.unread);
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
