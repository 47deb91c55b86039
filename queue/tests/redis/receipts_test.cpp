// Answers that are lost on their way: what was asked for is asked again, and done once. The proxy is that of the Redis room's
// tests, whose tests/support.hpp stands before ours here.

#include "tests/proxy.hpp"

#include "src/redis/receipts.hpp"

#include <infra/queue/redis.hpp>

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;

constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

TEST(Lanes, EachHasOneCallUnderWayAndNumbersThem) {
    lanes two;
    const auto a = two.take("bull:mail~work:p"), b = two.take("bull:mail~work:p");
    EXPECT_FALSE(two.any_free());
    EXPECT_NE(a.lane, b.lane);
    EXPECT_EQ(a.number, 1u);
    two.give_back(a);
    EXPECT_TRUE(two.any_free());
    EXPECT_FALSE(two.all_free());
    const auto again = two.take("bull:images~work:p");
    EXPECT_EQ(again.lane, a.lane) << "where its last answer is kept";
    EXPECT_EQ(again.number, 2u);
}

class Receipts : public ::testing::Test {
protected:
    void SetUp() override {
        between.on_request = [this](std::string bytes) {
            if (armed_ && bytes.find("EVAL") != bytes.npos)
                cut_next_ = true;
            return std::optional(std::move(bytes));
        };
        between.on_reply = [this](std::string bytes) {
            if (!cut_next_)
                return std::optional(std::move(bytes));
            ++cuts_;
            armed_ = cut_next_ = false;
            return std::optional<std::string>();
        };
    }
    void TearDown() override { loop.wait(stored->stop(deadline::after(10s))); }

    /// The answer of the next script that runs is lost.
    void lose_next_answer() { armed_ = true; }

    job_id add() {
        const auto added = loop.get(stored->enqueue({{.queue = "mail", .name = "welcome", .created_at = t0}}));
        EXPECT_TRUE(added.at(0).created());
        return added.at(0).id;
    }
    claim_result claim(std::size_t max = 10) {
        return loop.get(stored->claim({.queues = {"mail"}, .max = max, .now = t0}));
    }
    bool finish(const lease& held) {
        std::vector<outcome> one{{.held = held, .result = "1", .at = t0}};
        return loop.get(stored->finish(std::move(one))).at(0);
    }
    queue_counts counts() { return loop.get(stored->counts({"mail"})).at(0); }

    // Each connection ends with its first answer, so pauses between them would grow to a second.
    redis::options comes_again_at_once() const {
        auto to = between.to();
        to.reconnect = {.delay = 1ms, .max = 1ms};
        return to;
    }

    redis::test_loop loop;
    redis::server server;
    redis::proxy between{loop.get_executor(), server.socket()};
    std::shared_ptr<backend> stored = make_redis_backend({.server = comes_again_at_once()}, {loop.get_executor()});
    int cuts_ = 0;

private:
    bool armed_ = false;
    bool cut_next_ = false;
};

TEST_F(Receipts, AJobIsAddedOnce) {
    add();
    lose_next_answer();
    EXPECT_EQ(add(), "2");
    EXPECT_EQ(cuts_, 1);
    EXPECT_EQ(counts().waiting, 2u);
    EXPECT_EQ(add(), "3");
}

TEST_F(Receipts, WhatWasTakenIsHandedOver) {
    const auto id = add();
    claim(0);
    lose_next_answer();
    const auto taken = claim();
    EXPECT_EQ(cuts_, 1);
    ASSERT_EQ(taken.jobs.size(), 1u);
    EXPECT_EQ(taken.jobs[0].held.job.id, id);
    EXPECT_EQ(taken.jobs[0].held.fence, 1u);
    EXPECT_EQ(taken.jobs[0].name, "welcome");
    EXPECT_EQ(counts().active, 1u);
    EXPECT_TRUE(finish(taken.jobs[0].held));
}

TEST_F(Receipts, AnEndIsRecordedOnceAndKnownToBe) {
    add();
    const auto taken = claim();
    lose_next_answer();
    EXPECT_TRUE(finish(taken.jobs.at(0).held));
    EXPECT_EQ(cuts_, 1);
    EXPECT_EQ(counts().completed, 1u);
    EXPECT_FALSE(finish(taken.jobs.at(0).held)) << "another call is none that comes again";
}

TEST_F(Receipts, AllComesThroughOnALineThatIsCutAgainAndAgain) {
    for (int i = 0; i < 20; ++i)
        add();
    std::size_t done = 0;
    for (int i = 0; i < 100 && done < 20; ++i) {
        lose_next_answer();
        const auto taken = claim(3);
        for (const auto& each : taken.jobs) {
            lose_next_answer();
            EXPECT_TRUE(finish(each.held));
            ++done;
        }
    }
    EXPECT_EQ(counts(), (queue_counts{.queue = "mail", .completed = 20}));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
