// Events, minutes, presence and traces, as the other side reads them.

#include "fleet.hpp"

#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>

namespace infra::queue::interop {
namespace {

class QueueInteropTelling : public QueueInterop {
protected:
    void let_us_work(worker_options options = {}) {
        us->handle("mail", "work", [this] {
            traces.add(format_traceparent(context::current().span()));
            baggages.add(to_carrier(inject()));
        });
        us->work(std::move(options));
    }
    void wait_for_completed(int n) {
        says("const mail = await queue('mail'); await until(async () => (await "
             "mail.getMetrics('completed')).meta.count === given || (await mail.getCompletedCount()) === given)",
             n);
    }

    noted<std::string> traces, baggages;
};

TEST_P(QueueInteropTelling, WeFollowWhatNodeDoes) {
    auto follower = us->await(us->jobs.follow("mail"));
    auto next = [&] {
        std::vector<std::string> all;
        while (all.empty() || all.back() != "resumed ")
            for (const auto& each : us->await(follower.next()).events)
                all.push_back(std::string(to_string(each.what)) + " " + each.id);
        return all;
    };
    says(R"js(
        const mail = await queue("mail");
        await redis.xadd("bull:mail:events", "*", "event", "of people's own", "anything", "grün");
        await mail.add("work", {}, { jobId: "a" });
        const each = await (await hand("mail")).getNextJob("token", { block: false });
        await each.updateProgress({ half: "way" });
        await each.moveToCompleted({ size: 3 }, "token", false);
        await mail.pause();
        await mail.resume();
    )js");
    EXPECT_EQ(next(),
              (std::vector<std::string>{"added a", "active a", "progress a", "completed a", "paused ", "resumed "}));
}

TEST_P(QueueInteropTelling, NodeReadsMinutesThatWeRecorded) {
    us->handle("mail", "bad", [] { throw std::runtime_error("no"); });
    let_us_work();
    for (int i = 0; i < 5; ++i)
        us->add("mail", "work");
    us->add("mail", "bad");
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await until(async () => (await mail.getMetrics("completed")).meta.count === 5 && (await mail.getMetrics("failed")).meta.count === 1);
        const text = await mail.exportPrometheusMetrics();
        return [/bullmq_job_completed_total.*"mail".* 5/.test(text), /bullmq_job_failed_total.*"mail".* 1/.test(text)];
    )js"),
              "[true,true]");
}

TEST_P(QueueInteropTelling, StreamsAreTrimmedAsTheQueueSays) {
    says(R"js(
        await queue("mail", { streams: { events: { maxLen: 50 } } });
        await until(async () => (await redis.hget("bull:mail:meta", "opts.maxLenEvents")) === "50");
    )js");
    let_us_work();
    std::vector<json::value> many(500);
    us->await(us->jobs.enqueue_bulk(us->jobs.define_job({.name = "bulk", .handler = [] {}, .queue = "mail"}), many));
    wait_for_completed(500);
    us->add("mail", "work");
    EXPECT_EQ(says("return (await redis.xlen('bull:mail:events')) < 400"), "true");
}

TEST_P(QueueInteropTelling, NodeSeesOurWorkers) {
    EXPECT_EQ(says("return (await queue('mail')).getWorkersCount()"), "0");
    let_us_work();
    EXPECT_EQ(says("await until(async () => (await (await queue('mail')).getWorkersCount()) === 1); return "
                   "Object.keys((await (await queue('mail')).getWorkers())[0]).includes('addr')"),
              "true");
    EXPECT_EQ(us->await(us->jobs.workers("mail")).size(), 1u);
    says("kept.worker = await work('mail', async () => {}, { name: 'mill' })");
    EXPECT_TRUE(until([&] { return us->await(us->jobs.workers("mail")).size() == 2; }));
    us->stop_work();
    EXPECT_EQ(says("await kept.worker.close(); await until(async () => (await (await queue('mail')).getWorkersCount()) "
                   "=== 0)"),
              "null");
    EXPECT_TRUE(until([&] { return us->await(us->jobs.workers("mail")).empty(); }));
}

TEST_P(QueueInteropTelling, NodeSeesTheNamesOfOurWorkers) {
    let_us_work({.name = "mill"});
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await until(async () => (await mail.getWorkersCount()) === 1);
        return (await mail.getWorkers()).map(({ name, rawname }) => [name, rawname]);
    )js"),
              R"([["mail","bull:bWFpbA==:w:mill"]])");
    us->add("mail", "work");
    wait_for_completed(1);
    EXPECT_EQ(says("return (await job('mail', '1')).processedBy"), R"("mill")");
}

TEST_P(QueueInteropTelling, AsManyLinesAreKeptAsTheJobSays) {
    us->handle("mail", "work", [](json::value, job_context& job) -> awaitable<void> {
        for (const auto* line : {"one", "two", "three", "four"})
            co_await job.log(line);
    });
    us->work();
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail");
        await mail.add("work", {}, { keepLogs: 2 });
        await mail.add("work", {});
        await until(async () => (await mail.getCompletedCount()) === 2);
        const [few, all] = [await mail.getJobLogs("1"), await mail.getJobLogs("2")];
        return [few.count, few.logs.map((each) => each.split(" ").at(-1)), all.count];
    )js"),
              R"([2,["three","four"],4])");
}

TEST_P(QueueInteropTelling, ATraceGoesFromNodeToUsAndBack) {
    const std::string trace = "0af7651916cd43dd8448eb211c80319c";
    says(R"js(
        await (await queue("mail")).add("work", {}, { telemetry: { metadata: JSON.stringify({ traceparent: `00-${given}-b7ad6b7169203331-01`, baggage: "tenant=acme" }) } });
    )js",
         json::value(trace));
    us->handle("mail", "work", [this, jobs = us->jobs](job_context&) -> awaitable<void> {
        traces.add(format_traceparent(context::current().span()));
        co_await jobs.enqueue("reply", json::object{}, {.queue = "replies"});
    });
    us->work();
    ASSERT_TRUE(until([&] { return traces.all().size() == 1; }));
    EXPECT_EQ(traces.all()[0].substr(3, 32), trace);
    EXPECT_EQ(says(R"js(
        await until(async () => (await (await queue("replies")).getWaitingCount()) === 1);
        const [reply] = await (await queue("replies")).getWaiting();
        const { traceparent, baggage } = JSON.parse(reply.opts.telemetry.metadata);
        return [traceparent.includes(given), traceparent.includes("b7ad6b7169203331"), baggage];
    )js",
                   json::value(trace)),
              R"([true,false,"tenant=acme"])");
}

TEST_P(QueueInteropTelling, ATraceThatIsNotToBePassedOnIsNot) {
    says(R"js(
        await (await queue("mail")).add("work", {}, { telemetry: { omitContext: true } });
    )js");
    let_us_work();
    ASSERT_TRUE(until([&] { return traces.all().size() == 1; }));
    EXPECT_EQ(says("return (await job('mail', '1')).opts.telemetry ?? null"), R"({"omitContext":true})");
}

TEST_P(QueueInteropTelling, NodesReadersSurviveAllThatWeTell) {
    us->handle<int>("mail", "work", [](int n, job_context& job) -> awaitable<json::value> {
        co_await job.progress(std::string("größer \"als\"\n") + std::string(1, '\x01'));
        co_await job.log("line\nof two");
        if (n % 3 == 0)
            throw std::runtime_error("nicht \xff gültig");
        co_return n % 2 ? json::value(nullptr) : json::value("text");
    });
    us->work({.concurrency = 50});
    EXPECT_EQ(says(R"js(
        const mail = await queue("mail"), reader = await events("mail");
        await mail.addBulk(Array.from({ length: 3000 }, (_, data) => ({ name: "work", data, opts: { removeOnComplete: true, removeOnFail: true } })));
        const of = (event) => reader.log.filter(([name]) => name === event).length;
        await until(() => of("completed") + of("failed") === 3000);
        return [of("completed"), of("failed"), of("progress"), reader.broken];
    )js"),
              "[2000,1000,3000,[]]");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropTelling, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
