// Strategies of a worker's own for the time between attempts: the same said to both sides' workers, and the same comes of it.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

class QueueInteropRetries : public QueueInterop {
protected:
    /// Attempts of `quits` end after the second, those of `insists` follow at once, those of `rests` after 30 ms.
    void let_us_work(const std::string& queue) {
        for (const auto* name : {"quits", "insists", "rests"})
            us->jobs.define_job({.name = name,
                                 .handler = [](json::value, job_context& job) -> awaitable<void> {
                                     throw std::runtime_error("no, " + std::to_string(job.attempt()));
                                     co_return;
                                 },
                                 .retry_if = [quits = std::string_view(name) == "quits"](
                                                 const failed_attempt& failed) { return !quits || failed.attempt < 2; },
                                 .backoff_by = [rests = std::string_view(name) ==
                                                        "rests"](const failed_attempt&) { return rests ? 30ms : 0ms; },
                                 .queue = queue});
        us->work({.concurrency = 1, .queues = {queue}});
    }
    void let_node_work(const std::string& queue) {
        says(R"js(
            kept.worker = await work(given, async (each) => {
              throw new Error(`no, ${each.attemptsMade + 1}`);
            }, { settings: { backoffStrategy: (attempts, type, error, each) => each.name === "rests" ? 30 : each.name === "quits" && attempts >= 2 ? -1 : 0 } });
        )js",
             json::value(queue));
    }
    void add(const std::string& queue) {
        says(R"js(
            kept[given] = await events(given);
            const jobs = await queue(given);
            for (const name of ["quits", "insists", "rests"]) await jobs.add(name, {}, { attempts: 4, backoff: { type: "custom" } });
        )js",
             json::value(queue));
    }
    /// Of each job what Node sees of it, and what happened to it.
    std::string ends(const std::string& queue) {
        return says(R"js(
            const jobs = await queue(given);
            await until(() => kept[given].log.filter(([name]) => name === "failed").length === 3);
            const all = await jobs.getJobs(["failed"]);
            return all.sort((a, b) => a.id - b.id).map((each) => [
              each.name, each.attemptsMade, each.attemptsStarted, each.failedReason, each.stacktrace.length, each.delay, each.opts.backoff,
              kept[given].log.filter(([, { jobId }]) => jobId === each.id).map(([event, { prev }]) => `${event} ${prev ?? ""}`),
            ]);
        )js",
                    json::value(queue));
    }
};

TEST_P(QueueInteropRetries, GoByTheWorkersOwnStrategy) {
    add("ours");
    add("theirs");
    let_us_work("ours");
    let_node_work("theirs");
    const auto ours = ends("ours");
    EXPECT_EQ(ours, ends("theirs"));
    EXPECT_NE(ours.find(R"(["quits",2,2,"no, 2",2,)"), std::string::npos) << ours;
    EXPECT_NE(ours.find(R"(["insists",4,4,"no, 4",4,)"), std::string::npos) << ours;
}

TEST_P(QueueInteropRetries, RestAsLongAsTheStrategySays) {
    add("ours");
    let_us_work("ours");
    ends("ours");
    EXPECT_EQ(says(R"js(
        const entries = (await redis.xrange("bull:ours:events", "-", "+")).map(([id, [, event, , job, , due]]) => [Number(id.split("-")[0]), event, job, Number(due)]);
        const of = (event, job) => entries.filter((each) => each[1] === event && each[2] === job);
        const delayed = of("delayed", "3"), active = of("active", "3");
        return [of("delayed", "2").length, delayed.length, delayed.every(([, , , due], i) => due - active[i][0] >= 29 && active[i + 1][0] >= due - 1)];
    )js"),
              "[0,3,true]");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropRetries, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
