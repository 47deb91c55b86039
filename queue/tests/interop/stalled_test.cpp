// Workers that vanish or stand still, and the other side takes over.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

const json::object hurried{{"lockDuration", 300}, {"stalledInterval", 200}, {"maxStalledCount", 2}};

class QueueInteropStalled : public QueueInterop {
protected:
    /// Another Node program whose worker holds what it takes, and says so.
    void node_holds(node& other) {
        other.run(R"js(
            kept.started = 0;
            kept.worker = await work("mail", async () => {
              ++kept.started;
              await new Promise((resolve) => (kept.release = resolve));
              return "too late";
            }, { lockDuration: 400, skipStalledCheck: true });
        )js");
    }
    void let_us_work(worker_options options = {.lease = 500ms}) {
        us->handle("mail", "work", [] { return std::string("ours"); });
        us->work(std::move(options));
    }
    void let_node_work() { says("kept.worker = await work('mail', async () => 'theirs', given)", hurried); }
    /// What became of the job `1`.
    std::string end() {
        return says(R"js(
            await until(async () => ["completed", "failed"].includes(await state("mail", "1")));
            const { returnvalue, failedReason, stalledCounter, attemptsMade } = await job("mail", "1");
            const stalled = (await redis.xrange("bull:mail:events", "-", "+")).filter(([, [, name]]) => name === "stalled").length;
            return { state: await state("mail", "1"), returnvalue, failedReason, stalledCounter, attemptsMade, stalled };
        )js");
    }
};

TEST_P(QueueInteropStalled, WeRunWhatAKilledNodeHeld) {
    node other(GetParam(), server->port());
    node_holds(other);
    us->add("mail", "work");
    other.run("await until(() => kept.started === 1)");
    other.process().kill();
    let_us_work();
    EXPECT_EQ(end(), R"({"state":"completed","returnvalue":"ours","stalledCounter":1,"attemptsMade":1,"stalled":1})");
}

TEST_P(QueueInteropStalled, NodeRunsWhatOurKilledProgramHeld) {
    child_process ours({our_child(), server->url(), "mail", "hold"});
    EXPECT_EQ(ours.line(), "ready");
    us->add("mail", "work");
    EXPECT_EQ(ours.line(), "started 1");
    ours.kill();
    let_node_work();
    EXPECT_EQ(end(), R"({"state":"completed","returnvalue":"theirs","stalledCounter":1,"attemptsMade":1,"stalled":1})");
}

TEST_P(QueueInteropStalled, WeFailUnrunWhatNodeFoundStalledTooOften) {
    us->add("mail", "work");
    says(R"js(
        await (await hand("mail")).getNextJob("token", { block: false });
        await redis.del("bull:mail:1:lock");
        const sweeper = await hand("mail", { maxStalledCount: 0 });
        sweeper.opts.maxStalledCount = 0;
        for (let sweep = 0; sweep < 2; ++sweep) {
          await redis.del("bull:mail:stalled-check");
          await (sweeper.backend ?? sweeper.scripts).moveStalledJobsToWait();
        }
        if (!(await redis.hexists("bull:mail:1", "defa"))) throw new Error("not deferred");
    )js");
    noted<int> ran;
    us->handle("mail", "work", [&] { ran.add(1); });
    us->work();
    EXPECT_EQ(end(), R"({"state":"failed","returnvalue":null,"failedReason":"job stalled more than allowable limit",)"
                     R"("stalledCounter":1,"attemptsMade":1,"stalled":1})");
    EXPECT_TRUE(ran.all().empty());
}

TEST_P(QueueInteropStalled, NodeFailsUnrunWhatWeFoundStalledTooOften) {
    us->add("mail", "work");
    says(R"js(
        await (await hand("mail")).getNextJob("token", { block: false });
        await redis.del("bull:mail:1:lock");
    )js");
    us->handle("mail", "other", [] {});
    us->work({.queues = {"mail"}, .max_stalls = 0});
    ASSERT_EQ(says("await until(async () => (await state('mail', '1')) !== 'active'); return state('mail', '1')") ==
                  R"("active")",
              false);
    us->stop_work();
    says("kept.ran = 0; await work('mail', async () => ++kept.ran)");
    const auto ended = end();
    EXPECT_NE(ended.find(R"("state":"failed")"), std::string::npos) << ended;
    EXPECT_NE(ended.find(R"("failedReason":"job stalled more than allowable limit")"), std::string::npos) << ended;
    EXPECT_EQ(says("return kept.ran"), "0");
}

TEST_P(QueueInteropStalled, NodesLateEndIsRefused) {
    node other(GetParam(), server->port());
    node_holds(other);
    us->add("mail", "work");
    other.run("await until(() => kept.started === 1)");
    other.process().pause();
    let_us_work();
    const auto ended = end();
    other.process().proceed();
    const auto errors =
        other.run("kept.release(); await until(() => kept.worker.errors.length > 0); return kept.worker.errors");
    EXPECT_NE(json::to_text(errors).find("ock"), std::string::npos) << json::to_text(errors);
    EXPECT_EQ(end(), ended);
    EXPECT_NE(ended.find(R"("returnvalue":"ours")"), std::string::npos) << ended;
}

TEST_P(QueueInteropStalled, OurLateEndIsRefused) {
    child_process ours({our_child(), server->url(), "mail", "hold"});
    EXPECT_EQ(ours.line(), "ready");
    us->add("mail", "work");
    EXPECT_EQ(ours.line(), "started 1");
    ours.pause();
    let_node_work();
    const auto ended = end();
    ours.proceed();
    ours.write_line("go on");
    ours.write_line("go on with what comes next");
    EXPECT_EQ(ours.line(), "ended 1");
    us->add("mail", "work"); // what the child still does after it: the end of `1` goes out before this is taken
    ASSERT_EQ(says("await until(async () => !['waiting', 'active'].includes(await state('mail', '2')), 20_000)"),
              "null");
    EXPECT_EQ(end(), ended);
    EXPECT_NE(ended.find(R"("returnvalue":"theirs")"), std::string::npos) << ended;
}

// More handlers than cores, none of which ever gives way, three times as long as a lease.
TEST_P(QueueInteropStalled, BusyHandlersLoseNoLock) {
    us->handle("mail", "work", [] {
        const auto over = std::chrono::steady_clock::now() + 3s;
        while (std::chrono::steady_clock::now() < over)
            ;
        return std::string("ours");
    });
    says("kept.worker = await work('mail', async () => 'theirs', { autorun: false, ...given })", hurried);
    us->work({.concurrency = 4, .lease = 1s});
    for (int i = 0; i < 4; ++i)
        us->add("mail", "work");
    says("await until(async () => (await counts('mail')).active === 4); kept.worker.run()");
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await until(async () => (await mail.getCompletedCount()) === 4);
        return (await mail.getCompleted()).map((each) => [each.returnvalue, each.stalledCounter]);
    )js"),
              R"([["ours",0],["ours",0],["ours",0],["ours",0]])");
}

TEST_P(QueueInteropStalled, OneSweepsForAll) {
    let_us_work();
    let_node_work();
    EXPECT_EQ(says(R"js(
        const sweeps = new Set(), began = Date.now();
        await until(async () => {
          const at = await redis.get("bull:mail:stalled-check");
          if (at) sweeps.add(at);
          return Date.now() - began > 1500;
        });
        return sweeps.size >= 4 && sweeps.size <= 9;
    )js"),
              "true");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropStalled, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
