#include "src/redis/add_line.hpp"
#include "src/redis/work_line.hpp"

#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::make_delayed;
using queue::tests::make_job;
using queue::tests::t0;
using namespace std::chrono_literals;

class Lines : public ::testing::Test {
protected:
    shared_claim claim() { return std::make_shared<claim_operation>(loop.get_executor(), claim_request{}); }
    shared_finish finish(std::size_t ends) {
        return std::make_shared<finish_operation>(loop.get_executor(), std::vector<outcome>(ends));
    }
    shared_add add(std::vector<new_job> jobs) {
        return std::make_shared<add_operation>(loop.get_executor(), std::move(jobs));
    }
    shared_add add_many(std::size_t n) { return add(std::vector<new_job>(n, make_job(""))); }

    queue::tests::test_loop loop;
};

// --- work ---------------------------------------------------------------------------------------------------------

TEST_F(Lines, OneClaimGoesWithAllEndsThatWait) {
    std::deque claims{claim(), claim()};
    std::deque finishes{finish(3), finish(4)};
    const auto first = claims.front();
    const auto batch = next_batch(claims, finishes, 100);
    EXPECT_EQ(batch.claim, first);
    EXPECT_EQ(batch.finishes.size(), 2u);
    EXPECT_EQ(claims.size(), 1u);
    EXPECT_TRUE(finishes.empty());
}

TEST_F(Lines, NoMoreEndsGoTogetherThanOneCallShouldCarry) {
    std::deque<shared_claim> claims;
    std::deque finishes{finish(60), finish(40), finish(1)};
    EXPECT_EQ(next_batch(claims, finishes, 100).finishes.size(), 2u);
    EXPECT_EQ(next_batch(claims, finishes, 100).finishes.size(), 1u);
    EXPECT_TRUE(next_batch(claims, finishes, 100).empty());
}

TEST_F(Lines, EndsThatBelongTogetherGoTogetherHoweverManyTheyAre) {
    std::deque<shared_claim> claims;
    std::deque finishes{finish(500), finish(1)};
    EXPECT_EQ(next_batch(claims, finishes, 100).finishes.size(), 1u);
    EXPECT_EQ(finishes.size(), 1u);
}

// --- turns --------------------------------------------------------------------------------------------------------

TEST_F(Lines, EachQueueIsFirstInItsTurn) {
    fair_turns turns;
    using names = std::vector<std::string>;
    EXPECT_EQ(turns.next({"a", "b", "c"}), (names{"a", "b", "c"}));
    EXPECT_EQ(turns.next({"a", "b", "c"}), (names{"b", "c", "a"}));
    EXPECT_EQ(turns.next({"a", "b", "c"}), (names{"c", "a", "b"}));
    EXPECT_EQ(turns.next({"a", "b", "c"}), (names{"a", "b", "c"}));
}

TEST_F(Lines, OthersThatClaimInBetweenChangeNoTurns) {
    fair_turns turns;
    EXPECT_EQ(turns.next({"a", "b"}).front(), "a");
    EXPECT_EQ(turns.next({"x", "y"}).front(), "x");
    EXPECT_EQ(turns.next({"a", "b"}).front(), "b");
    EXPECT_EQ(turns.next({"x", "y"}).front(), "y");
}

// --- adds ---------------------------------------------------------------------------------------------------------

TEST_F(Lines, JobsOfManyCallersGoTogetherUpToABound) {
    std::deque waiting{add_many(2), add_many(3), add_many(4)};
    EXPECT_EQ(next_adds(waiting, 5, 1'000'000).size(), 2u);
    EXPECT_EQ(next_adds(waiting, 5, 1'000'000).size(), 1u);
    EXPECT_TRUE(next_adds(waiting, 5, 1'000'000).empty());
}

TEST_F(Lines, OfManyJobsHalfGoFirstWhileNothingIsUnderWay) {
    EXPECT_EQ(most_of_next_add(100, true), 50u);
    EXPECT_GE(most_of_next_add(100, false), 100u) << "the other half is with the server";
    EXPECT_GE(most_of_next_add(10, true), 10u) << "too few to be worth two calls";
    EXPECT_EQ(most_of_next_add(100'000, true), most_of_next_add(100'000, false)) << "none holds the server for long";
}

TEST_F(Lines, LargePayloadsGoInFewerJobsToACall) {
    auto large = make_job("");
    large.data.assign(100'000, ' ');
    std::deque waiting{add({large}), add({large}), add({large})};
    EXPECT_EQ(next_adds(waiting, 100, 250'000).size(), 2u);
    EXPECT_EQ(next_adds(waiting, 100, 50'000).size(), 1u) << "one goes in any case";
}

TEST_F(Lines, WhatCameIsToldByQueue) {
    const auto done = add({make_job("a"), make_job("b", {}, "images"), make_job("c"), make_delayed("late", t0 + 2s),
                           make_delayed("soon", t0 + 1s), make_job("known")});
    for (const auto& each : done->jobs)
        done->added.push_back({each.id, each.id == "known" ? addition::existed : addition::created});
    EXPECT_EQ(arrivals_of(*done),
              (std::vector<arrivals>{{.queue = "mail", .jobs = 2, .due = t0 + 1s}, {.queue = "images", .jobs = 1}}));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
