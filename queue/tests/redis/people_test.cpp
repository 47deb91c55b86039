// What people's verbs leave in Redis: what BullMQ's own do, for BullMQ goes on with it.

#include "tests/redis/stage.hpp"

#include <infra/queue/redis.hpp>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using lines = std::vector<std::string>;

class QueueRedisPeople : public backend_on_a_stage {
protected:
    void was_made_by(const std::string& version) { ask({"HSET", "bull:mail:meta", "version", version}); }
    queue_settings set_paused(bool paused) {
        return loop.await(stored->configure({.queue = "mail", .paused = paused, .now = now}));
    }
    std::size_t change(job_change what, std::vector<job_id> ids) {
        change_request request{.what = what, .now = now};
        for (auto& id : ids)
            request.jobs.push_back({"mail", std::move(id)});
        return loop.await(stored->change(std::move(request))).changed;
    }
    std::size_t change_all(job_change what, job_filter filter) {
        change_request request{.what = what, .filter = std::move(filter), .now = now};
        std::size_t changed = 0;
        do {
            auto done = loop.await(stored->change(request));
            changed += done.changed;
            request.cursor = done.next;
        } while (!request.cursor.empty());
        return changed;
    }
    bool exists(std::string_view key) { return ask({"EXISTS", key}).as_integer() == 1; }
};

// --- Pausing --------------------------------------------------------------------------------------------------------

TEST_F(QueueRedisPeople, PauseAsVersionSixDoes) {
    was_made_by("bullmq:6.7.0");
    add({plain_job("a"), plain_job("b")});
    EXPECT_TRUE(set_paused(true).paused);
    EXPECT_EQ(line("wait"), (lines{"2", "1"}));
    EXPECT_FALSE(exists("bull:mail:paused"));
    EXPECT_FALSE(exists("bull:mail:marker"));
    EXPECT_EQ(ask({"HGET", "bull:mail:meta", "paused"}).as_text(), "1");
    EXPECT_EQ(events().back(), "paused");
}

TEST_F(QueueRedisPeople, PauseAsVersionFiveDoes) {
    was_made_by("bullmq:5.81.5");
    add({plain_job("a"), plain_job("b")});
    set_paused(true);
    EXPECT_EQ(line("paused"), (lines{"2", "1"}));
    EXPECT_FALSE(exists("bull:mail:wait"));
    set_paused(false);
    EXPECT_EQ(line("wait"), (lines{"2", "1"}));
    EXPECT_FALSE(exists("bull:mail:paused"));
}

TEST_F(QueueRedisPeople, LoseNothingThatStandsApartFromAnEarlierPause) {
    was_made_by("bullmq:5.81.5");
    for (int i = 0; i < 12'000; i += 1000) {
        redis::command push{"LPUSH", "bull:mail:paused"};
        for (int j = i; j < i + 1000; ++j)
            push.add("old" + std::to_string(j));
        ask(std::move(push));
    }
    add({plain_job("a")});
    set_paused(true);
    EXPECT_EQ(ask({"LLEN", "bull:mail:paused"}).as_integer(), 12'001);
    add({plain_job("b")});
    EXPECT_FALSE(set_paused(false).paused);
    EXPECT_EQ(ask({"LLEN", "bull:mail:wait"}).as_integer(), 12'002);
    EXPECT_FALSE(exists("bull:mail:paused"));
}

TEST_F(QueueRedisPeople, ResumeSoThatSomebodyLooks) {
    add({plain_job("a")});
    set_paused(true);
    set_paused(false);
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:marker", "0"}).as_real(), 0);
    EXPECT_EQ(events().back(), "resumed");
    const auto before = events().size();
    set_paused(false);
    EXPECT_EQ(events().size(), before) << "it was not paused";
}

TEST_F(QueueRedisPeople, LiftTheWindowOfAnOlderLimitAlone) {
    ask({"SET", "bull:mail:limiter", "5", "PX", 60'000});
    loop.await(stored->configure({.queue = "mail", .rate = rate_limit{.max = 9, .duration = 1s}}));
    EXPECT_FALSE(exists("bull:mail:limiter"));
    EXPECT_EQ(ask({"HGET", "bull:mail:meta", "max"}).as_text(), "9");
    EXPECT_EQ(ask({"HGET", "bull:mail:meta", "duration"}).as_text(), "1000");
    ask({"SET", "bull:mail:limiter", "9007199254740991", "PX", 60'000});
    loop.await(stored->configure({.queue = "mail", .rate = rate_limit{}}));
    EXPECT_TRUE(exists("bull:mail:limiter")) << "somebody stops it by hand for a while";
}

// --- Jobs -----------------------------------------------------------------------------------------------------------

TEST_F(QueueRedisPeople, RetryAsBullmqDoes) {
    auto prior = plain_job("work"), front = plain_job("work");
    prior.options.priority = 7;
    front.options.lifo = true;
    add({plain_job("work"), prior, front});
    for (const auto& job : take(3))
        end(job, outcome::kind::failed, "no");
    EXPECT_EQ(change(job_change::retry, {"1", "2", "3"}), 3u);
    EXPECT_EQ(line("wait"), (lines{"1", "3"}));
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:prioritized", "2"}).as_real(), 7 * 4294967296.0 + 2);
    for (const auto* field : {"finishedOn", "processedOn", "failedReason", "atm"})
        EXPECT_EQ(ask({"HEXISTS", "bull:mail:1", field}).as_integer(), 0) << field;
    EXPECT_EQ(ask({"HEXISTS", "bull:mail:1", "stacktrace"}).as_integer(), 1);
    EXPECT_FALSE(exists("bull:mail:failed"));
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:marker", "0"}).as_real(), 0);
}

TEST_F(QueueRedisPeople, PromoteAsBullmqDoes) {
    auto plain = plain_job("a"), prior = plain_job("b");
    plain.run_at = prior.run_at = t0 + 1h;
    prior.options.priority = 3;
    add({plain, prior});
    EXPECT_EQ(change(job_change::promote, {"1", "2", "9"}), 2u);
    EXPECT_EQ(line("wait"), lines{"1"});
    EXPECT_EQ(ask({"HGET", "bull:mail:1", "delay"}).as_text(), "0");
    EXPECT_EQ(ask({"ZCARD", "bull:mail:prioritized"}).as_integer(), 1);
    EXPECT_FALSE(exists("bull:mail:delayed"));
}

TEST_F(QueueRedisPeople, RemoveEveryKeyOfAJobAndItsSlot) {
    auto job = plain_job("a");
    job.deduplicate = deduplication{.id = "d"};
    add(job);
    ask({"RPUSH", "bull:mail:1:logs", "x"});
    ask({"HSET", "bull:mail:dn:d", "jid", "5"});
    EXPECT_EQ(change(job_change::remove, {"1"}), 1u);
    const auto keys = redis::to<lines>(ask({"KEYS", "bull:mail:*"}));
    for (const auto& key : keys)
        EXPECT_TRUE(key == "bull:mail:meta" || key == "bull:mail:id" || key == "bull:mail:events" ||
                    key == "bull:mail:marker")
            << key;
}

TEST_F(QueueRedisPeople, LeaveNothingOfARequestThatCameTooLate) {
    add(plain_job("a"));
    const auto taken = take_one();
    EXPECT_EQ(change(job_change::cancel, {"1"}), 1u);
    EXPECT_TRUE(end(taken, outcome::kind::completed)) << "it was faster";
    EXPECT_TRUE(ask({"HGET", "bull:mail:1", "infra.cancel"}).is_null());
    EXPECT_FALSE(exists("bull:mail~marked"));
}

TEST_F(QueueRedisPeople, LeaveThePendingRunOfASchedule) {
    const auto id = "repeat:nightly:" + std::to_string(to_unix_ms(t0 + 1h));
    auto run = plain_job("a");
    run.id = id;
    run.run_at = t0 + 1h;
    add(run);
    ask({"ZADD", "bull:mail:repeat", to_unix_ms(t0 + 1h), "nightly"});
    EXPECT_EQ(change(job_change::remove, {id}), 0u);
    EXPECT_EQ(change(job_change::cancel, {id}), 0u);
    EXPECT_EQ(change_all(job_change::remove, {.queue = "mail"}), 0u);
    ask({"ZADD", "bull:mail:repeat", to_unix_ms(t0 + 2h), "nightly"});
    EXPECT_EQ(change(job_change::remove, {id}), 1u) << "another run is the next";
}

TEST_F(QueueRedisPeople, DoNotTakeOneThatMovedForOneThatWasSeenElsewhere) {
    add({plain_job("a"), plain_job("b")});
    for (const auto& job : take(2))
        end(job, outcome::kind::failed, "no");
    EXPECT_EQ(change(job_change::retry, {"1"}), 1u);
    EXPECT_EQ(change_all(job_change::remove, {.queue = "mail", .states = {job_state::failed}}), 1u);
    EXPECT_TRUE(exists("bull:mail:1"));
    EXPECT_FALSE(exists("bull:mail:2"));
}

TEST_F(QueueRedisPeople, RemoveAllOfALongLineBitByBit) {
    std::vector<new_job> many(2'500, plain_job("a"));
    for (std::size_t i = 0; i < many.size(); i += 500)
        add(std::vector(many.begin() + static_cast<std::ptrdiff_t>(i),
                        many.begin() + static_cast<std::ptrdiff_t>(i + 500)));
    auto other = plain_job("other");
    add(other);
    EXPECT_EQ(change_all(job_change::remove, {.queue = "mail", .name = "a"}), 2'500u);
    EXPECT_EQ(line("wait"), lines{"2501"});
}

TEST_F(QueueRedisPeople, TakeSomeOutOfALongLineAndLeaveTheOthersInTheirOrder) {
    std::vector<new_job> many;
    for (int i = 0; i < 60; ++i)
        many.push_back(plain_job(i % 3 == 0 ? "kept" : "a"));
    add(many);
    auto run = plain_job("a");
    run.id = "repeat:nightly:" + std::to_string(to_unix_ms(t0));
    add(run);
    ask({"ZADD", "bull:mail:repeat", to_unix_ms(t0), "nightly"});
    ask({"SET", "bull:mail:2:lock", "somebody's"}); // it should not stand there
    EXPECT_EQ(change_all(job_change::cancel, {.queue = "mail", .states = {job_state::waiting}, .name = "a"}), 40u);
    lines kept{run.id};
    for (int i = 57; i >= 0; i -= 3)
        kept.push_back(std::to_string(i + 1));
    kept.push_back("2");
    EXPECT_EQ(line("wait"), kept);
    EXPECT_EQ(ask({"ZCARD", "bull:mail:failed"}).as_integer(), 39);
}

TEST_F(QueueRedisPeople, ClearAwayIdsWhoseJobsHaveGone) {
    ask({"LPUSH", "bull:mail:wait", "gone"});
    ask({"ZADD", "bull:mail:failed", 1, "gone too"});
    EXPECT_EQ(change_all(job_change::remove, {.queue = "mail"}), 2u);
    EXPECT_TRUE(loop.await(stored->forget_queue("mail")));
    EXPECT_EQ(redis::to<lines>(ask({"KEYS", "bull:mail*"})), lines{});
}

// --- What is told ---------------------------------------------------------------------------------------------------

TEST_F(QueueRedisPeople, KeepLinesAndProgressAsBullmqDoes) {
    add(plain_job("work"));
    ask({"HSET", "bull:mail:1", "opts", R"({"attempts":1,"kl":2})"});
    take_one();
    const lease held{.job = {"mail", "1"}, .fence = 1, .token = "token"};
    const auto kept = loop.await(stored->tell({{.held = held, .lines = {{t0, "one"}, {t0, "two"}, {t0, "three"}}},
                                               {.held = held, .progress = R"({"of":"zwölf"})"}}));
    EXPECT_EQ(kept, (std::vector<bool>{true, true}));
    EXPECT_EQ(line("1:logs"), (lines{"2026-01-01T00:00:00.000Z two", "2026-01-01T00:00:00.000Z three"}));
    EXPECT_EQ(ask({"HGET", "bull:mail:1", "progress"}).as_text(), R"({"of":"zwölf"})");
    ask({"RPUSH", "bull:mail:1:logs", "a row of Node's"});
    EXPECT_EQ(loop.await(stored->logs({"mail", "1"})).back(), (log_line{.text = "a row of Node's"}));
}

TEST_F(QueueRedisPeople, ReadWhatIsNamedLikeAKeyOfBullmqsAsNoJob) {
    add({plain_job("a")});
    for (const auto* id : {"wait", "meta", "id", "events", "unheard of"})
        EXPECT_FALSE(loop.await(stored->get({{"mail", id}})).at(0)) << id;
    EXPECT_TRUE(loop.await(stored->get({{"mail", "1"}})).at(0));
}

TEST_F(QueueRedisPeople, CountWhatIsNoListAsNothingAndTheOthersAsTheyAre) {
    add({plain_job("a")});
    for (const auto* key : {"wait", "paused", "active", "prioritized", "delayed", "completed", "failed", "repeat"})
        ask({"SET", std::string("bull:broken:") + key, "somebody's"});
    const auto counted = loop.await(stored->counts({"broken", "mail"}));
    EXPECT_EQ(counted.at(0), queue_counts{.queue = "broken"});
    EXPECT_EQ(counted.at(1).waiting, 1u);
    EXPECT_EQ(loop.await(stored->waiting_since({"broken", "mail"}, now)),
              (std::vector<std::optional<wall_time>>{std::nullopt, t0}));
}

TEST_F(QueueRedisPeople, ChangeOrLoseNothingWhereAJobIsNoHash) {
    ask({"ZADD", "bull:mail:failed", 1, "odd"});
    ask({"ZADD", "bull:mail:delayed", 1, "odd"});
    ask({"LPUSH", "bull:mail:wait", "odd"});
    ask({"SET", "bull:mail:odd", "somebody's"});
    for (const auto what : {job_change::retry, job_change::promote, job_change::cancel, job_change::remove})
        EXPECT_EQ(change(what, {"odd"}), 0u) << to_string(what);
    EXPECT_EQ(change_all(job_change::retry, {.queue = "mail"}), 0u);
    EXPECT_EQ(change_all(job_change::promote, {.queue = "mail"}), 0u);
    EXPECT_EQ(change_all(job_change::cancel, {.queue = "mail"}), 0u);
    EXPECT_EQ(line("wait"), lines{"odd"});
    EXPECT_EQ(ask({"ZCARD", "bull:mail:delayed"}).as_integer(), 1);
    EXPECT_EQ(change_all(job_change::remove, {.queue = "mail"}), 3u) << "its ids go";
    EXPECT_TRUE(exists("bull:mail:odd")) << "and what is not ours stays";
}

TEST_F(QueueRedisPeople, FindQueuesThatOnlyNodeHasMade) {
    ask({"HSET", "bull:images:meta", "version", "bullmq:6.7.0"});
    ask({"HSET", "bull:images:7", "name", "resize", "timestamp", "1"});
    ask({"LPUSH", "bull:images:wait", "7"});
    const auto all = loop.await(stored->counts({}));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0], (queue_counts{.queue = "images", .waiting = 1}));
    EXPECT_EQ(loop.await(stored->get({{"", "7"}})).at(0)->queue, "images");
}

} // namespace
} // namespace infra::queue::redis_backend::tests
