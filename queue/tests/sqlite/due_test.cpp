#include "support.hpp"

// What time brings about, where it is more than one claim may do.

namespace infra::queue::tests {
namespace {

class SqliteDue : public ::testing::Test {
protected:
    ~SqliteDue() override { expect_sound(options.file); }

    claim_result claim(wall_time now, std::vector<std::string> queues = {"mail"}) {
        return loop.await(stored->claim({.queues = std::move(queues), .max = 10, .worker = "me", .now = now}));
    }

    temporary_folder folder;
    const sqlite_options options{.file = folder / "queue.db", .durability = durability::normal};
    test_loop loop;
    const std::shared_ptr<backend> stored = make_sqlite_backend(options);
};

TEST_F(SqliteDue, FailsAThousandExpiredJobsAtOnceAndStartsNoneOfTheRest) {
    std::vector<new_job> jobs;
    for (int i = 0; i < 1500; ++i) {
        auto job = make_job("");
        job.expires_at = t0 + 1s;
        jobs.push_back(std::move(job));
    }
    jobs.push_back(make_job("lives"));
    jobs.push_back(make_job("other", {}, "images"));
    loop.await(stored->enqueue(jobs));
    const auto first = claim(t0 + 1s, {"mail", "images"});
    EXPECT_EQ(first.expired.size(), 1000u);
    EXPECT_EQ(ids_of(first), ids{"other"});
    const auto second = claim(t0 + 1s);
    EXPECT_EQ(second.expired.size(), 500u);
    EXPECT_EQ(ids_of(second), ids{"lives"});
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0), (queue_counts{.queue = "mail", .active = 1, .failed = 1500}));
}

TEST_F(SqliteDue, KnowsOfATimeToLiveThatAnotherProcessStored) {
    auto job = make_job("a");
    job.expires_at = t0 + 5s;
    EXPECT_EQ(ids_of(claim(t0)), ids{});
    const auto other = make_sqlite_backend(options);
    loop.await(other->enqueue({job, make_job("b")}));
    const auto taken = claim(t0 + 5s);
    EXPECT_EQ(taken.expired, (std::vector<job_key>{{"mail", "a"}}));
    EXPECT_EQ(ids_of(taken), ids{"b"});
}

TEST_F(SqliteDue, ExpiresAJobForAClaimThatHasWaited) {
    manual_clock time;
    auto job = make_job("a");
    job.expires_at = t0 + 5s;
    loop.await(stored->configure({.queue = "mail", .paused = true}));
    loop.await(stored->enqueue({job}));
    const auto claiming = loop.start(
        stored->claim({.queues = {"mail"}, .max = 10, .worker = "me", .now = t0, .wait = true, .time = &time}));
    loop.await(stored->counts({}));
    ASSERT_FALSE(claiming->ended);
    time.advance(5s);
    loop.await(stored->configure({.queue = "mail", .paused = false}));
    ASSERT_TRUE(loop.until([&] { return claiming->ended; }));
    EXPECT_EQ(ids_of(*claiming->value), ids{});
    EXPECT_EQ(claiming->value->expired.size(), 1u);
}

TEST_F(SqliteDue, TakesATimeToLiveAlongThroughRescueAndReturn) {
    auto job = make_job("a");
    job.expires_at = t0 + 1min;
    loop.await(stored->enqueue({job}));
    const auto first = claim(t0);
    ASSERT_EQ(ids_of(first), ids{"a"});
    const auto second = claim(t0 + 10s);
    ASSERT_EQ(second.rescued.size(), 1u);
    ASSERT_EQ(ids_of(second), ids{"a"});
    loop.await(stored->finish({{.held = second.jobs[0].held, .as = outcome::kind::returned, .at = t0 + 11s}}));
    EXPECT_EQ(claim(t0 + 1min).expired.size(), 1u);
    EXPECT_EQ(loop.await(stored->get({{"mail", "a"}})).at(0)->failed_reason, expired_reason);
}

} // namespace
} // namespace infra::queue::tests
