#include "src/redis/stored_scheduler.hpp"

#include "src/redis/job_hash.hpp"
#include "tests/redis/wire.hpp"
#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;

stored_scheduler in_scene(std::string_view name, const std::string& id) {
    const auto& s = scene_named(name);
    return read_scheduler("mail", id, s.sorted_set("bull:mail:repeat").at(id), s.hash("bull:mail:repeat:" + id));
}

new_schedule every_minute() {
    return {.queue = "mail", .id = "minutely", .when = {.every = 1min}, .name = "tick", .next = t0, .now = t0};
}

stored_scheduler again(const stored_scheduler& s) {
    const auto score = s.next ? std::optional(double(to_unix_ms(*s.next))) : std::nullopt;
    return read_scheduler(s.queue, s.id, score, hash_of(s));
}

TEST(QueueRedisScheduler, OfBullmqIsASchedule) {
    const auto minutely = to_info(in_scene("schedulers", "minutely"), job_state::waiting);
    EXPECT_EQ(minutely.when, (schedule{.every = 1min, .offset = 0ms}));
    EXPECT_EQ(minutely.name, "tick");
    EXPECT_EQ(minutely.data, R"({"n":1})");
    EXPECT_EQ(minutely.options.attempts, 3);
    EXPECT_EQ(minutely.next, t0);
    EXPECT_EQ(minutely.runs, 0u);
    EXPECT_EQ(minutely.pending, job_state::waiting);
    const auto shifted = to_info(in_scene("schedulers", "shifted"), job_state::delayed);
    EXPECT_EQ(shifted.when, (schedule{.every = 1min, .offset = 1s, .limit = 5}));
    EXPECT_EQ(shifted.next, t0 + 1s);
    const auto daily = to_info(in_scene("schedulers", "daily"), job_state::delayed);
    EXPECT_EQ(daily.when, (schedule{.pattern = "0 6 * * *", .tz = "Europe/Berlin", .end = t0 + 240h}));
    EXPECT_EQ(daily.options.priority, 3);
    EXPECT_EQ(daily.data, "{}");
    const auto later = to_info(in_scene("schedulers", "later"), job_state::delayed);
    EXPECT_EQ(later.when, (schedule{.every = 1min, .offset = 30s, .start = t0 + 90s}));
}

TEST(QueueRedisScheduler, OfBullmqCountsItsRuns) {
    const auto run = to_info(in_scene("schedulersRun", "minutely"), job_state::active);
    EXPECT_EQ(run.runs, 2u) << "and a third is pending";
    EXPECT_EQ(run.next, t0 + 2min);
}

TEST(QueueRedisScheduler, GoesOnAsBullmqWould) {
    for (const auto* id : {"minutely", "shifted", "daily", "later"}) {
        const auto s = to_info(in_scene("schedulers", id), job_state::active);
        const auto then = follow(s.when, *s.next, s.runs, *s.next + 10ms);
        EXPECT_TRUE(then.run) << id;
        EXPECT_EQ(then.next, *s.next + (s.when.pattern.empty() ? 1min : 24h)) << id;
    }
    const auto& s = scene_named("schedulersRun"); // the second run came late, and BullMQ's third is where ours would be
    const auto third = to_info(in_scene("schedulersRun", "minutely"), job_state::active);
    EXPECT_EQ(follow(third.when, t0 + 1min, 1, t0 + 1min + 10ms).next, third.next);
    EXPECT_TRUE(s.keys.contains("bull:mail:repeat:minutely:1767225720000"));
}

TEST(QueueRedisScheduler, IsStoredAsBullmqStoresIt) {
    auto asked = every_minute();
    asked.data = R"({"n":1})";
    auto stored = to_stored(asked);
    stored.opts = read_object(R"({"attempts":3,"kl":5})").value();
    auto ours = readable(hash_of(stored)),
         theirs = readable(scene_named("schedulers").hash("bull:mail:repeat:minutely"));
    ours.erase("infra");
    ours.erase("infra.defined");
    EXPECT_EQ(json::value(ours), json::value(theirs));
}

TEST(QueueRedisScheduler, MakesRunsAsBullmqMakesThem) {
    for (const std::string id : {"minutely", "shifted", "daily", "later"}) {
        const auto s = in_scene("schedulers", id);
        const auto job = run_id(id, *s.next);
        const auto ours = readable(iteration_of(s, *s.next, 1, t0));
        auto theirs = readable(scene_named("schedulers").hash("bull:mail:" + job));
        if (id == "minutely" || id == "later") // what BullMQ computed it does not repeat to itself
            theirs["opts"].as_object()["repeat"].as_object().erase("offset");
        auto without_phase = ours;
        if (id == "minutely" || id == "later")
            without_phase["opts"].as_object()["repeat"].as_object().erase("offset");
        EXPECT_EQ(json::value(without_phase), json::value(theirs)) << id;
    }
}

TEST(QueueRedisScheduler, ComesBackAsItWasDefined) {
    const schedule usual{.every = 1min};
    schedule all[] = {usual, usual, usual, usual, {.pattern = "0 6 * * *", .tz = "Europe/Berlin"}};
    all[1].offset = 5s;
    all[2].missed = missed_runs::skip;
    all[2].grace = 5s;
    all[3].immediately = true;
    all[3].limit = 7;
    all[4].start = t0 + 1h;
    all[4].end = t0 + 48h;
    all[4].missed = missed_runs::all;
    for (const auto& when : all) {
        auto asked = every_minute();
        asked.when = when;
        asked.next = t0 + 6s;
        const auto stored = again(to_stored(asked));
        EXPECT_EQ(stored.when, when);
        EXPECT_EQ(stored.next, t0 + 6s);
        EXPECT_EQ(stored.defined_at, t0);
        EXPECT_TRUE(is_same_recurrence(stored, when));
    }
}

TEST(QueueRedisScheduler, IsTheSameWithThePhaseThatBullmqGaveIt) {
    EXPECT_TRUE(is_same_recurrence(in_scene("schedulers", "later"), {.every = 1min, .start = t0 + 90s}));
    EXPECT_FALSE(is_same_recurrence(in_scene("schedulers", "later"), {.every = 2min, .start = t0 + 90s}));
    EXPECT_FALSE(is_same_recurrence(in_scene("schedulers", "shifted"), {.every = 1min, .offset = 2s, .limit = 5}));
}

TEST(QueueRedisScheduler, ThatIsOverHasMadeAllOfItsRuns) {
    auto s = to_stored(every_minute());
    s.iterations = 3;
    s.is_over = true;
    s.last = t0 + 2min;
    const auto info = to_info(again(s), job_state::completed);
    EXPECT_EQ(info.runs, 3u);
    EXPECT_FALSE(info.next);
    EXPECT_FALSE(info.pending);
    EXPECT_EQ(info.last, t0 + 2min);
}

TEST(QueueRedisScheduler, WithoutATimeBeginsOver) {
    auto asked = every_minute();
    asked.next.reset();
    EXPECT_TRUE(to_stored(asked).is_over);
}

TEST(QueueRedisScheduler, GivesEachRunTheTimeToLive) {
    auto asked = every_minute();
    asked.options.ttl = 30s;
    const auto run = read_job({"mail", "x"}, iteration_of(to_stored(asked), t0 + 1min, 2, t0));
    EXPECT_EQ(run.expires_at, t0 + 90s);
    EXPECT_EQ(run.with.options.ttl, 30s);
    EXPECT_EQ(run.scheduler, "minutely");
}

TEST(QueueRedisScheduler, ThatCannotBeReadHasNoTimes) {
    const auto broken =
        read_scheduler("mail", "odd", {}, {{"every", "often"}, {"opts", "["}, {"infra", "7"}, {"ic", "-3"}});
    EXPECT_EQ(broken.when, schedule{});
    EXPECT_EQ(broken.iterations, 1u);
    EXPECT_FALSE(broken.next);
    EXPECT_EQ(to_info(broken, {}).options, (job_options{.keep_completed = {}, .keep_failed = {}}));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
