#include <infra/queue/failures.hpp>

#include "support.hpp"

#include <infra/queue/memory.hpp>
#include <infra/queue/queue.hpp>

#include <gtest/gtest.h>

namespace infra::queue {
namespace {

using namespace std::chrono_literals;

constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

job_info failed(std::string id, std::string reason, wall_time at, std::string name = "welcome") {
    return {.queue = "mail",
            .id = std::move(id),
            .name = std::move(name),
            .state = job_state::failed,
            .failed_reason = std::move(reason),
            .created_at = t0,
            .finished_at = at};
}

TEST(Failures, OfOneNameAndSignatureAreOneGroup) {
    failure_counter counted;
    counted.add(failed("1", "no answer within 5 ms", t0 + 1s));
    counted.add(failed("2", "no answer within 7 ms", t0 + 3s));
    counted.add(failed("3", "no answer within 9 ms", t0 + 2s));
    counted.add(failed("4", "no answer within 9 ms", t0, "other"));
    const auto all = counted.groups();
    ASSERT_EQ(all.groups.size(), 2u);
    EXPECT_EQ(all.failed, 4u);
    const auto& first = all.groups[0];
    EXPECT_EQ(first.count, 3u);
    EXPECT_EQ(first.signature, "no answer within # ms");
    EXPECT_EQ(first.first, t0 + 1s);
    EXPECT_EQ(first.last, t0 + 3s);
    EXPECT_EQ(first.newest, "2");
    EXPECT_EQ(first.reason, "no answer within 7 ms");
    EXPECT_EQ(first.id, failure_group_of(failed("9", "no answer within 1 ms", t0)));
    EXPECT_NE(first.id, all.groups[1].id);
}

TEST(Failures, OfALongReasonShowItsBeginning) {
    failure_counter counted;
    counted.add(failed("1", std::string(2047, 'x') + "ä and more", t0));
    EXPECT_EQ(counted.groups().groups.at(0).reason, std::string(2047, 'x') + "…") << "no character is halved";
}

TEST(Failures, OfMoreGroupsThanAreListedAreCounted) {
    failure_counter counted;
    for (int i = 0; i < 203; ++i)
        counted.add(failed(std::to_string(i), "refused", t0, "job" + std::to_string(i)));
    EXPECT_EQ(counted.groups().groups.size(), 200u);
    EXPECT_EQ(counted.groups().left_out, 3u);
    EXPECT_EQ(counted.groups().failed, 203u);
}

/// A queue with jobs that have failed.
struct FailuresOfQueue : ::testing::Test {
    void fail(const job_id& id, const std::string& reason) {
        loop.await(jobs.enqueue("mail", json::value(1), {.id = id}));
        const auto taken = loop.await(jobs.stored()->claim({.queues = {"mail"}, .worker = "w", .now = time.wall()}));
        outcome end{.held = taken.jobs.at(0).held, .as = outcome::kind::failed, .reason = reason, .at = time.wall()};
        loop.await(jobs.stored()->finish({end}));
    }
    void fail_many(std::size_t count, const std::string& reason) {
        const new_job one{
            .queue = "mail", .name = "welcome", .options = {.keep_failed = {}}, .created_at = time.wall()};
        loop.await(jobs.stored()->enqueue(std::vector<new_job>(count, one)));
        for (std::size_t done = 0; done < count;) {
            const auto taken =
                loop.await(jobs.stored()->claim({.queues = {"mail"}, .max = 2000, .worker = "w", .now = time.wall()}));
            ASSERT_FALSE(taken.jobs.empty());
            std::vector<outcome> ends;
            for (const auto& each : taken.jobs)
                ends.push_back({.held = each.held, .as = outcome::kind::failed, .reason = reason, .at = time.wall()});
            done += ends.size();
            loop.await(jobs.stored()->finish(std::move(ends)));
        }
    }
    job_state state_of(job_id id) { return loop.await(jobs.find_job(std::move(id))).value().state; }

    tests::test_loop loop;
    manual_clock time;
    queue jobs{make_memory_backend(), {}, std::make_shared<registry>(), time};
};

TEST_F(FailuresOfQueue, AreGroupedAndRetriedTogether) {
    fail("a", "no answer within 5 ms");
    fail("b", "no answer within 9 ms");
    fail("c", "refused");
    const auto all = loop.await(group_failures(jobs, "mail"));
    ASSERT_EQ(all.groups.size(), 2u);
    EXPECT_TRUE(all.complete);
    EXPECT_EQ(all.groups[0].count, 2u);
    const auto done = loop.await(change_failures(jobs, job_change::retry, "mail", all.groups[0].id));
    EXPECT_EQ(done.changed, 2u);
    EXPECT_EQ(done.next, "");
    EXPECT_EQ(state_of("a"), job_state::waiting);
    EXPECT_EQ(state_of("b"), job_state::waiting);
    EXPECT_EQ(state_of("c"), job_state::failed);
    EXPECT_EQ(loop.await(change_failures(jobs, job_change::remove, "mail", "no such group")).changed, 0u);
}

TEST_F(FailuresOfQueue, AreChangedBitByBitWhereThereIsNoTimeForMore) {
    for (int i = 0; i < 1200; ++i)
        fail("j" + std::to_string(i), "refused");
    EXPECT_FALSE(loop.await(group_failures(jobs, "mail", 0ms)).complete);
    const auto group = failure_group_of(loop.await(jobs.find_job("j7")).value());
    change_result sum, step;
    int steps = 0;
    do {
        step = loop.await(change_failures(jobs, job_change::remove, "mail", group, std::move(step.next), 0ms));
        sum.changed += step.changed;
        ++steps;
    } while (!step.next.empty());
    EXPECT_EQ(sum.changed, 1200u);
    EXPECT_GT(steps, 1);
}

TEST_F(FailuresOfQueue, AreChangedAlsoBehindMoreThanAreLookedAtForGroups) {
    fail("oldest", "refused");
    fail_many(max_grouped + 500, "no answer");
    EXPECT_FALSE(loop.await(group_failures(jobs, "mail", 1h)).complete);
    const auto group = failure_group_of(loop.await(jobs.find_job("oldest")).value());
    const auto done = loop.await(change_failures(jobs, job_change::retry, "mail", group, {}, 1h));
    EXPECT_EQ(done.changed, 1u);
    EXPECT_EQ(done.next, "");
    EXPECT_EQ(state_of("oldest"), job_state::waiting);
}

} // namespace
} // namespace infra::queue
