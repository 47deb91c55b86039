#include "tests/redis/stage.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using lines = std::vector<std::string>;

class QueueRedisAdd : public on_a_stage {};

TEST_F(QueueRedisAdd, LeavesWhatBullmqLeaves) {
    add(plain_job("welcome", R"({"n":1,"text":"größer/kleiner \"als\""})"));
    add(plain_job("welcome"));
    add(plain_job("welcome", R"([1,"two",null])"));
    auto first = plain_job("first");
    first.options.lifo = true;
    add(first);
    auto named = plain_job("named");
    named.id = "order-7";
    EXPECT_EQ(add(named).how, addition::created);
    const auto again = add(named);
    EXPECT_EQ(again.how, addition::existed);
    EXPECT_EQ(again.id, "order-7");
    expect_left_as_in("plain");
}

TEST_F(QueueRedisAdd, OfManyLeavesWhatBullmqLeaves) {
    const auto added =
        add({plain_job("many", R"({"n":1})"), plain_job("many", R"({"n":2})"), plain_job("many", R"({"n":3})")});
    EXPECT_EQ(added.at(2).id, "3");
    expect_left_as_in("bulk");
}

TEST_F(QueueRedisAdd, KeepsTheOrderOfPriorities) {
    std::vector<new_job> jobs;
    for (const auto& [name, priority] :
         {std::pair("low", 2097151), {"five", 5}, {"five again", 5}, {"one", 1}, {"none", 0}}) {
        jobs.push_back(plain_job(name));
        jobs.back().options.priority = priority;
    }
    add(jobs);
    const auto theirs = scene_named("priorities").sorted_set("bull:mail:prioritized");
    for (const auto& [id, score] : theirs)
        EXPECT_EQ(ask({"ZSCORE", "bull:mail:prioritized", id}).as_real(), score) << id;
    EXPECT_EQ(line("wait"), (lines{"5"}));
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:marker", "0"}).as_real(), 0);
}

TEST_F(QueueRedisAdd, DelaysAsBullmqDelays) {
    std::vector<new_job> jobs;
    for (const auto& [name, delay] :
         {std::pair("late", 5000ms), {"late too", 5000ms}, {"early", 1ms}, {"late and urgent", 5000ms}}) {
        jobs.push_back(plain_job(name));
        jobs.back().run_at = t0 + delay;
    }
    jobs.back().options.priority = 3;
    add(jobs);
    expect_left_as_in("delays");
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:marker", "1"}).as_real(), double(to_unix_ms(t0 + 1ms)));
}

TEST_F(QueueRedisAdd, HasPlacesFor4096JobsOfAMillisecond) {
    std::vector<new_job> jobs(500, plain_job("late"));
    for (auto& each : jobs)
        each.run_at = t0 + 5s;
    for (int i = 0; i < 9; ++i)
        add(jobs);
    EXPECT_EQ(redis::to<std::vector<std::string>>(ask({"ZRANGE", "bull:mail:delayed", 0, 2})), (lines{"1", "2", "3"}));
    const auto last = static_cast<double>(to_unix_ms(t0 + 5s)) * 4096 + 4095;
    EXPECT_EQ(ask({"ZCOUNT", "bull:mail:delayed", last, last}).as_integer(), 4500 - 4095);
}

TEST_F(QueueRedisAdd, FindsDuplicatesAsBullmqDoes) {
    auto simple = plain_job("simple"), throttled = plain_job("throttled"),
         replaced = plain_job("replaced", R"({"n":1})");
    simple.deduplicate = deduplication{.id = "a"};
    throttled.deduplicate = deduplication{.id = "b", .ttl = 5s};
    replaced.deduplicate = deduplication{.id = "c", .ttl = 5s, .extend = true, .replace = true};
    replaced.run_at = t0 + 1s;
    add({simple, simple});
    const auto second = add({throttled, throttled}).at(1);
    EXPECT_EQ(second.how, addition::deduplicated);
    EXPECT_EQ(second.id, "3");
    add(replaced);
    replaced.data = R"({"n":2})";
    EXPECT_EQ(add(replaced).id, "6");
    expect_left_as_in("duplicates");
}

TEST_F(QueueRedisAdd, TakesOverASlotWhoseHolderHasVanished) {
    auto job = plain_job("simple");
    job.deduplicate = deduplication{.id = "a"};
    add(job);
    ask({"DEL", "bull:mail:1"});
    EXPECT_EQ(add(job).how, addition::created);
    EXPECT_EQ(ask({"GET", "bull:mail:de:a"}).as_text(), "2");
}

TEST_F(QueueRedisAdd, WakesNobodyOfAPausedQueue) {
    ask({"HSET", "bull:mail:meta", "paused", "1", "version", "bullmq:6.7.0"});
    add(plain_job("while"));
    EXPECT_EQ(line("wait"), (lines{"1"}));
    EXPECT_EQ(ask({"EXISTS", "bull:mail:marker"}).as_integer(), 0);
}

TEST_F(QueueRedisAdd, PutsJobsOfAPausedQueueWhereItsVersionLooks) {
    ask({"HSET", "bull:mail:meta", "paused", "1", "version", "bullmq:5.81.5"});
    add(plain_job("while"));
    EXPECT_EQ(line("paused"), (lines{"1"}));
    EXPECT_EQ(line("wait"), lines());
}

TEST_F(QueueRedisAdd, WakesNobodyOfAQueueAtItsConcurrency) {
    ask({"HSET", "bull:mail:meta", "concurrency", "1"});
    add(plain_job("first"));
    take_one();
    ask({"DEL", "bull:mail:marker"});
    add(plain_job("second"));
    EXPECT_EQ(ask({"EXISTS", "bull:mail:marker"}).as_integer(), 0);
}

TEST_F(QueueRedisAdd, TakesAnyBytes) {
    const std::string odd("\"\\\0\xff\r\n", 6);
    add(plain_job(odd, odd));
    const auto taken = take_one();
    EXPECT_EQ(taken.name, odd);
    EXPECT_EQ(taken.data, odd);
}

// --- Jobs that are alike, of which only the data are said ------------------------------------------------------------

class QueueRedisAddAlike : public on_a_stage {
protected:
    /// As callers do who come at the same time.
    std::vector<group_added> add_each(const std::vector<job_group>& all) {
        std::vector<const job_group*> groups;
        for (const auto& each : all)
            groups.push_back(&each);
        return read_added(groups, ask(add_command("bull", groups)));
    }
    static std::vector<new_job> numbered(std::size_t n) {
        std::vector<new_job> jobs;
        for (std::size_t i = 1; i <= n; ++i)
            jobs.push_back(plain_job("alike", std::to_string(i)));
        return jobs;
    }
    void expect_numbered(std::size_t n) {
        const auto wait = line("wait");
        ASSERT_EQ(wait.size(), n);
        for (std::size_t i = 1; i <= n; ++i) {
            EXPECT_EQ(wait[n - i], std::to_string(i));
            EXPECT_EQ(ask({"HGET", "bull:mail:" + std::to_string(i), "data"}).as_text(), std::to_string(i));
        }
    }
};

TEST_F(QueueRedisAddAlike, HaveIdsThatFollowOneAnother) {
    const auto added = add(numbered(120));
    ASSERT_EQ(added.size(), 120u);
    for (std::size_t i = 0; i < added.size(); ++i) {
        EXPECT_EQ(added[i].id, std::to_string(i + 1));
        EXPECT_EQ(added[i].how, addition::created);
    }
    expect_numbered(120);
    EXPECT_EQ(ask({"XLEN", "bull:mail:events"}).as_integer(), 240);
    EXPECT_EQ(add(plain_job("another")).id, "121");
}

TEST_F(QueueRedisAddAlike, LeaveTheSameAsThoseThatAreAddedOneByOne) {
    auto jobs = numbered(12);
    for (std::size_t i = 6; i < jobs.size(); ++i)
        jobs[i].options.priority = 5;
    jobs[11].created_at += 7ms;
    for (const auto i : {2u, 3u, 9u})
        jobs[i].carrier = R"({"traceparent":"00-)" + std::to_string(i) + R"("})";
    add(jobs);
    const auto together = left();
    ask({"FLUSHALL"});
    for (const auto& each : jobs)
        add(each);
    EXPECT_EQ(together, left());
}

TEST_F(QueueRedisAddAlike, OfManyCallersAreAnsweredToEach) {
    auto late = plain_job("alike", "4"), traced = plain_job("alike", "3");
    late.created_at += 1ms;
    traced.carrier = R"({"traceparent":"00-3"})";
    const auto done = add_each({{plain_job("alike", "1")},
                                {plain_job("alike", "2")},
                                {traced},
                                {late},
                                numbered(2),
                                {plain_job("alike", "7")},
                                {plain_job("other")},
                                {plain_job("alike", "9")}});
    std::vector<std::string> ids;
    for (const auto& each : done)
        for (const auto& job : each.added)
            ids.push_back(job.id);
    EXPECT_EQ(ids, (lines{"1", "2", "3", "4", "5", "6", "7", "8", "9"}));
    EXPECT_EQ(done.at(4).added.size(), 2u);
    EXPECT_EQ(ask({"HGET", "bull:mail:4", "timestamp"}).as_text(), std::to_string(to_unix_ms(late.created_at)));
    EXPECT_NE(ask({"HGET", "bull:mail:3", "opts"}).as_text().find("traceparent"), std::string::npos);
    EXPECT_EQ(ask({"HGET", "bull:mail:6", "data"}).as_text(), "2");
    EXPECT_EQ(ask({"HGET", "bull:mail:9", "data"}).as_text(), "9");
}

TEST_F(QueueRedisAddAlike, AreRefusedToTheCallerForWhomThereIsNoRoom) {
    ask({"HSET", "bull:mail:meta", "infra.max_length", "4"});
    const auto done = add_each({{plain_job("alike")},
                                {plain_job("alike")},
                                numbered(3),
                                {plain_job("alike")},
                                {plain_job("alike")},
                                {plain_job("alike")}});
    const auto is_refused = [](const group_added& each) { return each.refused.has_value(); };
    EXPECT_EQ(std::ranges::count_if(done, is_refused), 2);
    EXPECT_TRUE(is_refused(done.at(2)) && is_refused(done.at(5)));
    EXPECT_EQ(done[5].refused->code(), queue::errc::full);
    EXPECT_EQ(line("wait").size(), 4u);
    EXPECT_EQ(done.at(4).added.at(0).id, line("wait").front());
}

TEST_F(QueueRedisAddAlike, StandInTheLineOfAQueueWithGroups) {
    auto grouped = plain_job("alike");
    grouped.group = "a";
    add(grouped);
    add(numbered(3));
    EXPECT_EQ(line("wait"), (lines{"4", "3", "2", "1"}));
}

TEST_F(QueueRedisAddAlike, OfAGroupThatIsTooLargeForOneCallLeaveTheSame) {
    const auto group = numbered(2500);
    ASSERT_FALSE(fits_one_call(group));
    const auto all = lay_down("bull", group, "token");
    for (const auto& piece : all.pieces)
        loop.await(client->transaction(piece));
    const std::array<const job_group*, 1> groups{&group};
    const auto done = read_added(groups, ask(all.add)).at(0);
    ASSERT_EQ(done.added.size(), group.size());
    EXPECT_EQ(done.added.back().id, "2500");
    expect_numbered(2500);
}

TEST_F(QueueRedisAddAlike, StandBesideAFamilyInItsGroup) {
    auto album = plain_job("album"), photo = plain_job("photo");
    album.queue = "albums";
    photo.parent = child_of{.place = 0};
    auto group = job_group{album, photo};
    const auto others = numbered(3);
    group.insert(group.end(), others.begin(), others.end());
    const auto added = add(group);
    std::vector<std::string> ids;
    for (const auto& each : added)
        ids.push_back(each.id);
    EXPECT_EQ(ids, (lines{"1", "1", "2", "3", "4"}));
    EXPECT_EQ(ask({"HGET", "bull:mail:4", "data"}).as_text(), "3");
    EXPECT_EQ(ask({"SMEMBERS", "bull:albums:1:dependencies"}).items().at(0).as_text(), "bull:mail:1");
}

// A server that says more than it was asked for is not believed.
TEST(QueueRedisAdded, IsNoMoreThanWasAskedFor) {
    const job_group group{plain_job("one"), plain_job("two")};
    const std::array<const job_group*, 1> groups{&group};
    const redis::reply said(redis::reply::list{redis::reply(std::int64_t{7}), redis::reply(std::int64_t{1} << 40)});
    EXPECT_EQ(read_added(groups, redis::reply(redis::reply::list{said})).at(0).added.size(), 2u);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
