// What a worker holds beyond the jobs that run.

#include "worker_fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

namespace infra::queue::tests {
namespace {

using lines = std::vector<std::string>;

/// One place. Its handlers end at once but for those of jobs that a test holds up.
class QueueWorkerAhead : public QueueWorker {
protected:
    ~QueueWorkerAhead() override { stop_now(); }

    void start_one(worker_options options = {}) {
        handle([this](json::value, job_context& job) -> awaitable<void> {
            begun.push_back(job.id());
            while (held_up.contains(job.id()))
                co_await gate.async_wait(asio::as_tuple(asio::use_awaitable));
            time.advance(each_takes);
        });
        options.concurrency = 1;
        start(options);
    }

    /// Lets eight handlers end, and forgets that.
    void warm_up() {
        for (int i = 0; i < 8; ++i)
            offer("warm" + std::to_string(i));
        wait_for_finished(8);
        for (int i = 0; i < 20; ++i)
            loop.settle();
        begun.clear();
        stored->finished.clear();
        stored->lines.clear();
    }

    /// The first of them does not end; the others are there as well.
    void hold_up(const lines& ids) {
        held_up = {ids.front()};
        for (const auto& each : ids)
            offer(each);
        turn_until([&] { return !begun.empty(); });
        pass(0ms);
    }
    void end(const std::string& id) {
        held_up.erase(id);
        gate.cancel();
    }

    void turn() {
        for (int i = 0; i < 20; ++i)
            loop.settle();
    }

    std::set<std::string> held_up;
    lines begun;
    std::chrono::microseconds each_takes{0};
    asio::steady_timer gate{loop.io, steady_time::max()};
};

TEST_F(QueueWorkerAhead, HasTheNextJobThereOnceEightHandlersWereSeenToBeShort) {
    start_one();
    warm_up();
    hold_up({"a", "b", "c"});
    EXPECT_EQ(stored->transcript(), lines{"claim 101: 3"});
    EXPECT_EQ(begun, lines{"a"});
    const auto claims = stored->claims.size();
    end("a");
    wait_for_finished(3);
    EXPECT_EQ(begun, (lines{"a", "b", "c"}));
    EXPECT_EQ(stored->transcript(), (lines{"claim 101: 3", "completed a", "completed b", "completed c"}));
    EXPECT_LE(stored->claims.size(), claims + 1);
}

TEST_F(QueueWorkerAhead, HoldsNothingBeforeEightHandlersHaveEnded) {
    start_one();
    for (int i = 0; i < 8; ++i)
        offer(std::to_string(i));
    wait_for_finished(8);
    EXPECT_EQ(std::ranges::count(stored->transcript(), "claim 1: 1"), 8);
}

TEST_F(QueueWorkerAhead, HoldsNothingIfItIsToldSo) {
    start_one({.ahead = 0});
    warm_up();
    hold_up({"a", "b", "c"});
    EXPECT_EQ(stored->transcript(), lines{"claim 1: 1"});
}

// They would fail for a stall that they had no part in.
TEST_F(QueueWorkerAhead, HoldsNothingWhereJobsFailAtTheirFirstStall) {
    start_one({.max_stalls = 0});
    warm_up();
    hold_up({"a", "b", "c"});
    EXPECT_EQ(stored->transcript(), lines{"claim 1: 1"});
}

TEST_F(QueueWorkerAhead, HoldsAsManyAsBeginWithinFiveMillisecondsAtThePaceOfTheLast) {
    for (const auto& [takes, claimed] : {std::pair{1000us, 6u}, std::pair{2500us, 3u}, std::pair{10'000us, 1u}}) {
        each_takes = takes;
        worker one(jobs, {.concurrency = 1, .renewals = loop.get_executor()});
        handle([&](json::value) -> awaitable<void> {
            time.advance(each_takes);
            co_return;
        });
        const auto life = loop.start(one.run());
        for (int i = 0; i < 9; ++i)
            offer(std::to_string(i));
        wait_for_finished(9);
        turn();
        EXPECT_EQ(stored->claims.back().max, claimed) << takes.count() << " us";
        loop.await(one.stop(0ms));
        turn_until([&] { return life->ended; });
        stored->finished.clear();
        jobs = queue(stored, {}, std::make_shared<registry>(), time);
    }
}

// What does not wait yet is for whoever has a place for it.
TEST_F(QueueWorkerAhead, WaitsForNothingWhileItsPlacesAreTaken) {
    start_one();
    warm_up();
    hold_up({"a"});
    offer("b");
    pass(10ms);
    EXPECT_EQ(stored->transcript(), lines{"claim 101: 1"});
    EXPECT_EQ(stored->ready.size(), 1u);
}

TEST_F(QueueWorkerAhead, ClaimsMoreOnceHalfOfWhatItHoldsHasBegun) {
    start_one({.ahead = 4});
    warm_up();
    held_up = {"2"};
    for (int i = 0; i < 20; ++i)
        offer(std::to_string(i));
    turn_until([&] { return begun.size() == 3; });
    turn();
    EXPECT_EQ(stored->transcript(), (lines{"claim 5: 5", "completed 0", "completed 1", "claim 2: 2"}));
    EXPECT_FALSE(stored->claims.back().wait);
    end("2");
    wait_for_finished(20);
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_EQ(begun.at(i), std::to_string(i));
}

TEST_F(QueueWorkerAhead, RunsNoMoreAtOnceThanItsConcurrency) {
    std::size_t now = 0, most = 0;
    handle([&](json::value) -> awaitable<void> {
        most = std::max(most, ++now);
        for (int i = 0; i < 3; ++i)
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        --now;
    });
    for (int i = 0; i < 200; ++i)
        offer(std::to_string(i));
    start({.concurrency = 4});
    wait_for_finished(200);
    EXPECT_EQ(most, 4u);
    EXPECT_TRUE(std::ranges::any_of(stored->claims, [](const auto& each) { return each.max > 4; }));
}

// --- how long it is held ------------------------------------------------------------------------------------------

TEST_F(QueueWorkerAhead, GivesBackWhatHasNotBegunAfterFiftyMilliseconds) {
    start_one();
    warm_up();
    hold_up({"a", "b", "c"});
    pass(49ms);
    EXPECT_EQ(stored->finished_count(), 0u);
    pass(1ms);
    wait_for_finished(2);
    EXPECT_EQ(stored->transcript(), (lines{"claim 101: 3", "returned c", "returned b"}))
        << "so that b is in front of c again";
    EXPECT_EQ(result().run_at, std::nullopt);
    EXPECT_EQ(captured_log::count("debug job returned: no handler ended in time"), 2u);
    end("a");
    wait_for_finished(3);
    turn();
    EXPECT_EQ(begun, lines{"a"});
    EXPECT_EQ(stored->claims.back().max, 1u) << "held something, though its handlers had become long";
}

TEST_F(QueueWorkerAhead, CountsATimeoutFromWhereTheHandlerBegins) {
    start_one();
    warm_up();
    held_up = {"a", "b"};
    offer("a");
    offer("b", {.timeout = 20ms});
    turn_until([&] { return !begun.empty(); });
    pass(30ms);
    end("a");
    turn_until([&] { return begun.size() == 2; });
    pass(19ms);
    EXPECT_EQ(stored->finished_count(), 1u);
    pass(1ms);
    wait_for_finished(2);
    EXPECT_EQ(result(1).reason, "timed out after 20 ms");
}

TEST_F(QueueWorkerAhead, RenewsTheLeasesOfWhatItHolds) {
    start_one({.lease = 60ms});
    warm_up();
    hold_up({"a", "b"});
    pass(20ms);
    turn_until([&] { return std::ranges::count(stored->transcript(), "extend b") == 1; });
}

// --- what is not to begin -----------------------------------------------------------------------------------------

TEST_F(QueueWorkerAhead, FailsWhatIsCancelledBeforeItsHandlerBegins) {
    start_one({.lease = 60ms});
    warm_up();
    hold_up({"a", "b", "c"});
    stored->cancelled = {"b"};
    pass(20ms);
    wait_for_finished(1);
    EXPECT_EQ(result().held.job.id, "b");
    EXPECT_EQ(result().as, outcome::kind::failed);
    EXPECT_EQ(result().reason, cancelled_reason);
    end("a");
    wait_for_finished(3);
    EXPECT_EQ(begun, (lines{"a", "c"}));
}

TEST_F(QueueWorkerAhead, DropsWhatAnotherWorkerHasByNow) {
    start_one({.lease = 60ms});
    warm_up();
    hold_up({"a", "b", "c"});
    stored->lost = {"b"};
    pass(20ms);
    turn_until([] { return captured_log::count("warn lease lost") == 1; });
    end("a");
    wait_for_finished(2);
    turn();
    EXPECT_EQ(begun, (lines{"a", "c"}));
    EXPECT_EQ(stored->finished_count(), 2u);
}

TEST_F(QueueWorkerAhead, GivesBackAtOnceWhatItHoldsWhenItIsStopped) {
    start_one();
    warm_up();
    hold_up({"a", "b", "c"});
    const auto stopped = loop.start(w->stop(10s));
    wait_for_finished(2);
    EXPECT_EQ(stored->transcript(), (lines{"claim 101: 3", "returned c", "returned b"}));
    EXPECT_FALSE(running->ended);
    end("a");
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(begun, lines{"a"});
    EXPECT_EQ(result(2).as, outcome::kind::completed);
}

TEST_F(QueueWorkerAhead, HoldsNothingBehindAJobWhoseWorkerVanished) {
    start_one();
    warm_up();
    held_up = {"a"};
    for (const auto* id : {"a", "b", "c"})
        stored->offer({.held = {.job = {"mail", id}, .fence = 1, .token = "t"},
                       .name = "job",
                       .data = "{}",
                       .stalls = id == std::string("a") ? 1 : 0});
    wait_for_finished(2);
    EXPECT_EQ(stored->transcript(), (lines{"claim 101: 3", "returned c", "returned b"}));
    EXPECT_EQ(begun, lines{"a"});
    end("a");
    wait_for_finished(3);
    turn();
    EXPECT_EQ(stored->claims.back().max, 1u);
}

TEST_F(QueueWorkerAhead, RunsTheNextInAPlaceWhoseHandlerWasCancelled) {
    start_one({.lease = 60ms});
    warm_up();
    hold_up({"a", "b"});
    stored->cancelled = {"a"};
    held_up.clear();
    pass(20ms);
    wait_for_finished(2);
    EXPECT_EQ(begun, (lines{"a", "b"}));
}

} // namespace
} // namespace infra::queue::tests
