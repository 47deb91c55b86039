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
