#include "src/redis/walk.hpp"

#include <gtest/gtest.h>

namespace infra::queue::redis_backend::tests {
namespace {

using places = std::vector<std::string_view>;
using words = std::vector<std::string>;

// What list_jobs.lua would say of a place with these.
redis::reply page(std::int64_t before, const words& ids, std::string_view score = {}) {
    redis::reply::list entries;
    for (const auto& id : ids)
        entries.push_back(redis::reply(redis::reply::list{
            redis::reply(id), score.empty() ? redis::reply() : redis::reply(std::string(score)), redis::reply()}));
    return redis::reply(redis::reply::list{redis::reply(before), redis::reply(std::move(entries))});
}

std::string asked(const redis::command& c, std::size_t place) { return std::string(c.words().at(place + 4)); }

void pass_all(walk& w, const words& ids, std::size_t most) {
    w.command("bull", most);
    for (const auto& each : w.read(page(0, ids)))
        w.pass(each);
    w.end_step();
}

TEST(QueueRedisWalk, GoesWhereJobsInAStateStand) {
    EXPECT_EQ(places_of({job_state::waiting}), (places{"wait", "paused", "prioritized", "parked"}));
    EXPECT_EQ(places_of({job_state::failed, job_state::active, job_state::failed}), (places{"failed", "active"}));
    EXPECT_EQ(places_of({}).size(), 9u);
}

TEST(QueueRedisWalk, ReadsTheCursorsThatItGives) {
    const walk_place at{.queue = "mail", .stands = "completed", .mark = "17.5", .after = "repeat:a:7"};
    EXPECT_EQ(to_text(at), "mail:completed:17.5:repeat:a:7");
    EXPECT_EQ(read_walk_place(to_text(at)), at);
    for (const auto* text : {"", "x", "-1", "a:b:c", "mail:unheard of:1:2", "mail:meta::"})
        EXPECT_FALSE(read_walk_place(text)) << text;
}

TEST(QueueRedisWalk, IsOverWhereNobodyGaveTheCursorOrThereIsNothing) {
    EXPECT_TRUE(walk({.queues = {"mail"}, .places = {"wait"}}, "x").is_over());
    EXPECT_TRUE(walk({.queues = {"mail"}, .places = {"wait"}}, "mail:failed::").is_over());
    EXPECT_TRUE(walk({.queues = {}, .places = {"wait"}}, "").is_over());
    EXPECT_TRUE(walk({.queues = {"mail"}, .places = {}}, "").is_over());
    EXPECT_EQ(walk({.queues = {"mail"}, .places = {}}, "").cursor(), "");
}

TEST(QueueRedisWalk, GoesThroughAllPlacesOfAllQueues) {
    walk w({.queues = {"a", "b"}, .places = {"wait", "failed"}}, "");
    words seen;
    for (; !w.is_over(); pass_all(w, {"1"}, 2))
        seen.push_back(w.cursor());
    EXPECT_EQ(seen, (words{"a:wait::", "a:failed::", "b:wait::", "b:failed::"}));
}

TEST(QueueRedisWalk, StaysWhileAPlaceMayHaveMore) {
    walk w({.queues = {"a"}, .places = {"wait"}}, "");
    pass_all(w, {"1", "2"}, 2);
    EXPECT_EQ(w.cursor(), "a:wait:2:2");
    pass_all(w, {}, 2);
    EXPECT_TRUE(w.is_over());
}

TEST(QueueRedisWalk, GoesOnBehindTheLastThatWasPassed) {
    walk w({.queues = {"a"}, .places = {"wait"}, .newest_first = true}, "");
    w.command("bull", 3);
    const auto jobs = w.read(page(10, {"x", "y", "z"}));
    w.pass(jobs.at(0));
    w.pass(jobs.at(2)); // the other one has left
    EXPECT_EQ(w.cursor(), "a:wait:12:z");
    const auto next = w.command("bull", 5);
    EXPECT_EQ(asked(next, 0), "wait");
    EXPECT_EQ(asked(next, 1), "5");
    EXPECT_EQ(asked(next, 2), "newest");
    EXPECT_EQ(asked(next, 3), "z");
    EXPECT_EQ(asked(next, 4), "12");
}

TEST(QueueRedisWalk, MarksAJobOfASortedSetByItsScore) {
    walk w({.queues = {"a"}, .places = {"completed"}}, "");
    w.command("bull", 3);
    for (const auto& each : w.read(page(10, {"x", "y"}, "1767225600000")))
        w.pass(each);
    EXPECT_EQ(w.cursor(), "a:completed:1767225600000:y");
}

TEST(QueueRedisWalk, TakesAQueueThatHasGoneForOneThatIsPassed) {
    walk w({.queues = {"a", "c"}, .places = {"wait"}}, "b:wait::");
    pass_all(w, {}, 1);
    EXPECT_EQ(w.cursor(), "c:wait::");
}

} // namespace
} // namespace infra::queue::redis_backend::tests
