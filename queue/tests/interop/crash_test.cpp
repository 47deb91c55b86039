// Programs that end at the worst moments: with a job in hand that has not begun, and when it is over but for the word of it.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

const json::object hurried{{"lockDuration", 300}, {"stalledInterval", 200}, {"maxStalledCount", 2}};

class QueueInteropCrashes : public QueueInterop {
protected:
    /// It looks for what stalled as often as it may.
    void SetUp() override {
        QueueInterop::SetUp();
        if (!us)
            return;
        auto eager = options_of_ours();
        eager.look_every = 100ms;
        us.emplace(eager);
    }
    child_process ours(const char* how, const char* queue = "mail") {
        return child_process({our_child(), server->url(), queue, how});
    }
    void let_us_work(int max_stalls = 2) {
        us->handle("mail", "work", [] { return std::string("ours"); });
        us->handle("mail", "tick", [] { return std::string("ours"); });
        us->work({.lease = 500ms, .max_stalls = max_stalls});
    }
    void let_node_work(int max_stalls = 2) {
        says("kept.worker = await work('mail', async () => 'theirs', { lockDuration: 300, stalledInterval: 200, "
             "maxStalledCount: given })",
             max_stalls);
    }
    /// What became of the job `1`, and how often it was taken.
    std::string end() {
        return says(R"js(
            await until(async () => ["completed", "failed"].includes(await state("mail", "1")));
            const { returnvalue, stalledCounter, attemptsMade, attemptsStarted } = await job("mail", "1");
            return { returnvalue, stalledCounter, attemptsMade, attemptsStarted };
        )js");
    }
    /// Once its runs went on: whether a run was taken by more than the one that vanished and the one after it, and what is there of it.
    std::string runs_after(const std::string& first) {
        return says(R"js(
            const mail = await queue("mail");
            await until(async () => (await mail.getCompletedCount()) >= 4);
            const entries = (await redis.xrange("bull:mail:events", "-", "+")).map(([, [, event, , id]]) => [event, id]);
            const times = (event, id) => entries.filter((each) => each[0] === event && each[1] === id).length;
            const others = new Set(entries.map(([, id]) => id).filter((id) => id?.startsWith("repeat:") && id !== given));
            return {
              completed: times("completed", given), taken: times("active", given),
              others: [...others].every((id) => times("added", id) === 1 && times("active", id) <= 1), schedulers: await mail.getJobSchedulersCount(),
              pending: (await mail.getJobs(["delayed", "waiting"])).length <= 1, failed: await mail.getFailedCount(),
            };
        )js",
                    json::value(first));
    }
    static constexpr const char* gone_on =
        R"({"completed":1,"taken":2,"others":true,"schedulers":1,"pending":true,"failed":0})";
};

// --- Before the handler ----------------------------------------------------------------------------------------------

TEST_P(QueueInteropCrashes, NodeRunsWhatWeTookAndDidNotBegin) {
    auto child = ours("claim");
    us->add("mail", "work");
    EXPECT_EQ(child.line(), "ready");
    EXPECT_EQ(child.line(), "claimed 1");
    child.kill();
    let_node_work();
    EXPECT_EQ(end(), R"({"returnvalue":"theirs","stalledCounter":1,"attemptsMade":1,"attemptsStarted":2})");
}

TEST_P(QueueInteropCrashes, WeRunWhatNodeTookAndDidNotBegin) {
    node other(GetParam(), server->port());
    us->add("mail", "work");
    EXPECT_EQ(json::to_text(other.run("return (await (await hand('mail', { lockDuration: 300 })).getNextJob('token', { "
                                      "block: false })).id")),
              R"("1")");
    other.process().kill();
    let_us_work();
    EXPECT_EQ(end(), R"({"returnvalue":"ours","stalledCounter":1,"attemptsMade":1,"attemptsStarted":2})");
}

// --- After it --------------------------------------------------------------------------------------------------------

TEST_P(QueueInteropCrashes, NodeRunsAgainWhatWePerformedAndDidNotTell) {
    auto child = ours("die");
    EXPECT_EQ(child.line(), "ready");
    us->add("mail", "work");
    EXPECT_EQ(child.line(), "ended 1");
    EXPECT_EQ(child.wait(), 0);
    let_node_work();
    EXPECT_EQ(end(), R"({"returnvalue":"theirs","stalledCounter":1,"attemptsMade":1,"attemptsStarted":2})");
}

TEST_P(QueueInteropCrashes, WeRunAgainWhatNodePerformedAndDidNotTell) {
    node other(GetParam(), server->port());
    other.begin("await work('mail', async () => process.kill(process.pid, 'SIGKILL'), { lockDuration: 300, "
                "skipStalledCheck: true })");
    us->add("mail", "work");
    EXPECT_EQ(other.process().wait(), -1);
    let_us_work();
    EXPECT_EQ(end(), R"({"returnvalue":"ours","stalledCounter":1,"attemptsMade":1,"attemptsStarted":2})");
}

// --- Between a schedule's run and the next one: such a run may stall as often as it will -------------------------------

TEST_P(QueueInteropCrashes, NodeGoesOnWithAScheduleWhoseNextRunWeDidNotMake) {
    auto child = ours("claim");
    EXPECT_EQ(child.line(), "ready");
    says("await (await queue('mail')).upsertJobScheduler('minutely', { every: 100 }, { name: 'tick' })");
    const auto taken = child.line();
    ASSERT_TRUE(taken.starts_with("claimed repeat:minutely:")) << taken;
    EXPECT_EQ(says("return (await queue('mail')).getDelayedCount()"), "0") << "the next run is made already";
    child.kill();
    let_node_work(0);
    EXPECT_EQ(runs_after(taken.substr(8)), gone_on);
}

TEST_P(QueueInteropCrashes, WeGoOnWithAScheduleWhoseNextRunNodeDidNotMake) {
    node other(GetParam(), server->port());
    us->await(us->jobs.upsert_schedule({.queue = "mail",
                                        .id = "minutely",
                                        .when = {.every = 100ms},
                                        .name = "tick",
                                        .next = real_clock().wall(),
                                        .now = real_clock().wall()}));
    const auto taken = json::parse<std::string>(json::to_text(other.run(R"js(
        const hands = await hand("mail", { lockDuration: 300 }), scheduler = await hands.jobScheduler;
        const taken = new Promise((resolve) => (scheduler.upsertJobScheduler = () => new Promise(() => {
          redis.lrange("bull:mail:active", 0, -1).then(([id]) => resolve(id));
        })));
        hands.getNextJob("token", { block: false });
        return taken;
    )js")))
                           .value();
    ASSERT_TRUE(taken.starts_with("repeat:minutely:")) << taken;
    EXPECT_EQ(says("return (await queue('mail')).getDelayedCount()"), "0") << "the next run is made already";
    other.process().kill();
    let_us_work(0);
    EXPECT_EQ(runs_after(taken), gone_on);
}

// --- Between a parent's children and its waiting for them ------------------------------------------------------------

TEST_P(QueueInteropCrashes, NodeWaitsForChildrenThatWeAddedBeforeWeEnded) {
    auto child = ours("die_as_parent");
    EXPECT_EQ(child.line(), "ready");
    us->add("mail", "work");
    EXPECT_EQ(child.line(), "ended 1");
    EXPECT_EQ(child.wait(), 0);
    says(R"js(
        await work("parts", async (each) => each.id);
        await work("mail", async (each, token) => {
          if (each.data.again === undefined) {
            await each.updateData({ again: true });
            for (const jobId of ["one", "two"])
              await (await queue("parts")).add("resize", { id: jobId }, { jobId, parent: { id: each.id, queue: each.queueQualifiedName } });
            if (await each.moveToWaitingChildren(token)) throw new bullmq.WaitingChildrenError();
          }
          return Object.values(await each.getChildrenValues()).sort().join();
        }, given);
    )js",
         hurried);
    const auto ended = end();
    EXPECT_NE(ended.find(R"({"returnvalue":"one,two","stalledCounter":1,"attemptsMade":1,)"), std::string::npos)
        << ended;
    EXPECT_EQ(says("return (await (await queue('parts')).getCompletedCount())"), "2");
}

TEST_P(QueueInteropCrashes, WeWaitForChildrenThatNodeAddedBeforeItEnded) {
    node other(GetParam(), server->port());
    other.begin(R"js(
        await work("mail", async (each) => {
          for (const jobId of ["one", "two"])
            await (await queue("parts")).add("resize", { id: jobId }, { jobId, parent: { id: each.id, queue: each.queueQualifiedName } });
          process.kill(process.pid, "SIGKILL");
        }, { lockDuration: 300, skipStalledCheck: true });
    )js");
    us->add("mail", "work");
    EXPECT_EQ(other.process().wait(), -1);
    us->handle("parts", "resize", [](json::value, job_context& job) { return job.id(); });
    us->handle("mail", "work", [jobs = us->jobs](json::value, job_context& job) -> awaitable<verdict> {
        if ((co_await job.count_children()).completed == 2)
            co_return verdict::completed((co_await job.children_values()).size());
        std::vector<flow> parts;
        for (const auto* id : {"one", "two"})
            parts.push_back(flow("resize", json::object{{"id", id}}, {.id = id, .queue = "parts"}));
        co_await jobs.enqueue_children(job, std::move(parts));
        co_return verdict::wait_for_children();
    });
    us->work({.lease = 500ms});
    const auto ended = end();
    EXPECT_NE(ended.find(R"({"returnvalue":2,"stalledCounter":1,"attemptsMade":1,)"), std::string::npos) << ended;
    EXPECT_EQ(says("return (await (await queue('parts')).getCompletedCount())"), "2");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropCrashes, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
