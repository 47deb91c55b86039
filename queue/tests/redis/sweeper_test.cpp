#include "src/redis/sweeper.hpp"

#include "tests/redis/stage.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using names = std::vector<std::string>;

TEST(Sweeper, ComesOnceAnIntervalForAllThatWasClaimedFrom) {
    sweeper s;
    const steady_time start{};
    EXPECT_FALSE(s.is_due(start, 30s)) << "nobody claimed";
    s.claimed_from({"mail", "images"}, 3);
    s.claimed_from({"mail"}, 3);
    EXPECT_TRUE(s.is_due(start, 30s));
    EXPECT_EQ(s.take_queues(), (names{"images", "mail"}));
    s.claimed_from({"mail"}, 3);
    EXPECT_FALSE(s.is_due(start + 29s, 30s));
    EXPECT_TRUE(s.is_due(start + 30s, 30s));
    EXPECT_EQ(s.take_queues(), names{"mail"});
    EXPECT_EQ(s.max_stalls(), 3);
}

class SweepStalled : public on_a_stage {
protected:
    std::vector<job_key> sweep(std::vector<std::string> queues = {"mail"}) {
        const sweep_request request{.queues = std::move(queues), .now = now, .interval = 30s, .max_stalls = 1};
        return read_swept(request, ask(sweep_command("bull", request)));
    }
    void let_time_pass() { ask({"DEL", "bull:mail:stalled-check"}); }
    void lose(const std::string& id) { ask({"DEL", "bull:mail:" + id + ":lock"}); }
};

TEST_F(SweepStalled, LeavesWhatBullMqLeaves) {
    auto prior = plain_job("prior");
    prior.options.priority = 1;
    add({plain_job("work"), prior});
    for (int run = 0; run < 2; ++run) {
        take(2);
        for (int look = 0; look < 2; ++look) {
            lose("1");
            lose("2");
            let_time_pass();
            EXPECT_EQ(sweep().size(), look == 0 ? 0u : 2u);
        }
    }
    expect_left_as_in("stalled");
}

TEST_F(SweepStalled, LeavesWhatIsLocked) {
    add(plain_job("work"));
    take(1);
    for (int look = 0; look < 2; ++look) {
        let_time_pass();
        EXPECT_TRUE(sweep().empty());
    }
    expect_left_as_in("lockedStays");
}

TEST_F(SweepStalled, IsDoneByOneOfAllInItsTime) {
    add(plain_job("work"));
    take(1);
    EXPECT_TRUE(sweep().empty());
    lose("1");
    EXPECT_TRUE(sweep().empty()) << "another one has just looked";
    let_time_pass();
    EXPECT_EQ(sweep(), (std::vector<job_key>{{"mail", "1"}}));
    EXPECT_EQ(line("wait"), names{"1"});
}

TEST_F(SweepStalled, SaysOfWhichQueueEachIs) {
    auto other = plain_job("work");
    other.queue = "images";
    add(std::vector{plain_job("work"), other});
    work({.token = "token", .queues = {"mail", "images"}, .most = 2});
    sweep({"mail", "images"});
    ask({"DEL", "bull:mail:1:lock", "bull:images:1:lock", "bull:mail:stalled-check", "bull:images:stalled-check"});
    EXPECT_EQ(sweep({"images", "mail"}), (std::vector<job_key>{{"images", "1"}, {"mail", "1"}}));
}

// A worker of BullMQ takes a group's head and knows of no next one.
TEST_F(SweepStalled, BringsTheNextOfAGroupWhoseHeadAnotherProgramTook) {
    auto of_group = plain_job("work");
    of_group.group = "tenant";
    add(std::vector{of_group, of_group});
    ASSERT_EQ(line("wait"), names{"1"});
    ask({"RPOP", "bull:mail:wait"});
    ask({"DEL", "bull:mail:1"});
    sweep();
    EXPECT_EQ(line("wait"), names{"2"});
}

TEST_F(SweepStalled, WakesWhoeverWaits) {
    add(plain_job("work"));
    take(1);
    sweep();
    ask({"DEL", "bull:mail:marker"});
    lose("1");
    let_time_pass();
    sweep();
    EXPECT_EQ(ask({"ZSCORE", "bull:mail:marker", "0"}).as_real(), 0);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
