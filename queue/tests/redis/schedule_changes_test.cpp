#include "src/redis/schedule_changes.hpp"
#include "tests/redis/stage.hpp"

#include <infra/queue/redis.hpp>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;

new_schedule every_minute(wall_time next = t0, wall_time now = t0) {
    return {.queue = "mail", .id = "s", .when = {.every = 1min}, .name = "tick", .next = next, .now = now};
}

known_schedule known(const new_schedule& asked = every_minute()) {
    return {upserted({}, asked).becomes, job_state::delayed};
}

TEST(QueueRedisScheduleChange, ThatIsNewGetsItsRun) {
    const auto change = upserted({}, every_minute(t0 + 1min));
    EXPECT_EQ(change.run, t0 + 1min);
    EXPECT_EQ(change.taken_away, std::nullopt);
    EXPECT_EQ(to_info(change.becomes, {}).runs, 0u);
    EXPECT_EQ(score_of(change.becomes), t0 + 1min);
}

TEST(QueueRedisScheduleChange, ThatKeepsItsTimesKeepsItsRun) {
    const auto before = known();
    auto asked = every_minute(t0 + 7min, t0 + 1s);
    asked.data = "2";
    const auto change = upserted(before, asked);
    EXPECT_EQ(change.run, t0);
    EXPECT_EQ(change.taken_away, t0) << "to come again with the new data";
    EXPECT_EQ(change.becomes.data, "2");
}

TEST(QueueRedisScheduleChange, ThatIsNoneLeavesTheRunAlone) {
    auto before = known();
    before.is->opts["colour"] = "green"; // somebody's own
    auto change = upserted(before, every_minute(t0 + 7min, t0 + 1s));
    EXPECT_EQ(change.taken_away, std::nullopt);
    EXPECT_EQ(change.run, std::nullopt);
    EXPECT_EQ(change.becomes.defined_at, t0 + 1s);
    EXPECT_EQ(change.becomes.opts, before.is->opts);
    before.pending.reset();
    EXPECT_EQ(upserted(before, every_minute()).run, t0) << "somebody took it away";
}

TEST(QueueRedisScheduleChange, OfARepeatableJobHandsOnWhatItsRunHas) {
    const hash_fields hash{{"name", "tick"}, {"every", "60000"}};
    auto s = read_scheduler("mail", "s", double(to_unix_ms(t0)), hash);
    take_from_run(
        s, hash, R"({"n":1})",
        R"({"attempts":3,"kl":5,"delay":7,"repeat":{"every":60000,"count":1,"key":"k"},"jobId":"repeat:s:1"})");
    const auto change = advanced({s}, {.of = {"mail", "s"}, .run = t0, .next = t0 + 1min, .now = t0});
    ASSERT_TRUE(change);
    const auto run = iteration_of(change->becomes, *change->run, change->becomes.iterations, t0);
    EXPECT_EQ(*find_field(run, "data"), R"({"n":1})");
    const auto opts = read_object(*find_field(run, "opts")).value();
    EXPECT_EQ(opts.at("attempts"), json::value(3));
    EXPECT_EQ(opts.at("kl"), json::value(5));
    EXPECT_EQ(opts.at("jobId"), json::value(run_id("s", t0 + 1min)));
    EXPECT_EQ(opts.at("repeat").at("key"), json::value("k"));
    EXPECT_EQ(opts.at("repeat").at("count"), json::value(2));
    const auto stored = hash_of(change->becomes);
    for (const auto* none : {"data", "opts", "ic"})
        EXPECT_EQ(find_field(stored, none), nullptr) << none;
}

TEST(QueueRedisScheduleChange, OfTimesMovesTheRun) {
    const auto before = known();
    auto asked = every_minute(t0 + 2min);
    asked.when.every = 2min;
    const auto change = upserted(before, asked);
    EXPECT_EQ(change.taken_away, t0);
    EXPECT_EQ(change.run, t0 + 2min);
}

TEST(QueueRedisScheduleChange, CountsTheRunsThatWereMade) {
    auto s = known();
    const auto made = advanced(s, {.of = {"mail", "s"}, .run = t0, .next = t0 + 1min, .now = t0});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->run, t0 + 1min);
    EXPECT_EQ(to_info(made->becomes, {}).runs, 1u);
    EXPECT_EQ(made->becomes.last, t0);
    s.is = made->becomes;
    const auto passed_over =
        advanced(s, {.of = {"mail", "s"}, .run = t0 + 1min, .made = false, .next = t0 + 2min, .now = t0});
    EXPECT_EQ(to_info(passed_over->becomes, {}).runs, 1u);
}

TEST(QueueRedisScheduleChange, GoesOnFromTheRunThatIsPendingAlone) {
    const auto s = known();
    EXPECT_FALSE(advanced(s, {.of = {"mail", "s"}, .run = t0 + 1min, .next = t0 + 2min, .now = t0}));
    EXPECT_FALSE(advanced({}, {.of = {"mail", "s"}, .run = t0, .next = t0 + 2min, .now = t0}));
}

TEST(QueueRedisScheduleChange, EndsAfterItsLastRun) {
    for (const bool made : {true, false}) {
        auto s = known();
        const auto change = advanced(s, {.of = {"mail", "s"}, .run = t0, .made = made, .now = t0});
        ASSERT_TRUE(change);
        EXPECT_EQ(change->run, std::nullopt);
        const auto over =
            read_scheduler("mail", "s", double(to_unix_ms(score_of(change->becomes))), hash_of(change->becomes));
        EXPECT_EQ(to_info(over, {}).next, std::nullopt);
        EXPECT_EQ(to_info(over, {}).runs, made ? 1u : 0u);
        EXPECT_FALSE(advanced({over}, {.of = {"mail", "s"}, .run = t0, .next = t0 + 1min, .now = t0}));
        auto again = every_minute(t0 + 5min);
        again.when.every = 5min;
        const auto resumed = upserted({over}, again);
        EXPECT_EQ(resumed.run, t0 + 5min);
        EXPECT_EQ(resumed.taken_away, std::nullopt);
        EXPECT_EQ(to_info(resumed.becomes, {}).runs, made ? 1u : 0u);
    }
}

TEST(QueueRedisScheduleChange, ToAPauseTakesTheRunAwayThatIsToCome) {
    const auto change = paused(known(), t0 + 5s);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->taken_away, t0);
    EXPECT_EQ(change->run, std::nullopt);
    const auto info = to_info(change->becomes, {});
    EXPECT_EQ(info.paused_since, t0 + 5s);
    EXPECT_EQ(info.runs, 0u);
    EXPECT_EQ(info.next, std::nullopt);
    EXPECT_EQ(info.last, std::nullopt);
    EXPECT_FALSE(paused({}, t0));
    const auto again = paused({change->becomes}, t0 + 9s);
    EXPECT_EQ(again->becomes.paused_since, t0 + 5s);
    EXPECT_EQ(again->taken_away, std::nullopt);
}

TEST(QueueRedisScheduleChange, ToAPauseCountsARunThatHasBegun) {
    for (const auto state : {job_state::active, job_state::completed, job_state::failed, job_state::waiting_children}) {
        auto s = known();
        s.pending = state;
        const auto change = paused(s, t0 + 5s);
        EXPECT_EQ(change->taken_away, std::nullopt);
        EXPECT_EQ(to_info(change->becomes, {}).runs, 1u);
        EXPECT_EQ(change->becomes.last, t0);
    }
}

TEST(QueueRedisScheduleChange, ToAPauseKeepsWhatOnlyTheRunSaid) {
    const hash_fields hash{{"name", "tick"}, {"every", "60000"}};
    auto s = read_scheduler("mail", "s", double(to_unix_ms(t0)), hash);
    take_from_run(s, hash, R"({"n":1})", R"({"attempts":3})");
    const auto kept = hash_of(paused({s, job_state::delayed}, t0)->becomes);
    EXPECT_EQ(*find_field(kept, "data"), R"({"n":1})");
    EXPECT_EQ(*find_field(kept, "opts"), R"({"attempts":3})");
}

TEST(QueueRedisScheduleChange, OfAPausedOneIsStoredAndMakesNoRun) {
    auto before = known();
    before.is = paused(before, t0 + 5s)->becomes;
    before.pending.reset();
    auto asked = every_minute(t0 + 7min, t0 + 6s);
    const auto same = upserted(before, asked);
    EXPECT_EQ(same.becomes.defined_at, t0 + 6s);
    asked.when.every = 7min;
    asked.data = "2";
    const auto other = upserted(before, asked);
    EXPECT_EQ(other.becomes.when.every, 7min);
    EXPECT_EQ(other.becomes.data, "2");
    for (const auto& change : {same, other}) {
        EXPECT_EQ(change.run, std::nullopt);
        EXPECT_EQ(change.taken_away, std::nullopt);
        EXPECT_EQ(change.becomes.paused_since, t0 + 5s);
        EXPECT_EQ(to_info(change.becomes, {}).runs, 0u);
    }
    EXPECT_FALSE(advanced(before, {.of = {"mail", "s"}, .run = t0, .next = t0 + 1min, .now = t0}));
}

TEST(QueueRedisScheduleChange, FromAPauseGetsItsRunAndKeepsItsCount) {
    auto s = known();
    s.is = advanced(s, {.of = {"mail", "s"}, .run = t0, .next = t0 + 1min, .now = t0})->becomes;
    const auto is = paused(s, t0 + 5s)->becomes;
    EXPECT_EQ(to_info(is, {}).runs, 1u);
    const auto stored = read_scheduler("mail", "s", {}, hash_of(is), double(to_unix_ms(t0 + 5s)));
    const resume_request asked{.of = {"mail", "s"}, .when = {.every = 1min}, .next = t0 + 9min, .now = t0 + 8min};
    const auto change = resumed({stored}, asked);
    ASSERT_TRUE(change);
    EXPECT_EQ(change->run, t0 + 9min);
    EXPECT_EQ(to_info(change->becomes, {}).runs, 1u);
    EXPECT_EQ(to_info(change->becomes, {}).paused_since, std::nullopt);
    EXPECT_EQ(change->becomes.last, t0);
    EXPECT_FALSE(resumed({change->becomes}, asked));
    EXPECT_FALSE(resumed({}, asked));
    auto over = asked;
    over.next.reset();
    EXPECT_EQ(to_info(resumed({stored}, over)->becomes, {}).runs, 1u);
    EXPECT_TRUE(resumed({stored}, over)->becomes.is_over);
    over.when.every = 2min;
    EXPECT_FALSE(resumed({stored}, over));
}

// --- On a server ---------------------------------------------------------------------------------------------------

class QueueRedisSchedules : public backend_on_a_stage {
protected:
    void upsert(new_schedule s) { loop.await(stored->upsert(std::vector{std::move(s)})); }
    bool advance(advance_request r) { return loop.await(stored->advance(std::vector{std::move(r)})).at(0); }

    static new_schedule scheduler(std::string id, schedule when, wall_time next, std::string name) {
        return {.queue = "mail",
                .id = std::move(id),
                .when = std::move(when),
                .name = std::move(name),
                .options = {.keep_completed = {}, .keep_failed = {}},
                .next = next,
                .now = t0};
    }
};

TEST_F(QueueRedisSchedules, AreLeftAsBullmqLeavesThem) {
    auto minutely = scheduler("minutely", {.every = 1min}, t0, "tick");
    minutely.data = R"({"n":1})";
    minutely.options.attempts = 3;
    auto daily =
        scheduler("daily", {.pattern = "0 6 * * *", .tz = "Europe/Berlin", .end = t0 + 240h}, t0 + 5h, "daily");
    daily.options.priority = 3;
    loop.await(
        stored->upsert({minutely, scheduler("shifted", {.every = 1min, .offset = 1s, .limit = 5}, t0 + 1s, "tock"),
                        daily, scheduler("later", {.every = 1min, .start = t0 + 90s}, t0 + 90s, "late")}));
    expect_left_as_in("schedulers",
                      {"bull~queues", "bull:mail:repeat:daily"}); // of a pattern BullMQ keeps an offset of 0
}

TEST_F(QueueRedisSchedules, AreChangedAsBullmqChangesThem) {
    auto minutely = scheduler("minutely", {.every = 1min}, t0, "tick");
    minutely.data = R"({"n":1})";
    upsert(minutely);
    minutely.data = R"({"n":2})";
    minutely.now = minutely.next.emplace(t0 + 1s);
    upsert(minutely);
    auto changed = scheduler("changed", {.every = 1min}, t0 + 1s, "tick");
    changed.now = t0 + 1s;
    upsert(changed);
    changed.when.every = 30s;
    changed.now = changed.next.emplace(t0 + 2s);
    upsert(changed);
    // BullMQ remembers the offset of the times before, ours that of the run that comes.
    expect_left_as_in("schedulersChanged", {"bull~queues", "bull:mail:repeat:changed"});
    EXPECT_EQ(ask({"HGET", "bull:mail:repeat:changed", "offset"}).as_text(), "2000");
}

TEST_F(QueueRedisSchedules, GoOnAsBullmqsDo) {
    auto minutely = scheduler("minutely", {.every = 1min, .limit = 3}, t0, "tick");
    minutely.data = R"({"n":1})";
    minutely.options.attempts = 3;
    upsert(minutely);
    auto run = t0;
    for (const auto pause : {10ms, 60'000ms}) {
        now += pause;
        const auto job = take_one();
        EXPECT_TRUE(advance({.of = {"mail", "minutely"}, .run = run, .next = run + 1min, .now = now}));
        run += 1min;
        end(job, outcome::kind::completed);
    }
    now += 200s;
    take_one();
    expect_left_as_in("schedulersRun", {"bull~queues"});
}

TEST_F(QueueRedisSchedules, AreReadAndAdvancedThoughBullmqDefinedThem) {
    restore(scene_named("schedulers"));
    const auto all = loop.await(stored->schedules("mail"));
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[2].id, "minutely");
    EXPECT_EQ(all[2].pending, job_state::waiting);
    EXPECT_EQ(all[3].pending, job_state::delayed);
    EXPECT_TRUE(advance({.of = {"mail", "minutely"}, .run = t0, .next = t0 + 1min, .now = t0}));
    EXPECT_EQ(ask({"HGET", "bull:mail:repeat:minutely", "ic"}).as_text(), "2");
    EXPECT_EQ(ask({"HGET", "bull:mail:repeat:minutely", "opts"}).as_text().find("infra"), std::string::npos);
    const auto opts = read_object(ask({"HGET", "bull:mail:repeat:minutely:1767225660000", "opts"}).as_text()).value();
    EXPECT_EQ(opts.at("kl"), json::value(5)) << "what BullMQ's worker reads of it is handed on";
    EXPECT_EQ(opts.at("repeat").at("count"), json::value(2));
}

TEST_F(QueueRedisSchedules, ThatArePausedAreNoneOfBullmqs) {
    upsert(scheduler("s", {.every = 1min}, t0 + 1min, "tick"));
    EXPECT_EQ(loop.await(stored->pause_schedules({{"mail", "s"}}, t0 + 5s)), std::vector{true});
    EXPECT_EQ(ask({"EXISTS", "bull:mail:repeat", "bull:mail:repeat:s", "bull:mail:delayed"}).as_integer(), 0);
    EXPECT_EQ(ask({"EXISTS", "bull:mail:repeat:s:" + std::to_string(to_unix_ms(t0 + 1min))}).as_integer(), 0);
    EXPECT_EQ(ask({"HLEN", "bull:mail~paused"}).as_integer(), 1);
    loop.await(
        stored->resume_schedules({{.of = {"mail", "s"}, .when = {.every = 1min}, .next = t0 + 9min, .now = t0}}));
    EXPECT_EQ(ask({"EXISTS", "bull:mail~paused"}).as_integer(), 0);
    EXPECT_EQ(ask({"HGET", "bull:mail:repeat:s", "ic"}).as_text(), "1");
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:repeat", "s"}).as_real(), double(to_unix_ms(t0 + 9min)));
}

TEST_F(QueueRedisSchedules, ThatBullmqDefinesAnewAreNotPaused) {
    upsert(scheduler("s", {.every = 1min}, t0 + 1min, "tick"));
    loop.await(stored->pause_schedules({{"mail", "s"}}, t0 + 5s));
    ask({"HSET", "bull:mail:repeat:s", "name", "theirs", "every", 1000, "ic", 1});
    ask({"ZADD", "bull:mail:repeat", to_unix_ms(t0 + 2min), "s"});
    const auto all = loop.await(stored->schedules("mail"));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].name, "theirs");
    EXPECT_EQ(all[0].paused_since, std::nullopt);
    EXPECT_EQ(ask({"EXISTS", "bull:mail~paused"}).as_integer(), 0) << "what was kept is not to come back";
}

TEST_F(QueueRedisSchedules, ThatArePausedAreListedPageByPage) {
    constexpr int many = 450;
    std::vector<new_schedule> all;
    std::vector<schedule_key> half;
    for (int i = 0; i < many; ++i) {
        all.push_back(scheduler("s" + std::to_string(i), {.every = 1min}, t0 + 1min, "tick"));
        if (i % 2 == 0)
            half.push_back({"mail", all.back().id});
    }
    loop.await(stored->upsert(all));
    loop.await(stored->pause_schedules(half, t0));
    const auto seen = loop.await(stored->schedules("mail"));
    EXPECT_EQ(seen.size(), all.size());
    EXPECT_EQ(std::ranges::count_if(seen, [](const auto& s) { return s.paused_since.has_value(); }), many / 2);
    loop.await(stored->remove_schedules({{"mail", "s0"}, {"mail", "s1"}}));
    EXPECT_EQ(loop.await(stored->schedules("mail")).size(), all.size() - 2);
}

// The look and the change are two calls: whoever takes the run in between has it counted.
TEST_F(QueueRedisSchedules, ThatArePausedWhileTheirRunsAreTakenLoseNone) {
    const auto other = make_redis_backend({.server = {.socket_path = server->socket()}}, {loop.get_executor()});
    for (int round = 0; round < 30; ++round) {
        upsert(scheduler("s", {.every = 1min}, t0, "tick"));
        const auto claimed = loop.start(other->claim({.queues = {"mail"}, .worker = "w", .now = t0}));
        const auto paused = loop.start(stored->pause_schedules({{"mail", "s"}}, t0));
        ASSERT_TRUE(loop.until([&] { return claimed->ended && paused->ended; }));
        const auto s = loop.await(stored->schedules("mail")).at(0);
        EXPECT_EQ(s.runs, claimed->value->jobs.size());
        EXPECT_EQ(ask({"LLEN", "bull:mail:wait"}).as_integer(), 0);
        for (const auto& each : claimed->value->jobs)
            loop.await(other->finish({{.held = each.held, .as = outcome::kind::dropped, .at = t0}}));
        loop.await(stored->remove_schedules({{"mail", "s"}}));
    }
    loop.await(other->stop(deadline::after(30s)));
}

TEST_F(QueueRedisSchedules, OfAQueueWhoseKeyIsSomethingElseAreNone) {
    upsert(scheduler("s", {.every = 1min}, t0 + 1min, "tick"));
    ask({"SET", "bull:photos:repeat", "somebody's"});
    ask({"HSET", "bull:photos:meta", "version", "bullmq:6.7.0"});
    EXPECT_EQ(loop.await(stored->schedules(std::nullopt)).size(), 1u);
}

TEST_F(QueueRedisSchedules, OfOtherQueuesAreStoredThoughTheKeyOfOneIsSomethingElse) {
    ask({"SET", "bull:albums:repeat", "somebody's"});
    ask({"SET", "bull:photos:repeat:s", "somebody's"});
    std::vector<new_schedule> all(3, scheduler("s", {.every = 1min}, t0 + 1min, "tick"));
    all[0].queue = "albums";
    all[2].queue = "photos";
    EXPECT_EQ(loop.code_of(stored->upsert(all)), errc::unavailable);
    EXPECT_EQ(loop.await(stored->schedules(std::nullopt)).size(), 1u);
    EXPECT_EQ(ask({"EXISTS", "bull:albums:repeat:s", "bull:photos:repeat"}).as_integer(), 0) << "nothing is half there";
    EXPECT_EQ(ask({"GET", "bull:photos:repeat:s"}).as_text(), "somebody's");
}

// What was decided of one that has changed since is decided anew.
TEST_F(QueueRedisSchedules, ChangedByTwoAtOnceAreAsOneOfThemWantsThem) {
    const auto other = make_redis_backend({.server = {.socket_path = server->socket()}}, {loop.get_executor()});
    for (int round = 0; round < 20; ++round) {
        auto mine = scheduler("s", {.every = 1min}, t0 + 1min, "mine"),
             theirs = scheduler("s", {.every = 2min}, t0 + 2min, "theirs");
        const auto one = loop.start(stored->upsert(std::vector{mine}));
        const auto two = loop.start(other->upsert(std::vector{theirs}));
        ASSERT_TRUE(loop.until([&] { return one->ended && two->ended; }));
        const auto s = loop.await(stored->schedules("mail")).at(0);
        EXPECT_EQ(s.when.every, s.name == "mine" ? 1min : 2min);
        EXPECT_EQ(s.next, s.name == "mine" ? t0 + 1min : t0 + 2min);
        EXPECT_EQ(ask({"ZCARD", "bull:mail:delayed"}).as_integer(), 1);
    }
    loop.await(other->stop(deadline::after(30s)));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
