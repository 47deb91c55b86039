// What we add, Node's workers run, and Node's readers see of it what they would see of what Node adds.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

class QueueInteropWeAdd : public QueueInterop {
protected:
    job_id add(json::value data, enqueue_options options = {}) {
        return us->add("mail", "work", std::move(data), std::move(options));
    }
};

TEST_P(QueueInteropWeAdd, RunsInOurOrder) {
    const auto bulk = us->jobs.define_job({.name = "bulk", .queue = "mail"});
    add("first");
    add("low", {.priority = 2097151});
    add("five", {.priority = 5});
    add("five again", {.priority = 5});
    add("one", {.priority = 1});
    add("in front", {.lifo = true});
    us->await(us->jobs.enqueue_bulk(bulk, {"bulk 1", "bulk 2"}));
    add("named", {.id = "order-7"});
    EXPECT_EQ(says(R"js(
        const ran = [];
        await work("mail", async (each) => void ran.push(each.data), { concurrency: 1 });
        await until(() => ran.length === 9);
        return ran;
    )js"),
              R"(["in front","first","bulk 1","bulk 2","named","one","five","five again","low"])");
}

TEST_P(QueueInteropWeAdd, TellsNodesReadersInOrder) {
    says("kept.reader = await events('mail')");
    add({{"n", 1}});
    add({{"n", 2}}, {.delay = 1h});
    add({{"n", 3}}, {.priority = 2});
    add({{"n", 4}}, {.id = "order-7"});
    add({{"n", 5}}, {.id = "order-7"});
    EXPECT_EQ(
        says(R"js(
        await until(() => kept.reader.log.length >= 9);
        return kept.reader.log.map(([event, { jobId, name }]) => [event, jobId, typeof jobId, name ?? ""].join(" "));
    )js"),
        R"(["added 1 string work","waiting 1 string ","added 2 string work","delayed 2 string ","added 3 string work",)"
        R"("waiting 3 string ","added order-7 string work","waiting order-7 string ","duplicated order-7 string "])");
    EXPECT_EQ(
        says(R"js(
        const delayed = kept.reader.log.find(([event]) => event === "delayed")[1];
        const late = await job("mail", "2");
        const late_by = Number(delayed.delay) - late.timestamp - 3_600_000; // parts of a millisecond are rounded up
        return [late_by === 0 || late_by === 1, late.delay, await late.getState(), (await job("mail", "3")).priority,
                await counts("mail")];
    )js"),
        R"([true,3600000,"delayed",2,{"waiting":2,"prioritized":1,"delayed":1,"active":0,"completed":0,"failed":0}])");
}

TEST_P(QueueInteropWeAdd, GivesNodeOurDataAndOptions) {
    const auto id = add({{"text", "größer/kleiner \"als\"\n😀"}, {"big", 9007199254740991}, {"none", nullptr}},
                        {.attempts = 3,
                         .backoff = exponential(1s),
                         .priority = 4,
                         .keep_completed = keep{.count = 7},
                         .keep_failed = keep{.age = 60s}});
    EXPECT_EQ(says("return (await job('mail', given)).data", json::value(id)),
              R"({"text":"größer/kleiner \"als\"\n😀","big":9007199254740991,"none":null})");
    EXPECT_EQ(
        says(R"js(
        const { attempts, backoff, priority, removeOnComplete, removeOnFail } = (await job("mail", given)).opts;
        return { attempts, backoff: [backoff.type, backoff.delay], priority, removeOnComplete, removeOnFail };
    )js",
             json::value(id)),
        R"({"attempts":3,"backoff":["exponential",1000],"priority":4,"removeOnComplete":7,"removeOnFail":{"age":60}})");
}

// Node looks by itself only after a minute: our markers are what wakes it.
TEST_P(QueueInteropWeAdd, WakesNodesWorkers) {
    says(R"js(
        kept.ran = [];
        await work("mail", async (each) => void kept.ran.push(each.data), { drainDelay: 60 });
        await until(async () => (await redis.client("LIST")).includes("cmd=bzpopmin"));
    )js");
    const auto ran = [&](const char* wanted) {
        EXPECT_EQ(says("await until(() => kept.ran.at(-1) === given); return kept.ran.at(-1)", wanted),
                  json::to_text(std::string(wanted)));
    };
    add("now");
    ran("now");
    add("soon", {.delay = 30ms});
    ran("soon");
    add("urgent", {.priority = 1});
    ran("urgent");
    us->await(us->jobs.promote(job_key{"mail", add("promoted", {.delay = 1h})}));
    ran("promoted");
    const auto late = add("earlier", {.delay = 1h});
    says("await (await job('mail', given)).changeDelay(20)", json::value(late));
    ran("earlier");
}

// What is put off comes when it is due then, and no sooner.
TEST_P(QueueInteropWeAdd, WaitsOnForWhatNodePutsOff) {
    add("ours", {.delay = 100ms});
    says(R"js(
        const times = async (name) => (await redis.xrange(`bull:${name}:events`, "-", "+")).filter(([, [, event]]) => event === "active").map(([id]) => Number(id.split("-")[0]));
        kept.late_by = async (name, id) => (await times(name))[0] - kept.due[name];
        kept.due = {};
        await (await queue("theirs")).add("work", {}, { delay: 100 });
        for (const name of ["mail", "theirs"]) {
          await (await job(name, "1")).changeDelay(400);
          kept.due[name] = Date.now() + 400;
        }
        await work("mail", async () => {}, { drainDelay: 60 });
    )js");
    us->handle("theirs", "work", [] {});
    us->work({.queues = {"theirs"}});
    EXPECT_EQ(says(R"js(
        for (const name of ["mail", "theirs"]) await until(async () => (await state(name, "1")) === "completed");
        return [await kept.late_by("mail"), await kept.late_by("theirs")].map((ms) => ms >= -20);
    )js"),
              "[true,true]");
}

// More than a score has room for in one millisecond.
TEST_P(QueueInteropWeAdd, RunsTheEarliestOfManyFirst) {
    const auto bulk = us->jobs.define_job<int>({.name = "bulk", .queue = "mail"});
    std::vector<int> many(4500);
    for (std::size_t i = 0; i < many.size(); ++i)
        many[i] = static_cast<int>(i);
    const auto at = real_clock().wall() + 500ms;
    us->await(us->jobs.enqueue_bulk(bulk, many, {.run_at = at}));
    us->await(us->jobs.enqueue(bulk, -1, {.run_at = at - 100ms}));
    EXPECT_EQ(says(R"js(
        const ran = [];
        await work("mail", async (each) => void ran.push(each.data), { concurrency: 1, skipStalledCheck: true });
        await until(() => ran.length === 4501);
        return [ran[0], ran.slice(1, 4001).every((n, i) => n === i), new Set(ran).size];
    )js"),
              "[-1,true,4501]");
}

TEST_P(QueueInteropWeAdd, CompletesAndFailsForOurs) {
    const auto good = add({{"n", 2}}), bad = add({{"n", 0}}, {.attempts = 2});
    says(R"js(
        await work("mail", async (each) => {
          await each.updateProgress({ half: true });
          await each.log("größer");
          if (each.data.n === 0) throw new Error(`no, ${each.attemptsMade + 1}`);
          return { doubled: each.data.n * 2 };
        });
    )js");
    EXPECT_EQ(us->await(us->jobs.wait_for_result<json::value>(job_key{"mail", good}, deadline::after(20s))),
              (json::value{{"doubled", 4}}));
    const auto failed = us->await(us->jobs.wait_for(job_key{"mail", bad}, deadline::after(20s)));
    EXPECT_EQ(failed.state, job_state::failed);
    EXPECT_EQ(failed.failed_reason, "no, 2");
    EXPECT_EQ(failed.attempts_made, 2);
    EXPECT_EQ(failed.progress, R"({"half":true})");
    ASSERT_EQ(failed.errors.size(), 2u);
    EXPECT_EQ(failed.errors[1].reason, "Error: no, 2");
    const auto lines = us->await(us->jobs.logs(job_key{"mail", good}));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].text, "größer");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropWeAdd, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
