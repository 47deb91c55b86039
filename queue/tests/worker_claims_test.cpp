#include "worker_fixture.hpp"

#include <boost/asio/post.hpp>

namespace infra::queue::tests {
namespace {

TEST_F(QueueWorker, RunsNoMoreAtOnceThanItsConcurrency) {
    int now = 0, most = 0;
    handle([&](json::value) -> awaitable<void> {
        most = std::max(most, ++now);
        for (int i = 0; i < 3; ++i)
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        --now;
    });
    for (int i = 0; i < 50; ++i)
        offer(std::to_string(i));
    start({.concurrency = 4, .ahead = 0});
    wait_for_finished(50);
    EXPECT_EQ(most, 4);
    for (const auto& each : stored->claims)
        EXPECT_LE(each.max, 4u);
}

TEST_F(QueueWorker, ServesTheQueuesOfAllJobsThatHaveAHandlerAlsoOfLaterOnes) {
    jobs.define_job({.name = "b", .handler = [](json::value) {}});
    jobs.define_job({.name = "only added here"});
    start();
    turn_until([&] { return !stored->claims.empty(); });
    EXPECT_EQ(stored->claims.back().queues, (std::vector<std::string>{"b"}));
    jobs.define_job({.name = "a", .handler = [](json::value) {}});
    pass(5s);
    turn_until([&] { return stored->claims.back().queues == std::vector<std::string>{"a", "b"}; });
}

TEST_F(QueueWorker, ServesOnlyTheQueuesItIsTold) {
    handle([](json::value) {});
    start({.queues = {"images", "video"}, .lease = 3s});
    turn_until([&] { return !stored->claims.empty(); });
    EXPECT_EQ(stored->claims.back().queues, (std::vector<std::string>{"images", "video"}));
    EXPECT_EQ(stored->claims.back().lease, 3s);
    EXPECT_EQ(stored->claims.back().now, time.wall());
    EXPECT_FALSE(stored->claims.back().worker.empty());
}

TEST_F(QueueWorker, TellsTheStorageItsNameAndWhatItTakesForPoison) {
    handle([](json::value) {});
    start({.name = "mill", .max_stalls = 7});
    turn_until([&] { return !stored->claims.empty(); });
    EXPECT_EQ(stored->claims.back().name, "mill");
    EXPECT_EQ(stored->claims.back().max_stalls, 7);
    EXPECT_NE(stored->claims.back().worker, "mill") << "two may have one name";
}

TEST_F(QueueWorker, LeasesForAsLongAsTheStorageThinksRightUnlessItIsTold) {
    handle([](json::value) {});
    stored->lease_of_workers = 42s;
    start();
    turn_until([&] { return !stored->claims.empty(); });
    EXPECT_EQ(stored->claims.back().lease, 42s);
}

TEST_F(QueueWorker, ClaimsWhenADelayIsOver) {
    stored->next_due = time.wall() + 2s;
    start();
    turn_until([&] { return stored->claims.size() == 2; });
    EXPECT_EQ(stored->claims.back().due, time.wall() + 2s);
    pass(1999ms);
    EXPECT_EQ(stored->claims.size(), 2u);
    pass(1ms);
    turn_until([&] { return stored->claims.size() > 2; });
}

TEST_F(QueueWorker, DoesNotTakeJobsFromTheLivingWhenTheWallClockJumpsAhead) {
    start();
    turn_until([&] { return stored->claims.size() == 1; });
    const auto before = time.wall();
    time.set_wall(before + 1h);
    pass(5s);
    turn_until([&] { return stored->claims.size() == 2; });
    EXPECT_EQ(stored->claims.back().now, before + 1h + 5s);
    EXPECT_EQ(stored->claims.back().expired_before, before + 5s);
    for (int i = 0; i < 3; ++i)
        pass(5s);
    turn_until([&] { return stored->claims.back().expired_before == stored->claims.back().now; });
}

TEST_F(QueueWorker, LooksAgainAfterFiveSecondsWhateverTheClockSaid) {
    stored->next_due = time.wall() + 24h;
    start();
    turn_until([&] { return stored->claims.size() == 2; });
    pass(5s);
    turn_until([&] { return stored->claims.size() > 2; });
}

TEST_F(QueueWorker, WaitsWithAClaimForItsFreePlacesUntilWorkComes) {
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    start({.concurrency = 3});
    turn_until([&] { return stored->claims.size() == 1; });
    EXPECT_TRUE(stored->claims.back().wait);
    EXPECT_EQ(stored->claims.back().time, &time);
    for (std::size_t running_now = 1; running_now <= 3; ++running_now) {
        offer(std::to_string(running_now));
        turn_until([&] { return stored->transcript().size() == running_now; });
    }
    EXPECT_EQ(stored->transcript(), (std::vector<std::string>{"claim 3: 1", "claim 2: 1", "claim 1: 1"}));
    loop.settle();
    EXPECT_EQ(stored->claims.size(), 3u) << "claimed without a place";
}

// So the storage has something to do while the others run.
TEST_F(QueueWorker, ClaimsForHalfOfManyPlacesWhileTheOtherHalfRuns) {
    handle([](json::value) -> awaitable<void> { co_return; });
    for (int i = 0; i < 100; ++i)
        offer(std::to_string(i));
    start({.concurrency = 32, .ahead = 0});
    wait_for_finished(100);
    const auto lines = stored->transcript();
    EXPECT_EQ(lines.at(0), "claim 16: 16");
    EXPECT_EQ(lines.at(1), "claim 16: 16") << "it is there already";
    EXPECT_TRUE(std::ranges::all_of(stored->claims, [](const auto& each) { return each.max <= 16; }));
    for (std::size_t i = 0; i < 100; ++i)
        EXPECT_EQ(result(i).held.job.id, std::to_string(i)) << "in the order in which they were taken";
}

TEST_F(QueueWorker, RunsNoMoreThanItsPlacesWithTwoClaims) {
    std::size_t now = 0, most = 0;
    handle([&](json::value) -> awaitable<void> {
        most = std::max(most, ++now);
        do // none ends before all places are taken
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        while (most < 33);
        --now;
    });
    for (int i = 0; i < 200; ++i)
        offer(std::to_string(i));
    start({.concurrency = 33});
    wait_for_finished(200);
    EXPECT_EQ(most, 33u);
}

TEST_F(QueueWorker, PrunesWhileAllItsPlacesAreTaken) {
    jobs.define_job({.name = "aged", .handler = [](json::value) {}, .keep_completed = {.age = 1h}});
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    offer("a");
    start({.concurrency = 1});
    turn_until([&] { return stored->pruned.size() == 1 && stored->claims.size() == 1; });
    for (int i = 0; i < 12; ++i)
        pass(5s);
    turn_until([&] { return stored->pruned.size() == 2; });
    EXPECT_EQ(stored->claims.size(), 1u);
}

TEST_F(QueueWorker, PrunesByAgeEveryMinute) {
    jobs.define_job({.name = "aged", .handler = [](json::value) {}, .keep_completed = {.age = 1h}});
    start();
    turn_until([&] { return stored->pruned.size() == 1; });
    EXPECT_EQ(stored->pruned[0].at(0).queue, "aged");
    EXPECT_EQ(stored->pruned[0].at(0).completed.age, 1h);
    EXPECT_EQ(stored->pruned[0].at(0).failed.age, std::nullopt);
    for (int i = 0; i < 12; ++i)
        pass(5s);
    turn_until([&] { return stored->pruned.size() == 2; });
}

} // namespace
} // namespace infra::queue::tests
