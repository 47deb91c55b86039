// What Node adds, our workers run, and Node sees of it what it would see of a worker of its own.

#include "fleet.hpp"

#include <set>

namespace infra::queue::interop {
namespace {

class QueueInteropNodeAdds : public QueueInterop {
protected:
    /// A worker whose handlers of `mail` note the data of what they ran, and return it.
    void echo(std::vector<std::string> names, worker_options options = {.concurrency = 1}) {
        for (const auto& name : names)
            us->handle("mail", name, [this](json::value data) -> awaitable<json::value> {
                ran.add(json::to_text(data));
                co_return data;
            });
        us->work(std::move(options));
    }

    noted<std::string> ran;
};

TEST_P(QueueInteropNodeAdds, RunsInNodesOrder) {
    says(R"js(
        const mail = await queue("mail");
        const add = (data, options) => mail.add("work", data, options);
        await add("first");
        await add("low", { priority: 2097151 });
        await add("five", { priority: 5 });
        await add("five again", { priority: 5 });
        await add("one", { priority: 1 });
        await add("in front", { lifo: true });
        await add("late", { delay: 1 });
        await mail.addBulk(["bulk 1", "bulk 2"].map((data) => ({ name: "work", data })));
        await add("named", { jobId: "order-7" });
        const now = Date.now();
        await until(() => Date.now() > now + 2);
    )js");
    echo({"work"});
    ASSERT_TRUE(until([&] { return ran.all().size() == 10; }));
    EXPECT_EQ(ran.all(),
              (std::vector<std::string>{R"("in front")", R"("first")", R"("bulk 1")", R"("bulk 2")", R"("named")",
                                        R"("late")", R"("one")", R"("five")", R"("five again")", R"("low")"}));
}

TEST_P(QueueInteropNodeAdds, GivesDataAndResultsAsTheyAre) {
    says(R"js(
        const mail = await queue("mail");
        kept.data = [{ text: "größer/kleiner \"als\"\n\u2028 😀", big: 9007199254740991, half: 0.1, list: [], none: null },
                     [1, "zwei", { drei: 3 }], "", 0, false, {}, { large: "x".repeat(1_000_000) }];
        kept.jobs = await mail.addBulk(kept.data.map((data) => ({ name: "work", data })));
        kept.jobs.push(await mail.add("work", undefined));
        kept.data.push({});
    )js");
    echo({"work"});
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await until(async () => (await mail.getCompletedCount()) === kept.jobs.length);
        const found = await Promise.all(kept.jobs.map(({ id }) => job("mail", id)));
        return found.every((each, i) => JSON.stringify(each.returnvalue) === JSON.stringify(kept.data[i]));
    )js"),
              "true");
}

TEST_P(QueueInteropNodeAdds, ResolvesAndRejectsThoseWhoWait) {
    us->handle("mail", "good", [](job_context& job) -> awaitable<json::value> {
        co_await job.progress(42);
        co_await job.progress(json::object{{"done", 1}, {"of", "zwölf"}});
        co_return json::object{{"size", 3}};
    });
    us->handle("mail", "nothing", [] {});
    us->handle("mail", "bad", [] { throw std::runtime_error("zu groß:\n\"größer\" als 3 MB"); });
    says(R"js(
        kept.events = await events("mail");
        const mail = await queue("mail");
        kept.ends = [];
        for (const name of ["good", "nothing", "bad"]) {
          const each = await mail.add(name, {});
          kept.ends.push(each.waitUntilFinished(kept.events, 20_000).catch((e) => `thrown: ${e.message}`));
        }
    )js");
    us->work();
    EXPECT_EQ(says("return Promise.all(kept.ends)"), R"([{"size":3},null,"thrown: zu groß:\n\"größer\" als 3 MB"])");
    EXPECT_EQ(says("return kept.events.log.filter(([name]) => name === 'progress').map(([, { data }]) => data)"),
              R"([42,{"done":1,"of":"zwölf"}])");
    EXPECT_EQ(
        says("const bad = await job('mail', '3'); return [bad.failedReason, bad.stacktrace.length, bad.attemptsMade]"),
        R"(["zu groß:\n\"größer\" als 3 MB",1,1])");
    EXPECT_EQ(says("return kept.events.broken"), "[]");
}

// The same jobs on two queues, one with a worker of Node's: everything that Node sees of them is the same, but that a worker
// of ours says who it is when nobody gave it a name.
TEST_P(QueueInteropNodeAdds, EndsJobsAsNodesWorkerDoes) {
    for (const auto* name : {"good", "once", "never", "hopeless", "told"})
        us->handle("ours", name, [](json::value, job_context& job) -> awaitable<json::value> {
            if (job.name() == "once" && job.attempt() == 1)
                throw std::runtime_error("not yet");
            if (job.name() == "never")
                throw std::runtime_error("no, " + std::to_string(job.attempt()));
            if (job.name() == "hopeless")
                throw unrecoverable("never will");
            if (job.name() == "told")
                co_await job.progress("half");
            co_return json::array{1, nullptr};
        });
    says(R"js(
        for (const name of ["ours", "theirs"]) {
          kept[name] = await events(name);
          const jobs = await queue(name);
          await jobs.add("good", {}, { priority: 3, colour: "grün", keepLogs: 7 });
          await jobs.add("once", {}, { attempts: 3 });
          await jobs.add("never", {}, { attempts: 3, backoff: { type: "exponential", delay: 10 } });
          await jobs.add("never", {}, { attempts: 4, backoff: 5, stackTraceLimit: 2 });
          await jobs.add("hopeless", {}, { attempts: 5, backoff: 1000 });
          await jobs.add("told", {}, { delay: 20, lifo: true });
        }
        await work("theirs", async (each) => {
          if (each.name === "once" && each.attemptsMade === 0) throw new Error("not yet");
          if (each.name === "never") throw new Error(`no, ${each.attemptsMade + 1}`);
          if (each.name === "hopeless") throw new bullmq.UnrecoverableError("never will");
          if (each.name === "told") await each.updateProgress("half");
          return [1, null];
        });
    )js");
    us->work({.concurrency = 1});
    const auto seen = [&](const char* name) {
        return says(R"js(
            const jobs = await queue(given);
            await until(async () => (await jobs.getCompletedCount()) === 3 && (await jobs.getFailedCount()) === 3);
            await until(() => kept[given].log.filter(([name]) => name === "completed" || name === "failed").length === 6);
            const all = await jobs.getJobs(["completed", "failed"]);
            return Promise.all(all.sort((a, b) => a.id - b.id).map(async (each) => {
              const { timestamp, processedOn, finishedOn, processedBy, stacktrace, queueQualifiedName, opts, ...fields } = seen(each);
              const { timestamp: _, ...options } = opts;
              return {
                ...fields, options, state: await each.getState(), stacks: stacktrace.length, inOrder: timestamp <= processedOn && processedOn <= finishedOn,
                events: kept[given].log.filter(([, { jobId }]) => jobId === each.id)
                  .map(([event, { prev, returnvalue, failedReason, data, attemptsMade }]) => [event, prev, returnvalue, failedReason, data, attemptsMade]),
              };
            }));
        )js",
                    name);
    };
    EXPECT_EQ(seen("ours"), seen("theirs"));
}

TEST_P(QueueInteropNodeAdds, WaitsBetweenAttemptsAsTheJobSays) {
    us->handle("mail", "work", [] { throw std::runtime_error("no"); });
    us->work();
    EXPECT_EQ(says(R"js(
        const started = [], mail = await queue("mail"), reader = await events("mail");
        await mail.add("work", {}, { attempts: 4, backoff: { type: "exponential", delay: 40 } });
        await until(() => reader.log.some(([name]) => name === "failed"));
        const entries = (await redis.xrange("bull:mail:events", "-", "+")).map(([id, [, event, , , , due]]) => [Number(id.split("-")[0]), event, Number(due)]);
        const [active, delayed] = ["active", "delayed"].map((name) => entries.filter(([, event]) => event === name));
        return [active.length, [40, 80, 160].map((pause, i) => delayed[i][2] - active[i][0] >= pause - 1 && active[i + 1][0] >= delayed[i][2] - 1)];
    )js"),
              "[4,[true,true,true]]");
}

TEST_P(QueueInteropNodeAdds, KeepsOfJobsWhatNodeSays) {
    us->jobs.define_job({.name = "work",
                         .handler = [](json::value data) -> awaitable<void> {
                             if (data.as_object().contains("fail"))
                                 throw std::runtime_error("no");
                             co_return;
                         },
                         .queue = "mail",
                         .keep_completed = {.count = 1},
                         .keep_failed = {.count = 1}});
    const auto left = [&](const char* options, const char* data = "{}") {
        return says(R"js(
            const mail = await queue("mail"), ended = await events("mail");
            await mail.obliterate({ force: true });
            const over = () => ended.log.filter(([name]) => name === "completed" || name === "failed").length;
            const before = over();
            await mail.resume();
            for (let i = 0; i < 4; ++i) await mail.add("work", JSON.parse(given.data), JSON.parse(given.options));
            await until(() => over() === before + 4);
            return (await mail.getCompletedCount()) + (await mail.getFailedCount());
        )js",
                    json::object{{"options", options}, {"data", data}});
    };
    us->work({.concurrency = 1});
    EXPECT_EQ(left(R"({"removeOnComplete":true})"), "0");
    EXPECT_EQ(left(R"({"removeOnComplete":0})"), "0");
    EXPECT_EQ(left(R"({"removeOnComplete":2})"), "2");
    EXPECT_EQ(left(R"({"removeOnComplete":false})"), "4");
    EXPECT_EQ(left(R"({"removeOnComplete":{"age":3600,"count":3}})"), "3");
    EXPECT_EQ(left(R"({"removeOnFail":true})", R"({"fail":1})"), "0");
    EXPECT_EQ(left(R"({"removeOnFail":2})", R"({"fail":1})"), "2");
    EXPECT_EQ(left(R"({"removeOnFail":false})", R"({"fail":1})"), "4");
}

// No look by itself within the test: Node's marker is what wakes it.
TEST_P(QueueInteropNodeAdds, WakesUpForWhatNodeAdds) {
    auto patient = options_of_ours();
    patient.look_every = 60s;
    us.emplace(patient);
    us->handle("mail", "work", [] {});
    us->work();
    EXPECT_EQ(says(R"js(
        const reader = await events("mail"), mail = await queue("mail");
        const ended = (n) => until(() => reader.log.filter(([name]) => name === "completed").length === n);
        await mail.add("work", {});
        await ended(1);
        await mail.add("work", {}, { delay: 30 });
        await ended(2);
        await mail.add("work", {}, { priority: 7 });
        await ended(3);
        const late = await mail.add("work", {}, { delay: 3_600_000 });
        await late.changeDelay(20);
        await ended(4);
        await (await mail.add("work", {}, { delay: 3_600_000 })).promote();
        await ended(5);
    )js"),
              "null");
}

TEST_P(QueueInteropNodeAdds, LeavesOptionsItDoesNotKnow) {
    us->handle("mail", "work", [] {});
    us->work();
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail"), reader = await events("mail");
        const added = await mail.add("work", {}, { colour: "grün", nested: { a: [1] }, sizeLimit: 1000, attempts: 2,
                                                   backoff: { type: "exponential", delay: 5, jitter: 0.5 } });
        await until(() => reader.log.some(([name]) => name === "completed"));
        const { colour, nested, sizeLimit, attempts, backoff } = (await job("mail", added.id)).opts;
        return { colour, nested, sizeLimit, attempts, backoff };
    )js"),
              R"({"colour":"grün","nested":{"a":[1]},"sizeLimit":1000,"attempts":2,)"
              R"("backoff":{"type":"exponential","delay":5,"jitter":0.5}})");
    const auto info = us->info("mail", "1");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->options.attempts, 2);
    EXPECT_EQ(info->state, job_state::completed);
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropNodeAdds, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
