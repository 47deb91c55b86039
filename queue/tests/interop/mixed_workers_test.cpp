// Workers of both kinds on one queue: none takes what the other has, and the limits of the queue hold for both together.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

class QueueInteropMixedWorkers : public QueueInterop {
protected:
    void both_work(std::size_t concurrency, std::chrono::milliseconds each = 1ms, std::size_t ahead = 100) {
        us->handle("mail", "work", [each]() -> awaitable<std::string> {
            co_await real_clock().sleep_for(each);
            co_return "ours";
        });
        us->work({.concurrency = concurrency, .ahead = ahead});
        says(R"js(
            kept.worker = await work("mail", async () => {
              await new Promise((resolve) => setTimeout(resolve, given[1]));
              return "theirs";
            }, { concurrency: given[0] });
        )js",
             json::array{concurrency, each.count()});
    }
    void add(int n) {
        says(
            "await (await queue('mail')).addBulk(Array.from({ length: given }, (_, i) => ({ name: 'work', data: i })))",
            n);
    }
    void wait_for_completed(int n) {
        says("const mail = await queue('mail'); await until(async () => (await mail.getCompletedCount()) === given)",
             n);
    }
};

TEST_P(QueueInteropMixedWorkers, TakeEachJobOnceAndAreDrainedOnce) {
    says("await (await queue('mail')).pause()");
    add(2000);
    both_work(10, 1ms, 0); // what is held ahead for too long is given back, and taken again
    us->await(us->jobs.resume("mail"));
    wait_for_completed(2000);
    EXPECT_EQ(says(R"js(
        const entries = (await redis.xrange("bull:mail:events", "-", "+")).map(([, flat]) => Object.fromEntries([[flat[0], flat[1]], [flat[2], flat[3]]]));
        const of = (event) => entries.filter((each) => each.event === event).map((each) => each.jobId);
        const results = (await (await queue("mail")).getCompleted()).map((each) => each.returnvalue);
        return {
          taken: of("active").length, different: new Set(of("active")).size, completed: new Set(of("completed")).size,
          both: results.includes("ours") && results.includes("theirs"), drained: of("drained").length,
        };
    )js"),
              R"({"taken":2000,"different":2000,"completed":2000,"both":true,"drained":1})");
    EXPECT_EQ(says("return kept.worker.errors"), "[]");
}

TEST_P(QueueInteropMixedWorkers, KeepTheQueuesConcurrency) {
    says("await (await queue('mail')).setGlobalConcurrency(3)");
    both_work(8, 5ms);
    add(60);
    wait_for_completed(60);
    EXPECT_EQ(says(R"js(
        let active = 0, most = 0;
        for (const [, [, name]] of await redis.xrange("bull:mail:events", "-", "+")) {
          if (name === "active") most = Math.max(most, ++active);
          if (name === "completed") --active;
        }
        return [active, most];
    )js"),
              "[0,3]");
    EXPECT_EQ(us->await(us->jobs.settings("mail")).concurrency, 3u);
}

TEST_P(QueueInteropMixedWorkers, KeepTheQueuesRate) {
    us->await(us->jobs.set_rate_limit("mail", {.max = 5, .duration = 200ms}));
    EXPECT_EQ(says("return (await queue('mail')).getGlobalRateLimit()"), R"({"max":5,"duration":200})");
    both_work(10);
    add(20);
    wait_for_completed(20);
    EXPECT_EQ(says(R"js(
        const entries = await redis.xrange("bull:mail:events", "-", "+");
        const started = entries.filter(([, [, name]]) => name === "active").map(([id]) => Number(id.split("-")[0]));
        let window = { from: -Infinity, starts: 0 }, most = 0;
        for (const at of started) {
          if (at >= window.from + 200) window = { from: at, starts: 0 };
          most = Math.max(most, ++window.starts);
        }
        return [started.length, most];
    )js"),
              "[20,5]");
}

TEST_P(QueueInteropMixedWorkers, EndNothingThatTheOtherHas) {
    const auto theirs = us->add("mail", "work");
    says("kept.job = await (await hand('mail')).getNextJob('theirs', { block: false })");
    const lease stolen{.job = {"mail", theirs}, .fence = 1, .token = "ours"};
    EXPECT_EQ(us->await(us->jobs.stored()->finish(
                  {{.held = stolen, .as = outcome::kind::completed, .result = "1", .at = real_clock().wall()}})),
              std::vector<bool>{false});
    EXPECT_EQ(says("return state('mail', '1')"), R"("active")");

    const auto ours = us->add("mail", "work");
    const auto taken = us->await(us->jobs.stored()->claim(
        {.queues = {"mail"}, .max = 1, .worker = "us", .lease = 30s, .now = real_clock().wall()}));
    ASSERT_EQ(taken.jobs.size(), 1u);
    EXPECT_EQ(taken.jobs[0].held.job.id, ours);
    const auto refused =
        refuses("await (await job('mail', given)).moveToCompleted(1, 'theirs', false)", json::value(ours));
    EXPECT_NE(refused.find("ock"), std::string::npos) << refused;
    EXPECT_EQ(says("return [await state('mail', '1'), await state('mail', '2')]"), R"(["active","active"])");
    EXPECT_NE(refuses("await (await job('mail', given)).remove()", json::value(ours)), "");
    says("await kept.job.moveToCompleted('done', 'theirs', false)");
    EXPECT_EQ(us->info("mail", theirs)->result, "\"done\"");
}

TEST_P(QueueInteropMixedWorkers, RecordNoEndOfALostLock) {
    noted<bool> stopped;
    us->handle("mail", "work", [&](job_context& job) { stopped.add(until([&] { return job.stop_requested(); })); });
    us->work({.lease = 300ms});
    us->add("mail", "work");
    says(R"js(
        await until(async () => (await state("mail", "1")) === "active");
        await redis.set("bull:mail:1:lock", "somebody else", "PX", 60_000);
    )js");
    ASSERT_TRUE(until([&] { return stopped.all() == std::vector{true}; }));
    us->stop_work();
    EXPECT_EQ(says("return [await state('mail', '1'), await redis.get('bull:mail:1:lock')]"),
              R"(["active","somebody else"])");
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropMixedWorkers, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
