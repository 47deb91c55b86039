// A queue that Node made, carried to a file and back to Redis: Node finds it as it was.

#include "fleet.hpp"

#include <infra/queue/move.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/testing/redis_server.hpp>

namespace infra::queue::interop {
namespace {

class QueueInteropMoves : public QueueInterop {
protected:
    std::shared_ptr<backend> file(const std::string& name = "queue.db") {
        return make_sqlite_backend({.file = folder.path() + "/" + name});
    }
    void carry(std::shared_ptr<backend> from, std::shared_ptr<backend> to) {
        const auto plan = us->await(plan_move(from, to));
        ASSERT_EQ(plan.obstacles, std::vector<std::string>{});
        us->await(move_queues(from, to, plan, {.resume = true}));
    }
    void carry_to_a_file_and_back() {
        const auto between = file();
        carry(us->jobs.stored(), between);
        EXPECT_EQ(says("return redis.keys('bull:*:wait')"), "[]");
        carry(between, us->jobs.stored());
        us->await(between->stop(deadline::after(10s)));
    }
    /// All that Node's own calls say of these queues.
    std::string all_that_node_sees() {
        return says(R"js(
            const all = {};
            for (const name of ["mail", "parts", "albums"]) {
              const each = await queue(name), jobs = [];
              for (const found of await each.getJobs()) {
                const { token, ...fields } = seen(found);
                jobs.push([found.id, await found.getState(), fields, await found.getDependenciesCount().catch(() => 0),
                           await found.getChildrenValues(), await found.getIgnoredChildrenFailures(), (await each.getJobLogs(found.id)).logs]);
              }
              jobs.sort(([a], [b]) => (a < b ? -1 : 1));
              all[name] = [await counts(name), jobs, await each.getJobSchedulers()];
            }
            const tree = async (id) => {
              const look = (node) => [node.job.id, (node.children ?? []).map(look).sort()];
              return look(await (await flows()).getFlow({ id, queueName: "albums" }));
            };
            all.flows = await Promise.all(["fails", "continues", "ignores", "removes", "waits"].map(tree));
            return all;
        )js");
    }
    void let_node_fill() {
        says(R"js(
            const mail = await queue("mail");
            await mail.add("work", { text: "größer/kleiner \n 😀", half: 0.1, none: null }, { colour: "grün", sizeLimit: 1000, keepLogs: 7 });
            await mail.add("work", {}, { delay: 3_600_000, attempts: 5, backoff: { type: "mine", delay: 7 }, stackTraceLimit: 3 });
            await mail.add("work", {}, { priority: 7, removeOnComplete: { age: 3600, count: 3, limit: 9 }, removeOnFail: true });
            await mail.add("work", {}, { jobId: "größe-1", lifo: true, deduplication: { id: "once", ttl: 3_600_000 } });
            await mail.add("bad", {}, { attempts: 1 });
            await mail.add("bad", {}, { attempts: 3, backoff: 3_600_000 });
            await mail.add("good", {}, { telemetry: { metadata: "{}" } });
            const producer = await flows();
            for (const [flag, id] of [["failParentOnFailure", "fails"], ["continueParentOnFailure", "continues"],
                                      ["ignoreDependencyOnFailure", "ignores"], ["removeDependencyOnFailure", "removes"], ["", "waits"]])
              await producer.add({
                name: "bind", queueName: "albums", data: { id }, opts: { jobId: id, size: 3 },
                children: ["bad", "good", "idle"].map((word) => (
                  { name: "resize", queueName: "parts", data: {}, opts: { jobId: `${word} ${id}`, priority: word === "idle" ? 9 : 0, ...(flag && { [flag]: true }) } })),
              });
        )js");
    }
    // With workers of its own, until some jobs of each kind are over.
    void let_node_work() {
        says(R"js(
            const perform = async (each) => {
              await each.log("a line");
              await each.updateProgress({ done: 1 });
              if (each.name === "bad" || each.id.startsWith("bad")) throw new Error("too large");
              return { of: each.id };
            };
            for (const [name, jobs] of [["mail", 7], ["parts", 10]]) {
              const worker = await hand(name, { name: "node-worker" });
              for (let i = 0; i < jobs; ++i) {
                const each = await worker.getNextJob("token", { block: false });
                if (!each) break;
                if (name === "mail" && each.name === "work") { await each.moveToDelayed(Date.now() + 7_200_000, "token").catch(() => {}); continue; }
                try {
                  await each.moveToCompleted(await perform(each), "token", false);
                } catch (e) {
                  await each.moveToFailed(e, "token", false);
                }
              }
            }
            const mail = await queue("mail");
            await mail.upsertJobScheduler("hourly", { pattern: "0 * * * *", tz: "Europe/Berlin", limit: 9 },
                                          { name: "tick", data: { n: 1 }, opts: { attempts: 3, colour: "rot", removeOnComplete: 5 } });
            await mail.upsertJobScheduler("often", { every: 3_600_000 }, { name: "tock" });
        )js");
    }

    // Node left it to whoever takes it to fail it, since a child has failed.
    void expect_that_no_file_can_have_the_doomed() {
        const auto between = file("other.db");
        const auto plan = us->await(plan_move(us->jobs.stored(), between));
        ASSERT_EQ(plan.obstacles.size(), 1u);
        EXPECT_NE(plan.obstacles[0].find("albums:fails"), std::string::npos) << plan.obstacles[0];
        us->await(between->stop(deadline::after(10s)));
    }

    testing::temporary_folder folder{"moves"};
};

TEST_P(QueueInteropMoves, NodeFindsItsQueueAsItWas) {
    let_node_fill();
    let_node_work();
    expect_that_no_file_can_have_the_doomed();
    says(R"js(
        const worker = await work("albums", async () => 1);
        await until(async () => (await state("albums", "fails")) === "failed");
        await worker.close();
    )js");
    const auto before = all_that_node_sees();
    carry_to_a_file_and_back();
    EXPECT_EQ(all_that_node_sees(), before);
}

TEST_P(QueueInteropMoves, NodeGoesOnWithWhatWasCarried) {
    let_node_fill();
    carry_to_a_file_and_back();
    says(R"js(
        const perform = async (each) => {
          if (each.id.startsWith("bad")) throw new Error("too large");
          return { of: each.id };
        };
        kept.strategy = 0;
        await work("mail", async () => { throw new Error("again"); }, { settings: { backoffStrategy: () => (kept.strategy++, 3_600_000) } });
        await work("parts", perform);
        await (await job("mail", "2")).promote();
        const albums = await queue("albums"), parts = await queue("parts");
        await until(async () => (await parts.getFailedCount()) >= 4 && (await parts.getCompletedCount()) === 10);
        await work("albums", perform); // only now: one that Node releases early and runs fails while a child of it runs
        await until(async () => (await albums.getCompletedCount()) + (await albums.getFailedCount()) === 4);
        await until(() => kept.strategy > 0);
    )js");
    EXPECT_EQ(says("return Promise.all(['fails', 'continues', 'ignores', 'removes', 'waits'].map((id) => "
                   "state('albums', id)))"),
              R"(["failed","completed","completed","completed","waiting-children"])");
    EXPECT_EQ(says("return (await job('mail', '2')).getState()"), R"("delayed")")
        << "by a strategy that only Node knows";
}

// What becomes of them in a file is seen in Node, beside what was there.
TEST_P(QueueInteropMoves, NodeSeesWhatHasHappenedInTheFile) {
    says("await (await queue('mail')).add('work', {}, { attempts: 2, colour: 'grün', stackTraceLimit: 5 }); const each "
         "= await "
         "(await hand('mail')).getNextJob('token', { block: false }); await each.moveToFailed(new Error('first'), "
         "'token', false)");
    const auto between = file();
    carry(us->jobs.stored(), between);
    auto taken = us->await(between->claim({.queues = {"mail"}, .worker = "w", .now = real_clock().wall()}));
    ASSERT_EQ(taken.jobs.size(), 1u);
    std::vector<outcome> ends{{.held = taken.jobs[0].held,
                               .as = outcome::kind::failed,
                               .reason = "second",
                               .at = real_clock().wall(),
                               .keep = {}}};
    EXPECT_TRUE(us->await(between->finish(std::move(ends))).at(0));
    carry(between, us->jobs.stored());
    us->await(between->stop(deadline::after(10s)));
    EXPECT_EQ(says(R"js(
        const each = await job("mail", "1");
        return [await each.getState(), each.failedReason, each.attemptsMade, each.opts.colour, each.stacktrace.length,
                /^Error: first\n +at .*\w+:\d+/.test(each.stacktrace[0]), each.stacktrace[1].split("\n")[0]];
    )js"),
              R"(["failed","second",2,"grün",2,true,"second"])");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropMoves, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
