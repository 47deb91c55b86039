// Workers that vanish or stand still, and the other side takes over.

#include "fleet.hpp"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

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

// More handlers than cores, none of which ever gives way, for longer than a lease: with --long a minute, and BullMQ's own lease. Beside them
// a worker in Node does the same with one job. They are busy until the test has seen what comes of it.
class QueueInteropBusy : public QueueInteropStalled {
protected:
    void TearDown() override {
        be_busy_no_more();
        QueueInteropStalled::TearDown();
    }
    void be_busy() {
        us->handle("mail", "work", [this] {
            ++begun;
            while (!enough)
                ;
            return std::string("ours");
        });
        us->work({.concurrency = 4, .lease = lease});
        for (int i = 0; i < 4; ++i)
            us->add("mail", "work");
        ASSERT_TRUE(until([this] { return begun == 4; }));
    }
    void be_busy_in(node& other) {
        other.run(R"js(
            const { existsSync } = await import("node:fs");
            kept.worker = await work("nodes", async () => {
              while (!existsSync(given.enough));
              return "busy";
            }, { lockDuration: given.lease, skipStalledCheck: true });
        )js",
                  json::object{{"enough", file_of_enough()}, {"lease", lease.count()}});
        says("await (await queue('nodes')).add('work', {}); await until(async () => (await counts('nodes')).active === "
             "1)");
    }
    /// Workers that look for what stalled, and run it.
    void watch() {
        says("for (const each of ['mail', 'nodes']) await work(each, async () => 'theirs', given)", hurried);
    }
    /// Until Node's lock is lost, and so would be those of the others.
    void be_busy_for_long() {
        const auto began = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() < began + busy || ends_in("nodes") == "[]") {
            ASSERT_LT(std::chrono::steady_clock::now(), began + busy + 60s) << "Node's lock is not lost";
            std::this_thread::sleep_for(50ms);
        }
    }
    void be_busy_no_more() {
        enough = true;
        std::ofstream(file_of_enough()) << "enough";
    }
    /// [result, how often it stalled] of each.
    std::string ends_in(const char* queue) {
        return says(
            "return (await (await queue(given)).getCompleted()).map((each) => [each.returnvalue, each.stalledCounter])",
            json::value(std::string(queue)));
    }

private:
    std::string file_of_enough() const { return folder.path() + "/enough"; }

    const bool at_length = std::getenv("INFRA_TEST_LONG") != nullptr;
    const std::chrono::milliseconds busy = at_length ? 60s : 4s, lease = at_length ? 30s : 2s;
    const testing::temporary_folder folder;
    std::atomic<int> begun = 0;
    std::atomic<bool> enough = false;
};

TEST_P(QueueInteropBusy, HandlersLoseNoLockWhereNodesLoseTheirs) {
    node other(GetParam(), server->port());
    be_busy_in(other);
    be_busy();
    watch();
    be_busy_for_long();
    be_busy_no_more();
    ASSERT_TRUE(until([&] { return us->await(us->jobs.counts({"mail"})).at(0).completed == 4; }));
    EXPECT_EQ(ends_in("mail"), R"([["ours",0],["ours",0],["ours",0],["ours",0]])");
    const auto nodes = ends_in("nodes");
    EXPECT_EQ(nodes, R"([["theirs",1]])");
    RecordProperty("in_node", nodes);
}

TEST_P(QueueInteropStalled, OneSweepsForAll) {
    let_us_work();
    let_node_work();
    EXPECT_EQ(says(R"js(
        const sweeps = new Set(), began = Date.now();
        await until(async () => {
          const at = await redis.get("bull:mail:stalled-check");
          if (at) sweeps.add(at);
          return sweeps.size === 5;
        });
        return Date.now() - began > 4 * 200 - 50; // the first may have been before
    )js"),
              "true");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropStalled, both_versions, version_name);
INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropBusy, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
