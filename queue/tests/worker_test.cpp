#include <infra/queue/worker.hpp>

#include "fake_backend.hpp"

#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <thread>

namespace infra::queue::tests {
namespace {

// The lines that were logged, as `warn job stalled …`, while it lives.
class captured_log {
public:
    captured_log() {
        lines().clear();
        telemetry::install(&table);
    }
    ~captured_log() { telemetry::install(static_cast<const telemetry::log_functions*>(nullptr)); }

    /// Whether a line or one of its fields says so.
    static bool mentions(std::string_view text) {
        const std::scoped_lock lock(mutex());
        return std::ranges::any_of(lines(), [&](const auto& each) { return each.find(text) != each.npos; });
    }

    static std::size_t count(std::string_view line) {
        const std::scoped_lock lock(mutex());
        return static_cast<std::size_t>(
            std::ranges::count_if(lines(), [&](const auto& each) { return each.starts_with(line); }));
    }

private:
    static std::vector<std::string>& lines() {
        static std::vector<std::string> all;
        return all;
    }
    static std::mutex& mutex() {
        static std::mutex one;
        return one;
    }
    static void write(const log_record& r) noexcept {
        const std::scoped_lock lock(mutex());
        auto& line = lines().emplace_back(std::string(infra::to_string(r.severity)).append(" ").append(r.message));
        for (const auto& [key, value] : r.fields)
            if (value.type() == field_value::kind::text)
                line.append(" ").append(key).append("=").append(value.text());
    }
    static constexpr telemetry::log_functions table{.enabled = [](level, std::string_view) noexcept { return true; },
                                                    .write = &write};
};

class QueueWorker : public ::testing::Test {
protected:
    ~QueueWorker() override {
        if (running && !running->ended) {
            const auto stopped = loop.start(w->stop(0ms));
            turn_until([&] { return running->ended && stopped->ended; });
        }
    }

    claimed_job offer(const job_id& id, job_options options = {}, std::string name = "job",
                      std::string data = R"({"n":1})") {
        claimed_job job{.held = {.job = {"mail", id}, .fence = 1, .token = "token of " + id},
                        .name = std::move(name),
                        .data = std::move(data),
                        .options = options};
        stored->offer(job);
        return job;
    }

    static claimed_job job_of(std::string carrier) {
        return {
            .held = {.job = {"mail", "a"}, .token = "t"}, .name = "job", .data = "{}", .carrier = std::move(carrier)};
    }

    template <class F>
    void handle(F handler, std::string name = "job") {
        jobs.define_job({.name = std::move(name), .handler = std::move(handler), .queue = "mail"});
    }

    void start(worker_options options = {}) {
        options.renewals = options.renewals ? options.renewals : std::optional(loop.get_executor());
        w.emplace(jobs, options);
        running = loop.start(w->run());
    }

    /// Like start(), renewing on a thread of the worker's own.
    void start_renewing_alone(worker_options options) {
        w.emplace(jobs, options);
        running = loop.start(w->run());
    }

    void turn_until(const std::function<bool()>& done) { ASSERT_TRUE(loop.until(done)) << "still waiting"; }
    void wait_for_finished(std::size_t n) {
        turn_until([&] { return stored->finished_count() >= n; });
    }
    /// Turns the loop until a sleeper waits beside those that always do, then moves time on.
    void pass(std::chrono::milliseconds d) {
        for (int i = 0; i < 20; ++i)
            loop.settle();
        time.advance(d);
        for (int i = 0; i < 20; ++i)
            loop.settle();
    }
    const outcome& result(std::size_t i = 0) { return stored->finished.at(i); }

    static awaitable<void> for_ever() {
        asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
        co_await timer.async_wait(asio::use_awaitable);
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<fake_backend> stored = std::make_shared<fake_backend>();
    queue jobs{stored, {}, std::make_shared<registry>(), time};
    std::optional<worker> w;
    std::shared_ptr<pending<void>> running;
    captured_log log;
};

TEST_F(QueueWorker, RunsAJobAndRecordsItsResult) {
    handle([](json::value data) -> awaitable<json::value> { co_return data.at("n"); });
    offer("a", {.keep_completed = {.count = 7}});
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(result().result, "1");
    EXPECT_EQ(result().held.token, "token of a");
    EXPECT_EQ(result().at, time.wall());
    EXPECT_EQ(result().keep.count, 7u);
}

TEST_F(QueueWorker, RunsAPlainFunctionOnAThreadOfItsOwn) {
    std::thread::id where;
    handle([&](json::value) { where = std::this_thread::get_id(); });
    offer("a");
    start();
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(result().result, "");
    EXPECT_NE(where, std::this_thread::get_id());
    EXPECT_NE(where, std::thread::id());
}

TEST_F(QueueWorker, TellsTheHandlerAboutItsJob) {
    std::string told;
    handle([&](json::value, job_context& job) -> awaitable<void> {
        told = job.id() + " " + job.name() + " " + job.queue() + " " + std::to_string(job.attempt()) + "/" +
               std::to_string(job.attempts()) + (job.last_attempt() ? " last" : "") + " fence " +
               std::to_string(job.fence());
        EXPECT_EQ(job.deadline(), deadline(time.steady() + 5s));
        EXPECT_FALSE(job.stop_requested());
        co_await job.log("half way");
    });
    auto job = claimed_job{.held = {.job = {"mail", "a"}, .fence = 9, .token = "t"},
                           .name = "job",
                           .data = "{}",
                           .options = {.attempts = 3, .timeout = 5s},
                           .attempts_made = 2};
    stored->offer(job);
    start();
    wait_for_finished(1);
    EXPECT_EQ(told, "a job mail 3/3 last fence 9");
    EXPECT_EQ(captured_log::count("info half way"), 1u);
}

TEST_F(QueueWorker, RunsUnderTheProducersTrace) {
    span_context seen;
    handle([&](json::value) -> awaitable<void> {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        seen = current_span();
    });
    const auto producer = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    stored->offer(job_of(to_carrier({.traceparent = producer})));
    start();
    wait_for_finished(1);
    EXPECT_EQ(seen.trace, parse_traceparent(producer)->trace);
    EXPECT_NE(seen.span, parse_traceparent(producer)->span);
}

TEST_F(QueueWorker, GivesTheHandlerStateAndBaggageOfTheProducer) {
    trace_headers told;
    handle([&](json::value) -> awaitable<void> {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        told = inject();
    });
    stored->offer(job_of(to_carrier({.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                     .tracestate = "rojo=1",
                                     .baggage = "tenant=acme"})));
    start();
    wait_for_finished(1);
    EXPECT_EQ(told.traceparent.substr(3, 32), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(told.tracestate, "rojo=1");
    EXPECT_EQ(told.baggage, "tenant=acme");
}

TEST_F(QueueWorker, LogsNoBaggageWhateverBecomesOfTheJob) {
    handle([](json::value, job_context& job) -> awaitable<void> {
        co_await job.log("half way");
        throw std::runtime_error("busy");
    });
    stored->offer(job_of(to_carrier({.baggage = "token=s3cret"})));
    start();
    wait_for_finished(1);
    EXPECT_TRUE(captured_log::mentions("half way"));
    EXPECT_TRUE(captured_log::mentions("busy"));
    EXPECT_FALSE(captured_log::mentions("s3cret"));
}

TEST_F(QueueWorker, RunsAJobWhateverItsCarrierIs) {
    std::vector<span_context> seen;
    handle([&](json::value) { seen.push_back(current_span()); });
    const std::string cases[] = {"",
                                 "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                 "{",
                                 "[1]",
                                 R"({"traceparent":1})",
                                 std::string(100'000, '{')};
    for (const auto& each : cases)
        stored->offer(job_of(each));
    start({.concurrency = 1});
    wait_for_finished(std::size(cases));
    ASSERT_EQ(seen.size(), std::size(cases));
    for (const auto& each : seen)
        EXPECT_NE(each.trace, parse_traceparent(cases[1])->trace) << "a trace of its own";
}

TEST_F(QueueWorker, BringsNothingOfItsOwnContextIntoAJob) {
    std::string told = "nothing";
    handle([&](json::value) -> awaitable<void> {
        told = std::string(context::current().request_id()) + inject().baggage;
        co_return;
    });
    stored->offer(job_of({}));
    {
        const context_scope in(context().with_request_id("of the worker").with_baggage({{"its", "own"}}));
        start();
    }
    wait_for_finished(1);
    EXPECT_EQ(told, "");
}

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

TEST_F(QueueWorker, DropsAResultThatIsTooLarge) {
    const queue small(stored, {.max_payload_bytes = 10}, jobs.jobs(), time);
    handle([](json::value) { return std::string(100, 'x'); });
    offer("a");
    w.emplace(small, worker_options{.renewals = loop.get_executor()});
    running = loop.start(w->run());
    wait_for_finished(1);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(result().result, "");
    EXPECT_EQ(captured_log::count("warn a job's result is too large"), 1u);
}

// --- claiming -----------------------------------------------------------------------------------------------------

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
    start({.concurrency = 4});
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
    start({.concurrency = 32});
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

// --- leases -------------------------------------------------------------------------------------------------------

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

// --- trouble with the storage -------------------------------------------------------------------------------------

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

// --- stopping -----------------------------------------------------------------------------------------------------

TEST_F(QueueWorker, LetsHandlersFinishWhenStopped) {
    asio::steady_timer gate(loop.io, steady_time::max());
    handle([&](json::value) -> awaitable<void> {
        boost::system::error_code ec;
        co_await gate.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    });
    offer("a");
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    const auto stopped = loop.start(w->stop(deadline(time.steady() + 10s)));
    loop.settle();
    offer("b");
    pass(9s);
    EXPECT_FALSE(running->ended);
    gate.cancel();
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_FALSE(running->failure);
    EXPECT_EQ(stored->finished_count(), 1u);
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(stored->ready.size(), 1u) << "claimed while it stopped";
}

TEST_F(QueueWorker, ReturnsJobWithoutSpendingAttemptWhenItsDrainTimeIsOver) {
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    offer("a", {.attempts = 3});
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    const auto stopped = loop.start(w->stop(10s));
    pass(9999ms);
    EXPECT_EQ(stored->finished_count(), 0u);
    pass(1ms);
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(result().as, outcome::kind::returned);
    EXPECT_EQ(result().run_at, std::nullopt);
    EXPECT_EQ(captured_log::count("info job returned"), 1u);
}

TEST_F(QueueWorker, ReturnsTheJobOfAHandlerThatDoesNotHeedCancellation) {
    auto gate = std::make_shared<asio::steady_timer>(loop.io, steady_time::max());
    handle([gate](json::value, job_context& job) -> awaitable<void> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        boost::system::error_code ec;
        co_await gate->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        EXPECT_TRUE(job.stop_requested());
    });
    offer("a");
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    const auto stopped = loop.start(w->stop(0ms));
    pass(999ms);
    EXPECT_FALSE(running->ended);
    pass(1ms);
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(result().as, outcome::kind::returned);
    EXPECT_EQ(captured_log::count("warn a cancelled handler does not end"), 1u);
    gate->cancel();
    for (int i = 0; i < 20; ++i)
        loop.settle();
    EXPECT_EQ(stored->finished_count(), 1u) << "its late end was recorded";
}

TEST_F(QueueWorker, CompletesAJobWhoseHandlerFinishesAlthoughCancelled) {
    handle([](json::value) -> awaitable<int> {
        try {
            co_await for_ever();
        } catch (const boost::system::system_error&) {
        }
        co_return 7;
    });
    offer("a");
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    loop.await(w->stop(0ms));
    EXPECT_EQ(result().as, outcome::kind::completed);
    EXPECT_EQ(result().result, "7");
}

TEST_F(QueueWorker, TellsPlainFunctionsToStop) {
    handle([](json::value, job_context& job) {
        while (!job.stop_requested())
            std::this_thread::yield();
        throw std::runtime_error("stopped half way");
    });
    offer("a", {.attempts = 2});
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    loop.await(w->stop(0ms));
    EXPECT_EQ(result().as, outcome::kind::returned);
}

TEST_F(QueueWorker, HoldsTheEarliestDeadlineItWasGiven) {
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    offer("a");
    start();
    turn_until([&] { return !stored->transcript().empty(); });
    const auto first = loop.start(w->stop(1h));
    const auto second = loop.start(w->stop(2s));
    const auto third = loop.start(w->stop(3h));
    pass(2s);
    turn_until([&] { return first->ended && second->ended && third->ended; });
    EXPECT_EQ(result().as, outcome::kind::returned);
}

TEST_F(QueueWorker, GivesUpRecordingWhenItStopsAndTheStorageDoesNotAnswer) {
    handle([](json::value) {});
    for (int i = 0; i < 1000; ++i)
        stored->finish_failures.push_back(unavailable());
    offer("a");
    start();
    turn_until([&] { return stored->finish_failures.size() < 1000; });
    const auto stopped = loop.start(w->stop(0ms));
    for (int i = 0; i < 50 && !stopped->ended; ++i)
        pass(100ms);
    turn_until([&] { return running->ended && stopped->ended; });
    EXPECT_EQ(captured_log::count("error stopped without recording"), 1u);
}

TEST_F(QueueWorker, GivesJobsBackWhenRunIsCancelled) {
    handle([](json::value) -> awaitable<void> { co_await for_ever(); });
    offer("a");
    worker cancelled(jobs, {.renewals = loop.get_executor()});
    asio::cancellation_signal cancel;
    std::optional<std::exception_ptr> end;
    asio::co_spawn(loop.get_executor(), cancelled.run(),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) { end = e; }));
    turn_until([&] { return !stored->transcript().empty(); });
    cancel.emit(asio::cancellation_type::terminal);
    turn_until([&] { return end.has_value(); });
    EXPECT_EQ(infra::code_of(*end), asio::error::operation_aborted);
    EXPECT_EQ(result().as, outcome::kind::returned);
}

TEST_F(QueueWorker, RunsOnce) {
    start();
    EXPECT_EQ(loop.code_of(w->run()), infra::errc::invalid_state);
    loop.await(w->stop(0ms));
    EXPECT_EQ(loop.code_of(w->run()), infra::errc::invalid_state);
}

TEST_F(QueueWorker, RefusesBadOptionsByName) {
    const auto refusal = [&](worker_options options) -> std::string {
        try {
            worker made(jobs, std::move(options));
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal({.concurrency = 0}), "queue::worker_options::concurrency must be at least 1");
    EXPECT_EQ(refusal({.concurrency = 10'001}), "queue::worker_options::concurrency must be at most 10000");
    EXPECT_EQ(refusal({.queues = {"a:b"}}), "queue::worker_options::queues must not contain a colon");
    EXPECT_EQ(refusal({.drain_timeout = -1ms}), "queue::worker_options::drain_timeout must not be negative");
    EXPECT_EQ(refusal({.lease = 9ms}), "queue::worker_options::lease must be from 10 ms to 1 day");
    EXPECT_EQ(refusal({.max_stalls = -1}), "queue::worker_options::max_stalls must not be negative");
}

} // namespace
} // namespace infra::queue::tests
