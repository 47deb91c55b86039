// What people do to a queue with one side's tools while the other side works on it.

#include "fleet.hpp"

#include <set>

namespace infra::queue::interop {
namespace {

class QueueInteropAdmin : public QueueInterop {
protected:
    std::string counts() { return says("return counts('mail')"); }
    std::size_t completed() { return us->await(us->jobs.counts({"mail"})).at(0).completed; }
    void add_some() {
        us->add("mail", "work", 1);
        us->add("mail", "work", 2, {.priority = 2});
        us->add("mail", "work", 3, {.delay = 1h});
        says(R"js(
            const mail = await queue("mail");
            await mail.add("work", 4);
            await mail.add("work", 5, { priority: 3 });
            await mail.add("work", 6, { delay: 3_600_000 });
        )js");
    }
};

TEST_P(QueueInteropAdmin, PausedByNodeResumedByUs) {
    us->add("mail", "work");
    says("await (await queue('mail')).add('work', {}); await (await queue('mail')).pause()");
    EXPECT_TRUE(us->await(us->jobs.settings("mail")).paused);
    us->handle("mail", "work", [] {});
    us->work();
    us->add("mail", "work");
    us->add("mail", "work", {}, {.priority = 1});
    us->await(us->jobs.promote(job_key{"mail", us->add("mail", "work", {}, {.delay = 1h})}));
    says("await (await queue('mail')).add('work', {}); await (await queue('mail')).add('work', {}, { priority: 1 })");
    EXPECT_EQ(completed(), 0u);
    EXPECT_FALSE(us->await(us->jobs.resume("mail")).paused);
    EXPECT_TRUE(until([&] { return completed() == 7; })) << counts();
}

TEST_P(QueueInteropAdmin, PausedByUsResumedByNode) {
    us->add("mail", "work");
    says("await (await queue('mail')).add('work', {})");
    EXPECT_TRUE(us->await(us->jobs.pause("mail")).paused);
    EXPECT_EQ(says("return (await queue('mail')).isPaused()"), "true");
    says("kept.ran = 0; await work('mail', async () => void ++kept.ran)");
    us->add("mail", "work");
    us->add("mail", "work", {}, {.priority = 1});
    us->await(us->jobs.promote(job_key{"mail", us->add("mail", "work", {}, {.delay = 1h})}));
    says("await (await queue('mail')).add('work', {}); await (await queue('mail')).add('work', {}, { priority: 1 })");
    EXPECT_EQ(says("return kept.ran"), "0");
    EXPECT_EQ(says("await (await queue('mail')).resume(); await until(() => kept.ran === 7); return kept.ran"), "7");
    EXPECT_FALSE(us->await(us->jobs.settings("mail")).paused);
}

TEST_P(QueueInteropAdmin, StalledJobsOfAPausedQueueWait) {
    us->add("mail", "work");
    says(R"js(
        await (await hand("mail")).getNextJob("token", { block: false });
        await (await queue("mail")).pause();
        await redis.del("bull:mail:1:lock");
    )js");
    us->handle("mail", "work", [] {});
    us->work();
    says("await until(async () => (await state('mail', '1')) !== 'active')");
    EXPECT_EQ(completed(), 0u);
    us->await(us->jobs.resume("mail"));
    EXPECT_TRUE(until([&] { return completed() == 1; })) << counts();
}

TEST_P(QueueInteropAdmin, BothCountAlike) {
    add_some();
    const auto ours = us->await(us->jobs.counts({"mail"})).at(0);
    EXPECT_EQ(ours.waiting, 4u);
    EXPECT_EQ(ours.delayed, 2u);
    EXPECT_EQ(counts(), R"({"waiting":2,"prioritized":2,"delayed":2,"active":0,"completed":0,"failed":0})");
    EXPECT_EQ(says("return (await (await queue('mail')).getJobs(['waiting', 'prioritized', 'delayed'])).map((each) => "
                   "each.data).sort()"),
              "[1,2,3,4,5,6]");
    const auto page = us->await(us->jobs.list({.queue = "mail"}));
    std::set<std::string> data;
    for (const auto& each : page.jobs)
        data.insert(each.data);
    EXPECT_EQ(data, (std::set<std::string>{"1", "2", "3", "4", "5", "6"}));
}

TEST_P(QueueInteropAdmin, DrainTakesWhatBothAdded) {
    add_some();
    says("await (await queue('mail')).drain()");
    EXPECT_EQ(us->await(us->jobs.counts({"mail"})).at(0).delayed, 2u);
    add_some();
    EXPECT_EQ(us->await(us->jobs.drain("mail")), 4u);
    EXPECT_EQ(us->await(us->jobs.drain("mail", true)), 4u);
    EXPECT_EQ(says("return (await queue('mail')).count()"), "0");
    EXPECT_EQ(says("return (await redis.keys('bull:mail:[0-9]*')).length"), "0") << "no job is left without a state";
}

TEST_P(QueueInteropAdmin, CleanTakesWhatBothEnded) {
    us->handle<int>("mail", "work", [](int n) {
        if (n % 2 == 0)
            throw std::runtime_error("no");
    });
    us->work();
    says("await (await queue('mail')).addBulk([1, 2, 3, 4, 5, 6].map((data) => ({ name: 'work', data })))");
    says("const mail = await queue('mail'); await until(async () => (await mail.getCompletedCount()) === 3 && (await "
         "mail.getFailedCount()) === 3)");
    EXPECT_EQ(says("return (await (await queue('mail')).clean(0, 2, 'completed')).length"), "2");
    EXPECT_EQ(us->await(us->jobs.clean("mail", job_state::failed, 0ms, 2)), 2u);
    EXPECT_EQ(counts(), R"({"waiting":0,"prioritized":0,"delayed":0,"active":0,"completed":1,"failed":1})");
    EXPECT_EQ(says("return (await redis.keys('bull:mail:[0-9]*')).length"), "2");
}

TEST_P(QueueInteropAdmin, RetriesAndPromotionsOfEither) {
    us->handle("mail", "work", [](json::value, job_context& job) {
        if (job.attempt() == 1 && job.fence() < 3)
            throw std::runtime_error("no");
    });
    us->add("mail", "work");
    us->work();
    says("await until(async () => (await state('mail', '1')) === 'failed')");
    EXPECT_TRUE(us->await(us->jobs.retry(job_key{"mail", "1"})));
    says("await until(async () => (await job('mail', '1')).attemptsStarted === 2 && (await state('mail', '1')) === "
         "'failed')");
    says("await (await job('mail', '1')).retry(); await until(async () => (await state('mail', '1')) === 'completed')");
    us->stop_work();
    const auto late = us->add("mail", "work", {}, {.delay = 1h});
    says("await (await job('mail', given)).promote()", json::value(late));
    EXPECT_EQ(us->info("mail", late)->state, job_state::waiting);
    says("await (await queue('mail')).add('work', {}, { jobId: 'theirs', delay: 3_600_000 })");
    EXPECT_TRUE(us->await(us->jobs.promote(job_key{"mail", "theirs"})));
    EXPECT_EQ(says("return state('mail', 'theirs')"), R"("waiting")");
    says("await (await job('mail', 'theirs')).changePriority({ priority: 5 })");
    EXPECT_EQ(us->info("mail", "theirs")->options.priority, 5);
    EXPECT_TRUE(us->await(us->jobs.remove(job_key{"mail", "theirs"})));
    EXPECT_EQ(says("return (await job('mail', 'theirs')) ?? 'gone'"), R"("gone")");
    says("await (await job('mail', given)).remove()", json::value(late));
    EXPECT_EQ(us->info("mail", late), std::nullopt);
}

TEST_P(QueueInteropAdmin, WeCancelWhatNodeAdded) {
    says("await (await queue('mail')).add('work', {}, { jobId: 'theirs' })");
    EXPECT_TRUE(us->await(us->jobs.cancel(job_key{"mail", "theirs"})));
    EXPECT_EQ(says("return [await state('mail', 'theirs'), (await job('mail', 'theirs')).failedReason]"),
              R"(["failed","cancelled"])");
}

TEST_P(QueueInteropAdmin, ObliterateLeavesNothing) {
    add_some();
    us->add("mail", "work", {}, {.deduplicate = deduplication{.id = "a"}, .group = "acme"});
    says("await (await queue('mail')).obliterate({ force: true })");
    EXPECT_EQ(us->await(us->jobs.counts({"mail"})).at(0), (queue_counts{.queue = "mail"}));
    add_some();
    us->add("mail", "work", {}, {.deduplicate = deduplication{.id = "a"}, .group = "acme"});
    us->await(us->jobs.obliterate("mail", deadline::after(5s)));
    EXPECT_EQ(says("return (await redis.keys('bull:mail*'))"), "[]");
}

// Node takes the head of the group, and knows nothing of the others.
TEST_P(QueueInteropAdmin, WhatNodesObliterateLeftOfAGroupHasItsTurn) {
    for (int i = 0; i < 3; ++i)
        us->add("mail", "work", i, {.group = "acme"});
    says("const mail = await queue('mail'); await mail.obliterate({ force: true }); await mail.add('work', 3)");
    const auto left = us->await(us->jobs.counts({"mail"})).at(0);
    EXPECT_EQ(left.waiting, 3u);
    EXPECT_EQ(left.groups, 1u);
    us->handle("mail", "work", [] {});
    us->work();
    EXPECT_TRUE(until([&] { return completed() == 3; })) << counts();
    EXPECT_EQ(us->await(us->jobs.counts({"mail"})).at(0).groups, 0u);
}

TEST_P(QueueInteropAdmin, TheOrphanSweepLeavesOursAlone) {
    add_some();
    us->await(us->jobs.set_concurrency("mail", 3));
    us->add("mail", "work", {}, {.ttl = 1h, .deduplicate = deduplication{.id = "a"}});
    us->await(us->jobs.upsert_schedule({.queue = "mail",
                                        .id = "hourly",
                                        .when = {.every = 1h},
                                        .name = "tick",
                                        .next = real_clock().wall() + 1h,
                                        .now = real_clock().wall()}));
    const auto keys = says("return (await redis.keys('*')).filter((key) => !key.includes('receipt')).sort()");
    EXPECT_EQ(says("return (await queue('mail')).removeOrphanedJobs?.() ?? 0"), "0");
    EXPECT_EQ(says("return (await redis.keys('*')).filter((key) => !key.includes('receipt')).sort()"), keys);
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropAdmin, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
