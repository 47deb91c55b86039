// Schedules that one side defined: the other shows them, runs them and makes what comes next.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

class QueueInteropSchedulers : public QueueInterop {
protected:
    new_schedule schedule_of(std::string id, schedule when, std::string data = R"({"n":1})") {
        const auto now = real_clock().wall();
        return {.queue = "mail",
                .id = std::move(id),
                .when = when,
                .name = "tick",
                .data = std::move(data),
                .next = first_run(when, now),
                .now = now};
    }
    static std::int64_t to_ms(wall_time at) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
    }
    void define(new_schedule one) { us->await(us->jobs.upsert_schedule(std::move(one))); }
    void let_us_work() {
        us->handle("mail", "tick", [this](json::value data) -> awaitable<std::string> {
            ran.add(json::to_text(data));
            co_return "ours";
        });
        us->work({.lease = 1s});
    }
    void let_node_work() { says("kept.worker = await work('mail', async () => 'theirs')"); }
    /// How many different runs were completed, and whether the times between them are whole.
    std::string runs(int wanted, int every) {
        return says(R"js(
            const mail = await queue("mail");
            await until(async () => (await mail.getCompletedCount()) >= given[0]);
            const times = (await mail.getCompleted()).map((each) => Number(each.id.split(":").at(-1))).sort();
            return [new Set(times).size >= given[0], times.every((time, i) => i === 0 || (time - times[i - 1]) % given[1] === 0)];
        )js",
                    json::array{wanted, every});
    }

    noted<std::string> ran;
};

TEST_P(QueueInteropSchedulers, NodeRunsOnWhatWeDefined) {
    define(schedule_of("minutely", {.every = 100ms}));
    let_node_work();
    EXPECT_EQ(runs(4, 100), "[true,true]");
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        const { key, name, every, next, iterationCount, template: { data } } = await mail.getJobScheduler("minutely");
        const [done] = await mail.getCompleted(0, 0);
        return [key, name, every, next > 0, iterationCount >= 4, data, done.name, done.data, done.repeatJobKey, await mail.getJobSchedulersCount()];
    )js"),
              R"(["minutely","tick",100,true,true,{"n":1},"tick",{"n":1},"minutely",1])");
    const auto all = us->await(us->jobs.schedules("mail"));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_GE(all[0].runs, 4u);
}

TEST_P(QueueInteropSchedulers, WeRunOnWhatNodeDefined) {
    says(R"js(
        await (await queue("mail")).upsertJobScheduler("minutely", { every: 100 }, { name: "tick", data: { n: 7 }, opts: { attempts: 3, keepLogs: 5 } });
    )js");
    let_us_work();
    EXPECT_EQ(runs(4, 100), "[true,true]");
    EXPECT_EQ(ran.all().at(0), R"({"n":7})");
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        const { key, name, every, iterationCount } = await mail.getJobScheduler("minutely");
        const [done] = await mail.getCompleted(0, 0);
        return [key, name, every, iterationCount >= 4, done.opts.attempts, done.opts.keepLogs, done.opts.repeat.every, done.returnvalue];
    )js"),
              R"(["minutely","tick",100,true,3,5,100,"ours"])");
}

TEST_P(QueueInteropSchedulers, BothRunOneWithoutDoubles) {
    says("await (await queue('mail')).upsertJobScheduler('minutely', { every: 50 }, { name: 'tick' })");
    define(schedule_of("ours", {.every = 50ms, .offset = 20ms}));
    let_us_work();
    let_node_work();
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await until(async () => (await mail.getCompletedCount()) >= 30);
        const ids = (await redis.xrange("bull:mail:events", "-", "+")).map(([, flat]) => flat).filter(([, name]) => name === "active").map((flat) => flat[3]);
        const pending = await Promise.all(["minutely", "ours"].map(async (id) => (await mail.getJobs(["delayed", "waiting", "active"])).filter((each) => each?.repeatJobKey === id && each.id.endsWith(`:${given}`) === false).length));
        return [new Set(ids).size === ids.length, (await mail.getJobSchedulers()).length, (await mail.getJobs(["delayed"])).filter(Boolean).length <= 2, await mail.getFailedCount()];
    )js"),
              "[true,2,true,0]");
}

TEST_P(QueueInteropSchedulers, EndAtTheirLimitAndTheirEnd) {
    says(R"js(
        const mail = await queue("mail");
        await mail.upsertJobScheduler("theirs", { every: 30, limit: 3 }, { name: "tick" });
        await mail.upsertJobScheduler("theirs, until", { every: 30, endDate: Date.now() + 200 }, { name: "tick" });
    )js");
    define(schedule_of("ours", {.every = 30ms, .limit = 3}));
    define(schedule_of("ours, until", {.every = 30ms, .end = real_clock().wall() + 200ms}));
    let_us_work();
    let_node_work();
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        const of = async (id) => (await mail.getCompleted()).filter((each) => each.repeatJobKey === id).length;
        await until(async () => (await of("ours")) >= 3 && (await of("theirs")) >= 3);
        const now = Date.now();
        await until(async () => Date.now() > now + 400 && (await mail.getActiveCount()) + (await mail.getDelayedCount()) + (await mail.getWaitingCount()) === 0);
        return [await of("theirs"), await of("ours"), (await of("theirs, until")) <= 8, (await of("ours, until")) <= 8];
    )js"),
              "[3,3,true,true]");
}

// Of a pattern the next time is the same on both sides, over days on which clocks are put forward or back.
TEST_P(QueueInteropSchedulers, GoByTheSameClocks) {
    int n = 0;
    for (const auto& [pattern, tz] :
         {std::pair("0 6 * * *", "Europe/Berlin"), std::pair("30 2 * * 0", "America/New_York"),
          std::pair("*/7 * * * * *", ""), std::pair("0 0 29 2 *", "Asia/Tokyo")}) {
        const auto id = "number " + std::to_string(++n);
        define(schedule_of(id, {.pattern = pattern, .tz = tz}));
        EXPECT_EQ(says(R"js(
            const [id, pattern, tz] = given, mail = await queue("mail");
            const ours = await mail.getJobScheduler(id);
            await mail.upsertJobScheduler("theirs", { pattern, ...(tz && { tz }) }, { name: "tick" });
            const theirs = await mail.getJobScheduler("theirs");
            const step = pattern.startsWith("*/7") ? 7000 : 0;
            return [ours.pattern === theirs.pattern, ours.tz === theirs.tz, Math.abs(ours.next - theirs.next) <= step];
        )js",
                       json::array{id, pattern, tz}),
                  "[true,true,true]")
            << pattern;
    }
}

// Patterns with a beginning and a time zone: whoever runs one of them makes the run of the second that comes next then, and none before
// the beginning.
TEST_P(QueueInteropSchedulers, PatternsAreRunOnByTheOtherSide) {
    const auto begin = std::chrono::ceil<std::chrono::seconds>(real_clock().wall() + 100ms);
    define(schedule_of("ours", {.pattern = "* * * * * *", .tz = "Asia/Tokyo", .start = begin}));
    says(R"js(
        const startDate = given, pattern = "* * * * * *", tz = "America/New_York";
        await (await queue("theirs")).upsertJobScheduler("theirs", { pattern, tz, startDate }, { name: "tick" });
    )js",
         to_ms(begin));
    us->handle("theirs", "tick", [] {});
    us->work({.queues = {"theirs"}});
    let_node_work();
    for (const auto* queue : {"mail", "theirs"})
        EXPECT_EQ(says(R"js(
            const [name, from] = given, jobs = await queue(name);
            await until(async () => (await jobs.getCompletedCount()) >= 3);
            const runs = (await jobs.getCompleted()).map((each) => [Number(each.id.split(":").at(-1)), each.timestamp]).sort(([a], [b]) => a - b);
            const [scheduler] = await jobs.getJobSchedulers();
            const wrong = runs.filter(([time, made], i) => time % 1000 || time < from || time - Math.max(from, made) > 1000 || time === runs[i - 1]?.[0]);
            return [wrong, scheduler.startDate, scheduler.iterationCount > runs.length];
        )js",
                       json::array{queue, to_ms(begin)}),
                  "[[]," + std::to_string(to_ms(begin)) + ",true]")
            << queue;
}

TEST_P(QueueInteropSchedulers, AreRemovedByEitherSide) {
    define(schedule_of("ours", {.every = 1h}));
    says("await (await queue('mail')).upsertJobScheduler('theirs', { every: 3_600_000, offset: 1 }, { name: 'tick' })");
    EXPECT_EQ(says("return (await (await queue('mail')).getJobSchedulers()).map(({ key }) => key).sort()"),
              R"(["ours","theirs"])");
    EXPECT_EQ(us->await(us->jobs.schedules("mail")).size(), 2u);
    EXPECT_EQ(says("return (await queue('mail')).removeJobScheduler('ours')"), "true");
    EXPECT_TRUE(us->await(us->jobs.remove_schedule({"mail", "theirs"})));
    EXPECT_EQ(us->await(us->jobs.schedules("mail")).size(), 0u);
    EXPECT_EQ(says("const mail = await queue('mail'); return [await mail.getJobSchedulersCount(), await "
                   "mail.getDelayedCount()]"),
              "[0,0]");
}

// A pause is ours: what BullMQ knows of such a schedule is nothing, until it is resumed.
TEST_P(QueueInteropSchedulers, RunNowhereWhileWePauseThem) {
    says("await (await queue('mail')).upsertJobScheduler('theirs', { every: 100 }, { name: 'tick', data: { n: 7 } })");
    define(schedule_of("ours", {.every = 100ms}));
    let_node_work();
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        const both = async () => new Set((await mail.getCompleted()).map((each) => each.repeatJobKey)).size === 2;
        await until(both);
        return both();
    )js"),
              "true");
    for (const auto* id : {"ours", "theirs"})
        EXPECT_TRUE(us->await(us->jobs.pause_schedule({"mail", id})));
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await until(async () => (await mail.getActiveCount()) === 0);
        const before = await mail.getCompletedCount(), now = Date.now();
        await until(() => Date.now() > now + 500);
        return [await mail.getCompletedCount() - before, await mail.getJobSchedulers(), await mail.getDelayedCount(), await mail.getWaitingCount(), await mail.getFailedCount()];
    )js"),
              "[0,[],0,0,0]");
    for (const auto& each : us->await(us->jobs.schedules("mail"))) {
        EXPECT_TRUE(each.paused_since);
        EXPECT_GE(each.runs, 1u);
    }
    for (const auto* id : {"ours", "theirs"})
        EXPECT_TRUE(us->await(us->jobs.resume_schedule({"mail", id})));
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail"), before = await mail.getCompletedCount();
        await until(async () => (await mail.getCompletedCount()) >= before + 4);
        const [{ data }] = (await mail.getCompleted(0, 20)).filter((each) => each.repeatJobKey === "theirs");
        return [(await mail.getJobSchedulers()).map(({ key, every }) => [key, every]).sort(), data, await mail.getFailedCount()];
    )js"),
              R"([[["ours",100],["theirs",100]],{"n":7},0])");
}

TEST_P(QueueInteropSchedulers, RunAgainWhereNodeDefinesThemAnew) {
    define(schedule_of("nightly", {.every = 1h}));
    us->await(us->jobs.pause_schedule({"mail", "nightly"}));
    EXPECT_EQ(says("return (await queue('mail')).removeJobScheduler('nightly')"), "false");
    EXPECT_TRUE(us->await(us->jobs.schedules("mail")).at(0).paused_since);
    says("await (await queue('mail')).upsertJobScheduler('nightly', { every: 60_000 }, { name: 'tick' })");
    const auto all = us->await(us->jobs.schedules("mail"));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].paused_since, std::nullopt);
    EXPECT_EQ(all[0].when.every, 1min);
    EXPECT_EQ(says("return (await queue('mail')).removeJobScheduler('nightly')"), "true");
    EXPECT_TRUE(us->await(us->jobs.schedules("mail")).empty()) << "nothing of the pause is left";
}

TEST_P(QueueInteropSchedulers, KeepTheirPendingRunFromBoth) {
    define(schedule_of("ours", {.every = 1h, .offset = 1ms}));
    says("await (await queue('mail')).upsertJobScheduler('theirs', { every: 3_600_000, offset: 1 }, { name: 'tick' })");
    EXPECT_NE(refuses("const [each] = (await (await queue('mail')).getDelayed()).filter((each) => each.repeatJobKey "
                      "=== 'ours'); await each.remove()"),
              "");
    const auto theirs =
        json::parse<std::string>(
            says("return (await (await queue('mail')).getDelayed()).find((each) => each.repeatJobKey === 'theirs').id"))
            .value();
    EXPECT_FALSE(us->await(us->jobs.remove(job_key{"mail", theirs})));
    EXPECT_EQ(us->await(us->jobs.drain("mail", true)), 0u);
    says("await (await queue('mail')).drain(true)");
    EXPECT_EQ(says("return (await queue('mail')).getDelayedCount()"), "2");
}

TEST_P(QueueInteropSchedulers, MayHaveColonsInTheirNames) {
    says("await (await queue('mail')).upsertJobScheduler('a:b:c', { every: 50 }, { name: 'tick' })");
    let_us_work();
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await until(async () => (await mail.getCompletedCount()) >= 3);
        return (await mail.getJobScheduler("a:b:c")).iterationCount >= 3;
    )js"),
              "true");
}

TEST_P(QueueInteropSchedulers, HaveOneRunPendingWhoeverDefinesThem) {
    std::vector<int> adding;
    for (int i = 0; i < 20; ++i) {
        adding.push_back(node_side->begin("await (await queue('mail')).upsertJobScheduler('same', { every: 3_600_000, "
                                          "offset: 5 }, { name: 'tick', data: { n: 1 } })"));
        define(schedule_of("same", {.every = 1h, .offset = 5ms}));
    }
    for (const auto each : adding)
        node_side->result(each);
    EXPECT_EQ(says("const mail = await queue('mail'); return [await mail.getDelayedCount(), await "
                   "mail.getJobSchedulersCount()]"),
              "[1,1]");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropSchedulers, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
