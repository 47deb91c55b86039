#include "worker_fixture.hpp"

namespace infra::queue::tests {
namespace {

TEST_F(QueueWorker, RetriesAfterItsBackoff) {
    handle([](json::value) -> awaitable<void> {
        throw std::runtime_error("busy");
        co_return;
    });
    offer("a", {.attempts = 3, .backoff = exponential(1s)});
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::retry);
    EXPECT_EQ(result().reason, "busy");
    EXPECT_EQ(result().run_at, time.wall() + 1s);
    EXPECT_EQ(captured_log::count("warn job failed and will be retried"), 1u);
}

TEST_F(QueueWorker, FailsAfterTheLastAttempt) {
    handle([](json::value) { throw std::runtime_error("busy"); });
    auto job = claimed_job{.held = {.job = {"mail", "a"}, .token = "t"},
                           .name = "job",
                           .data = "{}",
                           .options = {.attempts = 3},
                           .attempts_made = 2};
    stored->offer(job);
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::failed);
    EXPECT_EQ(result().keep, job.options.keep_failed);
    EXPECT_EQ(captured_log::count("error job failed"), 1u);
}

TEST_F(QueueWorker, FailsAtOnceWhenNoFurtherAttemptHelps) {
    handle([](json::value) -> awaitable<void> {
        throw unrecoverable("no such user");
        co_return;
    });
    offer("a", {.attempts = 10});
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::failed);
    EXPECT_EQ(result().reason, "no such user");
}

TEST_F(QueueWorker, FailsAPayloadThatDoesNotFitAtOnceAndNamesTheField) {
    jobs.define_job<std::vector<int>>({.name = "sum", .handler = [](std::vector<int>) {}, .queue = "mail"});
    offer("a", {.attempts = 10}, "sum", R"([1, 2, "three"])");
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::failed);
    EXPECT_EQ(result().reason, "the payload does not fit the job \"sum\": /2: expected an integer, got a string");
}

TEST_F(QueueWorker, SurvivesWhateverIsThrown) {
    handle(
        [](json::value) -> awaitable<void> {
            throw 42;
            co_return;
        },
        "number");
    handle([](json::value) { throw std::string("text\xff"); }, "text");
    handle(
        [](json::value) -> awaitable<void> {
            throw boost::system::system_error(asio::error::operation_aborted);
            co_return;
        },
        "aborted");
    offer("a", {}, "number");
    offer("b", {}, "text");
    offer("c", {}, "aborted");
    start();
    wait_for_finished(3);
    for (const auto& each : stored->finished)
        EXPECT_EQ(each.as, outcome::kind::failed) << each.held.job.id;
    const auto text = std::ranges::find(stored->finished, "b", [](const auto& o) { return o.held.job.id; });
    EXPECT_EQ(text->reason, "text\xef\xbf\xbd");
}

TEST_F(QueueWorker, LeavesAJobItDoesNotKnowToOthers) {
    handle([](json::value) {});
    jobs.define_job({.name = "only added here", .queue = "mail"});
    offer("a", {}, "unheard of");
    offer("b", {}, "only added here");
    start();
    wait_for_finished(2);
    for (const auto& each : stored->finished) {
        EXPECT_EQ(each.as, outcome::kind::returned);
        EXPECT_EQ(each.run_at, time.wall() + 10s);
    }
    EXPECT_EQ(captured_log::count("warn no handler here for jobs of this name"), 2u);
}

TEST_F(QueueWorker, SaysOnceThatItDoesNotKnowAName) {
    handle([](json::value) -> awaitable<void> { co_return; });
    for (const auto* id : {"a", "b", "c"})
        offer(id, {}, "stranger");
    offer("d", {}, "another");
    start();
    wait_for_finished(4);
    EXPECT_EQ(captured_log::count("warn no handler here for jobs of this name"), 2u);
}

TEST_F(QueueWorker, FailsAJobThatKeepsKillingItsWorkers) {
    bool ran = false;
    handle([&](json::value) { ran = true; });
    auto job = claimed_job{.held = {.job = {"mail", "a"}, .token = "t"},
                           .name = "job",
                           .data = "{}",
                           .options = {.attempts = 9},
                           .stalls = 4};
    stored->offer(job);
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::failed);
    EXPECT_EQ(result().reason, "stalled 4 times, more than worker_options::max_stalls");
    EXPECT_FALSE(ran);
}

TEST_F(QueueWorker, FailsAJobForWhichTheStorageHasAReasonWithoutRunningIt) {
    bool ran = false;
    handle([&](json::value) { ran = true; });
    stored->offer({.held = {.job = {"mail", "a"}, .token = "t"},
                   .name = "job",
                   .data = "{broken",
                   .options = {.attempts = 9, .keep_failed = {.count = 7}},
                   .fail_with = "its data is no JSON\x07"});
    stored->offer(
        {.held = {.job = {"mail", "b"}, .token = "t"}, .name = "unheard of", .fail_with = "stalled too often"});
    start();
    wait_for_finished(2);
    for (const auto& each : stored->finished)
        EXPECT_EQ(each.as, outcome::kind::failed) << each.held.job.id << " is not tried again";
    EXPECT_EQ(result(0).reason, "its data is no JSON ");
    EXPECT_EQ(result(0).keep.count, 7u);
    EXPECT_EQ(result(1).reason, "stalled too often");
    EXPECT_FALSE(ran);
}

TEST_F(QueueWorker, ReportsJobsOfWorkersThatVanished) {
    stored->rescued = {{"mail", "a"}};
    start();
    turn_until([] { return captured_log::count("warn job stalled") == 1; });
}

TEST_F(QueueWorker, EndsAnAttemptAtItsTimeout) {
    std::shared_ptr<bool> cancelled = std::make_shared<bool>(false);
    handle([cancelled](json::value) -> awaitable<void> {
        try {
            co_await for_ever();
        } catch (...) {
            *cancelled = true;
            throw;
        }
    });
    offer("a", {.timeout = 5s});
    start();
    turn_until([&] { return stored->transcript() == std::vector<std::string>{"claim 10: 1"}; });
    pass(4s);
    EXPECT_EQ(stored->finished_count(), 0u);
    pass(1s);
    wait_for_finished(1);
    EXPECT_TRUE(*cancelled);
    EXPECT_EQ(result().as, outcome::kind::failed);
    EXPECT_EQ(result().reason, "timed out after 5000 ms");
}

} // namespace
} // namespace infra::queue::tests
