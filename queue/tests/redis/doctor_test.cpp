#include "tests/redis/stage.hpp"

#include <infra/queue/redis_doctor.hpp>

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

/// A program that adds, takes and ends jobs of all kinds until it is told that this is enough; how many it ended.
awaitable<std::size_t> keep_busy(std::shared_ptr<backend> stored, std::shared_ptr<bool> enough) {
    std::size_t ended = 0;
    while (!*enough) {
        const auto at = real_clock().wall();
        std::vector<new_job> jobs(20, plain_job("welcome"));
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            jobs[i].created_at = at;
            jobs[i].options.priority = static_cast<int>(i % 3);
            if (i % 5 == 0)
                jobs[i].run_at = at + 3ms;
        }
        co_await stored->enqueue(std::move(jobs));
        auto taken = co_await stored->claim({.queues = {"mail"}, .max = 20, .worker = "w", .now = real_clock().wall()});
        std::vector<outcome> ends;
        for (const auto& each : taken.jobs)
            ends.push_back({.held = each.held,
                            .as = ends.size() % 3 == 0 ? outcome::kind::failed : outcome::kind::completed,
                            .reason = "bad",
                            .at = real_clock().wall(),
                            .keep = {.count = 15}});
        ended += ends.size();
        co_await stored->finish(std::move(ends));
    }
    co_return ended;
}

class QueueRedisDoctor : public on_a_stage {
protected:
    diagnosis examined(examine_options how = {}) {
        return loop.await(examine({.server = {.socket_path = server->socket()}}, std::move(how)));
    }

    static strings lines(const diagnosis& d) {
        strings all;
        for (const auto& each : d.findings)
            all.push_back(std::string(to_string(each.what)) + " " + each.queue + " " + each.id +
                          (each.repaired ? " repaired" : ""));
        return all;
    }

    /// Finds it and nothing else, changes nothing; puts it right; finds nothing any more.
    void expect_found_and_cured(const std::string& line) {
        const auto before = left();
        EXPECT_EQ(lines(examined()), strings{line});
        EXPECT_EQ(left(), before);
        EXPECT_EQ(lines(examined({.repair = true})), strings{line + " repaired"});
        EXPECT_EQ(lines(examined()), strings{});
    }

    std::string add_one(std::string queue = "mail") {
        auto job = plain_job("welcome");
        job.queue = queue;
        return add(job).id;
    }

    /// A parent in `albums` that waits for one child in `mail`.
    void add_family() {
        ask({"HSET", "bull:albums:p", "name", "bind", "data", "{}", "opts", "{}", "timestamp", 1, "delay", 0,
             "priority", 0});
        ask({"ZADD", "bull:albums:waiting-children", 1, "p"});
        ask({"HSET", "bull:albums:meta", "opts.maxLenEvents", 10'000});
        ask({"SADD", "bull:albums:p:dependencies", "bull:mail:1"});
        add_one();
        ask({"HSET", "bull:mail:1", "parentKey", "bull:albums:p", "parent", R"({"id":"p","queueKey":"bull:albums"})"});
    }
};

TEST_F(QueueRedisDoctor, FindsNothingWhereNothingIs) {
    const auto d = examined();
    EXPECT_EQ(lines(d), strings{});
    EXPECT_EQ(d.queues, 0u);
    EXPECT_TRUE(d.complete);
}

TEST_F(QueueRedisDoctor, FindsNothingWrongWithWhatBullMqLeaves) {
    std::size_t jobs = 0;
    for (const auto& each : all_scenes()) {
        ask({"FLUSHALL"});
        restore(each);
        const auto d = examined();
        jobs += d.jobs;
        for (const auto& found : d.findings)
            ADD_FAILURE() << each.name << " " << each.versions << ": " << found.queue << " " << found.id << " "
                          << to_string(found.what) << ": " << found.detail;
    }
    EXPECT_GT(jobs, all_scenes().size());
}

TEST_F(QueueRedisDoctor, FindsNothingWrongWhileJobsComeAndGo) {
    const auto stored = make_redis_backend({.server = {.socket_path = server->socket()}});
    const auto enough = std::make_shared<bool>(false);
    const auto busy = loop.start(keep_busy(stored, enough));
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(lines(examined({.repair = true})), strings{});
    *enough = true;
    ASSERT_TRUE(loop.until([&] { return busy->ended; }));
    EXPECT_FALSE(busy->failure);
    EXPECT_GT(busy->value.value_or(0), 100u);
    EXPECT_EQ(lines(examined()), strings{});
    loop.await(stored->stop(deadline::after(5s)));
}

TEST_F(QueueRedisDoctor, ForgetsAJobThatStandsNowhere) {
    add_one();
    ask({"LREM", "bull:mail:wait", 0, "1"});
    ask({"RPUSH", "bull:mail:1:logs", "a line"});
    expect_found_and_cured("orphan_hash mail 1");
    EXPECT_EQ(redis::to<int>(ask({"EXISTS", "bull:mail:1", "bull:mail:1:logs"})), 0);
}

TEST_F(QueueRedisDoctor, HasAParentGoOnWithoutTheChildThatStoodNowhere) {
    add_family();
    ask({"LREM", "bull:mail:wait", 0, "1"});
    expect_found_and_cured("orphan_hash mail 1");
    EXPECT_EQ(redis::to<strings>(ask({"LRANGE", "bull:albums:wait", 0, -1})), strings{"p"});
}

TEST_F(QueueRedisDoctor, RemovesWhatIsLeftOfAJobThatIsGone) {
    ask({"RPUSH", "bull:mail:7:logs", "a line"});
    expect_found_and_cured("orphan_part mail 7");
}

TEST_F(QueueRedisDoctor, TakesOutAnIdWithoutAJob) {
    add_one();
    ask({"LPUSH", "bull:mail:wait", "ghost"});
    ask({"ZADD", "bull:mail:failed", 5, "ghost"});
    expect_found_and_cured("missing_hash mail ghost");
    EXPECT_EQ(line("wait"), strings{"1"});
}

TEST_F(QueueRedisDoctor, LeavesAJobInOnePlace) {
    add_one();
    add_one();
    ask({"ZADD", "bull:mail:delayed", 5, "1"});
    expect_found_and_cured("two_places mail 1");
    EXPECT_EQ(line("wait"), (strings{"2", "1"}));
    ask({"RPUSH", "bull:mail:wait", "2"});
    expect_found_and_cured("two_places mail 2");
    EXPECT_EQ(line("wait"), (strings{"2", "1"}));
}

TEST_F(QueueRedisDoctor, KnowsWhereJobsOfGroupsStand) {
    add_one();
    ask({"LREM", "bull:mail:wait", 0, "1"});
    ask({"HSET", "bull:mail:1", "infra.group", "vip"});
    for (const auto* key : {"bull:mail~parked", "bull:mail~group:vip"})
        ask({"ZADD", key, 5, "1", 6, "ghost"});
    ask({"HSET", "bull:mail~heads", "vip", "4 0"});
    expect_found_and_cured("missing_hash mail ghost");
    EXPECT_EQ(redis::to<strings>(ask({"ZRANGE", "bull:mail~group:vip", 0, -1})), strings{"1"});
}

TEST_F(QueueRedisDoctor, HasAJobWithoutALockFoundByTheNextSweep) {
    add_one();
    const auto taken = take_one();
    EXPECT_EQ(lines(examined()), strings{});
    ask({"DEL", "bull:mail:1:lock"});
    EXPECT_EQ(lines(examined()), strings{"active_without_lock mail 1"});
    EXPECT_EQ(lines(examined({.repair = true})), strings{"active_without_lock mail 1 repaired"});
    EXPECT_EQ(redis::to<strings>(ask({"SMEMBERS", "bull:mail:stalled"})), strings{"1"});
}

TEST_F(QueueRedisDoctor, ReleasesAParentThatWaitsForNobody) {
    add_family();
    EXPECT_EQ(lines(examined()), strings{});
    ask({"DEL", "bull:mail:1"});
    ask({"DEL", "bull:mail:wait"});
    expect_found_and_cured("stuck_parent albums p");
    EXPECT_EQ(redis::to<strings>(ask({"LRANGE", "bull:albums:wait", 0, -1})), strings{"p"});
}

TEST_F(QueueRedisDoctor, TellsAParentOfTheChildThatCompleted) {
    add_family();
    ask({"DEL", "bull:mail:wait"});
    ask({"HSET", "bull:mail:1", "finishedOn", 5, "returnvalue", "42"});
    ask({"ZADD", "bull:mail:completed", 5, "1"});
    expect_found_and_cured("stuck_parent albums p");
    EXPECT_EQ(redis::to<std::string>(ask({"HGET", "bull:albums:p:processed", "bull:mail:1"})), "42");
}

TEST_F(QueueRedisDoctor, WakesWorkersWhereNothingElseWould) {
    add_one();
    ask({"DEL", "bull:mail:marker"});
    expect_found_and_cured("missing_marker mail ");
    EXPECT_EQ(redis::to<strings>(ask({"ZRANGE", "bull:mail:marker", 0, -1})), strings{"0"});
}

TEST_F(QueueRedisDoctor, WakesNobodyForWhatTurnsOutToBeNoJob) {
    ask({"LPUSH", "bull:mail:wait", "ghost"});
    const auto d = examined({.repair = true});
    EXPECT_EQ(lines(d), (strings{"missing_hash mail ghost repaired", "missing_marker mail  repaired"}));
    EXPECT_EQ(redis::to<int>(ask({"EXISTS", "bull:mail:marker"})), 0);
}

TEST_F(QueueRedisDoctor, PutsWhatStandsApartInLine) {
    for (int i = 0; i < 3; ++i)
        add_one();
    ask({"RENAME", "bull:mail:wait", "bull:mail:paused"});
    add_one();
    expect_found_and_cured("parked_jobs mail ");
    EXPECT_EQ(line("wait"), (strings{"3", "2", "1", "4"}));
}

TEST_F(QueueRedisDoctor, FreesASlotWhoseJobIsGone) {
    ask({"SET", "bull:mail:de:order", "9"});
    expect_found_and_cured("stale_deduplication mail order");
}

TEST_F(QueueRedisDoctor, FindsNothingWrongWithPausedSchedules) {
    const auto stored = make_redis_backend({.server = {.socket_path = server->socket()}}, {loop.get_executor()});
    for (const auto* id : {"daily", "meta", "a:b:meta"}) {
        std::vector<new_schedule> one{
            {.queue = "mail", .id = id, .when = {.every = 1min}, .name = "x", .next = now + 1h, .now = now}};
        loop.await(stored->upsert(std::move(one)));
        loop.await(stored->pause_schedules({{"mail", id}}, now));
    }
    EXPECT_EQ(lines(examined({.repair = true})), strings{});
    EXPECT_EQ(loop.await(stored->schedules(std::nullopt)).size(), 3u);
    loop.await(stored->stop(deadline::after(30s)));
}

TEST_F(QueueRedisDoctor, NamesWhatItCannotCure) {
    ask({"HSET", "bull:mail:repeat:daily", "name", "report", "ic", 3, "every", 1000});
    ask({"ZADD", "bull:mail:repeat", 1'767'225'600'000, "daily"});
    ask({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
    const auto d = examined({.repair = true});
    EXPECT_EQ(lines(d), (strings{"eviction_policy  ", "lost_schedule mail daily"}));
    EXPECT_EQ(d.findings.at(1).detail, "has no next run: there is no job repeat:daily:1767225600000");
}

TEST_F(QueueRedisDoctor, NamesAKeyOfAnotherTypeAndExaminesTheOtherQueues) {
    for (const auto* queue : {"mail", "images"}) {
        add_one(queue);
        ask({"LPUSH", std::string("bull:") + queue + ":wait", "ghost"});
    }
    ask({"SET", "bull:mail:wait", "somebody's"});
    const auto d = examined({.repair = true});
    EXPECT_EQ(lines(d), (strings{"missing_hash images ghost repaired", "wrong_type mail "}));
    EXPECT_EQ(d.findings.at(1).detail, "its key bull:mail:wait is of the type string instead of list");
    EXPECT_EQ(redis::to<std::string>(ask({"GET", "bull:mail:wait"})), "somebody's");
}

TEST_F(QueueRedisDoctor, PassesOverPartsOfAQueueThatAreSomethingElse) {
    add_family();
    ask({"SET", "bull:albums:p:dependencies", "somebody's"});
    ask({"RPUSH", "bull:mail:de:order", "somebody's"});
    ask({"ZADD", "bull:mail:repeat", 1, "daily"});
    ask({"SET", "bull:mail:repeat:daily", "somebody's"});
    EXPECT_EQ(lines(examined()), strings{"stuck_parent albums p"});
}

// Its jobs stand in bull:mail~group:meta, where a queue of that name would have its settings.
TEST_F(QueueRedisDoctor, TakesAGroupCalledMetaForNoQueue) {
    auto job = plain_job("welcome");
    job.group = "meta";
    add({job, job});
    ASSERT_EQ(redis::to<std::string>(ask({"TYPE", "bull:mail~group:meta"})), "zset");
    const auto d = examined();
    EXPECT_EQ(lines(d), strings{});
    EXPECT_EQ(d.queues, 1u);
    const auto stored = make_redis_backend({.server = {.socket_path = server->socket()}}, {loop.get_executor()});
    EXPECT_EQ(loop.await(stored->counts({})),
              (std::vector<queue_counts>{{.queue = "mail", .waiting = 2, .groups = 1}}));
    loop.await(stored->stop(deadline::after(5s)));
}

TEST_F(QueueRedisDoctor, LooksAtTheQueuesThatAreNamedAndAtNoMoreThanItIsTold) {
    for (const auto* queue : {"mail", "images"}) {
        add_one(queue);
        ask({"LPUSH", std::string("bull:") + queue + ":wait", "ghost"});
    }
    ask({"SET", "bully:mail:7:logs", "x"});
    EXPECT_EQ(lines(examined({.queues = {"images"}})), strings{"missing_hash images ghost"});
    EXPECT_EQ(examined().findings.size(), 2u);
    EXPECT_FALSE(examined({.max_jobs = 1}).complete);
    const auto one = examined({.max_findings = 1});
    EXPECT_EQ(one.findings.size(), 1u);
    EXPECT_FALSE(one.complete);
}

TEST_F(QueueRedisDoctor, ReadsMoreThanAPage) {
    std::vector<new_job> many(2500, plain_job("welcome"));
    for (std::size_t from = 0; from < many.size(); from += 500)
        add({many.begin() + static_cast<std::ptrdiff_t>(from), many.begin() + static_cast<std::ptrdiff_t>(from + 500)});
    redis::command remove("DEL");
    for (int i = 1; i <= 150; ++i)
        remove.add("bull:mail:" + std::to_string(i));
    ask(std::move(remove));
    const auto d = examined({.repair = true});
    EXPECT_EQ(d.jobs, 2500u);
    EXPECT_EQ(d.findings.size(), 150u);
    EXPECT_TRUE(std::ranges::all_of(d.findings, &finding::repaired));
    EXPECT_EQ(line("wait").size(), 2350u);
}

TEST_F(QueueRedisDoctor, SaysThatAServerIsNotThere) {
    EXPECT_EQ(loop.code_of(examine({.server = {.host = "127.0.0.1", .port = 1}, .timeout = 100ms})), errc::unavailable);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
