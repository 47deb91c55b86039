#include "worker_fixture.hpp"

namespace infra::queue::tests {
namespace {

// --- leases --------------------------------------------------------------------------------------------------------

TEST_F(QueueWorker, RenewsTheLeasesOfWhatRuns) {
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    offer("a");
    start({.lease = 9s});
    turn_until([&] { return !stored->transcript().empty(); });
    pass(3s);
    turn_until([&] { return stored->extensions == 1; });
    EXPECT_EQ(stored->extended_until, time.wall() + 9s);
    pass(3s);
    turn_until([&] { return stored->extensions == 2; });
}

TEST_F(QueueWorker, RenewsLeasesWhileAHandlerHoldsUpTheLoop) {
    std::atomic<bool> renewed = false;
    auto backend = stored;
    const queue real(stored, {}, jobs.jobs(), real_clock());
    handle([backend, &renewed](json::value) -> awaitable<void> {
        const auto give_up = std::chrono::steady_clock::now() + 30s;
        while (backend->extensions < 3 && std::chrono::steady_clock::now() < give_up)
            ; // burns the worker's loop
        renewed = backend->extensions >= 3;
        co_return;
    });
    offer("a");
    w.emplace(real, worker_options{.lease = 30ms});
    running = loop.start(w->run());
    wait_for_finished(1);
    EXPECT_TRUE(renewed);
}

TEST_F(QueueWorker, CancelsAHandlerWhoseLeaseIsLostAndRecordsNothing) {
    bool cancelled = false, told = false;
    handle([&](json::value, job_context& job) -> awaitable<void> {
        try {
            co_await for_ever();
        } catch (...) {
            cancelled = true;
            told = job.stop_requested();
            throw;
        }
    });
    offer("a");
    stored->lost = {"a"};
    start({.lease = 9s});
    turn_until([&] { return !stored->transcript().empty(); });
    pass(3s);
    turn_until([&] { return cancelled; });
    EXPECT_TRUE(told);
    loop.settle();
    EXPECT_EQ(stored->finished_count(), 0u);
    EXPECT_EQ(captured_log::count("warn lease lost"), 1u);
}

TEST_F(QueueWorker, SaysSoWhenAnOutcomeCameTooLate) {
    handle([](json::value) {});
    offer("a");
    stored->lost = {"a"};
    start();
    wait_for_finished(1);
    turn_until([] { return captured_log::count("warn lease lost: what became of the job was not recorded") == 1; });
}

// --- trouble with the storage --------------------------------------------------------------------------------------

TEST_F(QueueWorker, GoesOnClaimingOnceTheStorageWorksAgain) {
    handle([](json::value) {});
    stored->claim_failures = {unavailable(), unavailable()};
    offer("a");
    start();
    turn_until([&] { return captured_log::count("error the worker goes on trying") == 1; });
    while (stored->finished_count() == 0)
        pass(100ms);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(captured_log::count("error the worker goes on trying"), 1u) << "said for each failure";
    EXPECT_EQ(captured_log::count("info the storage works again"), 1u);
}

TEST_F(QueueWorker, KeepsOutcomesUntilTheyAreRecordedAndClaimsNothingMeanwhile) {
    handle([](json::value) {});
    stored->finish_failures = {unavailable(), unavailable(), unavailable()};
    offer("a");
    start();
    turn_until([&] { return stored->finish_failures.size() < 3; });
    for (int i = 0; i < 20; ++i)
        loop.settle();
    offer("b");
    for (int i = 0; i < 20; ++i)
        loop.settle();
    EXPECT_EQ(stored->transcript(), (std::vector<std::string>{"claim 10: 1"}));
    while (stored->finished_count() < 2)
        pass(100ms);
    EXPECT_EQ(result(0).held.job.id, "a");
    EXPECT_EQ(result(1).held.job.id, "b");
}

TEST_F(QueueWorker, EndsWithTheErrorWhenTheStorageIsDamaged) {
    stored->claim_failures = {std::make_exception_ptr(error(errc::corrupt, "damaged"))};
    start();
    turn_until([&] { return running->ended; });
    EXPECT_EQ(infra::code_of(running->failure), errc::corrupt);
}

TEST_F(QueueWorker, EndsWithTheErrorWhenADamagedStorageCannotRecord) {
    stored->finish_failures.assign(1000, std::make_exception_ptr(error(errc::corrupt, "damaged")));
    handle([](json::value) -> awaitable<void> { co_return; });
    offer("a");
    start();
    for (int i = 0; i < 10; ++i)
        pass(1s);
    turn_until([&] { return running->ended; });
    EXPECT_EQ(infra::code_of(running->failure), errc::corrupt);
}

} // namespace
} // namespace infra::queue::tests
