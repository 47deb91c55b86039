// What pools and loops tell of themselves. The names of those here are nobody else's: the list is the process's.

#include "metrics_recorder.hpp"

#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/metrics.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <stdexcept>
#include <thread>

namespace infra {
namespace {

using namespace std::chrono_literals;
using figures = std::vector<double>;

struct RuntimeMetrics : testing::Test {
    metrics_recorder metrics;
    asio::io_context io{1};

    figures of(const std::string& series) const { return metrics.values(series); }
    double gauge(const std::string& series) const { return of(series).at(0); }

    // Occupies a thread of the pool until told.
    std::latch entered{1};
    std::promise<void> opened;
    void occupy(blocking_pool& pool) {
        spawn(pool.run([this, open = opened.get_future().share()] {
            entered.count_down();
            open.wait();
        }));
        entered.wait();
    }
    void spawn(awaitable<void> op) {
        asio::co_spawn(with_context(io.get_executor()), std::move(op), asio::detached);
        poll();
    }
    void poll() {
        io.restart();
        io.poll();
    }
};

TEST_F(RuntimeMetrics, ShowsHowBusyAPoolIs) {
    blocking_pool pool({.threads = 1, .name = "busy"});
    report_runtime();
    EXPECT_EQ(of("blocking_pool_busy_threads{pool=busy}"), figures{0});
    occupy(pool);
    spawn(pool.run([] {}));
    spawn(pool.run([] {}));
    report_runtime();
    EXPECT_EQ(of("blocking_pool_threads{pool=busy}"), figures{1});
    EXPECT_EQ(of("blocking_pool_busy_threads{pool=busy}"), figures{1});
    EXPECT_EQ(of("blocking_pool_queued_calls{pool=busy}"), figures{2});
    opened.set_value();
}

TEST_F(RuntimeMetrics, CountsCallsAndHowLongTheyWaited) {
    blocking_pool pool({.threads = 1, .name = "counted"});
    wait(pool.run([] {}));
    EXPECT_THROW(wait(pool.run([] { throw std::runtime_error("no"); })), std::runtime_error);
    EXPECT_EQ(of("blocking_pool_calls_total{pool=counted,outcome=run}"), figures{2});
    const auto waits = of("blocking_pool_wait_seconds{pool=counted}");
    ASSERT_EQ(waits.size(), 2u);
    EXPECT_GT(waits[0], 0);
    EXPECT_LT(waits[0], 60);
}

TEST_F(RuntimeMetrics, TakesTheWaitFromTheCallUntilAThreadHasIt) {
    using stopwatch = std::chrono::steady_clock;
    blocking_pool pool({.threads = 1, .name = "waited"});
    occupy(pool);
    const auto before = stopwatch::now();
    spawn(pool.run([] {}));
    const auto submitted = stopwatch::now();
    while (stopwatch::now() < submitted + 5ms) // so that no wait at all would be told from it
        ;
    const auto free = stopwatch::now();
    opened.set_value();
    wait(pool.run([] {})); // behind it in the queue
    const auto waited = of("blocking_pool_wait_seconds{pool=waited}").at(1);
    EXPECT_GE(waited, std::chrono::duration<double>(free - submitted).count());
    EXPECT_LE(waited, std::chrono::duration<double>(stopwatch::now() - before).count());
}

// So that a wait has the trace of its request as an exemplar, while what a scrape reads is nobody's.
TEST_F(RuntimeMetrics, CountsUnderTheSpanOfTheCallAndReportsUnderNone) {
    blocking_pool pool({.name = "traced"});
    const span_context span{.trace = {1, 2}, .span = {3}, .flags = span_context::sampled_flag};
    const context_scope in(context::current().with_span(span));
    wait(pool.run([] {}));
    report_runtime();
    EXPECT_EQ(metrics.touched_under("blocking_pool_wait_seconds{pool=traced}"), span);
    EXPECT_EQ(metrics.touched_under("blocking_pool_threads{pool=traced}"), span_context{});
}

TEST_F(RuntimeMetrics, CountsCallsThatWereRefused) {
    blocking_pool pool({.threads = 1, .max_queued = 1, .name = "full"});
    occupy(pool);
    spawn(pool.run([] {}));
    spawn(pool.run([] {}));
    spawn(pool.run([] {}));
    EXPECT_EQ(of("blocking_pool_calls_total{pool=full,outcome=refused}"), figures{2});
    opened.set_value();
}

TEST_F(RuntimeMetrics, CountsCallsThatWereCancelledBeforeAThreadWasFree) {
    blocking_pool pool({.threads = 1, .name = "left"});
    occupy(pool);
    asio::cancellation_signal signal;
    asio::co_spawn(with_context(io.get_executor()), pool.run([] {}),
                   asio::bind_cancellation_slot(signal.slot(), asio::detached));
    poll();
    signal.emit(asio::cancellation_type::terminal);
    poll(); // it leaves
    opened.set_value();
    wait(pool.run([] {})); // behind it in the queue
    EXPECT_EQ(of("blocking_pool_calls_total{pool=left,outcome=cancelled}"), figures{1});
    EXPECT_EQ(of("blocking_pool_calls_total{pool=left,outcome=run}"), figures{2});
    EXPECT_EQ(of("blocking_pool_wait_seconds{pool=left}").size(), 2u);
}

TEST_F(RuntimeMetrics, ShowsCountersThatAreStillZero) {
    blocking_pool pool({.name = "new"});
    report_runtime();
    for (const std::string outcome : {"run", "cancelled", "refused"})
        EXPECT_EQ(of("blocking_pool_calls_total{pool=new,outcome=" + outcome + "}"), figures{0});
}

TEST_F(RuntimeMetrics, SumsPoolsOfOneName) {
    blocking_pool one({.threads = 3, .name = "same"});
    {
        blocking_pool other({.threads = 4, .name = "same"});
        report_runtime();
        EXPECT_EQ(of("blocking_pool_threads{pool=same}"), figures{7});
    }
    EXPECT_EQ(of("blocking_pool_threads{pool=same}"), figures{3});
}

TEST_F(RuntimeMetrics, ForgetsAPoolThatIsGone) {
    {
        blocking_pool pool({.threads = 2, .name = "gone"});
        report_runtime();
        EXPECT_EQ(of("blocking_pool_threads{pool=gone}"), figures{2});
    }
    EXPECT_EQ(of("blocking_pool_threads{pool=gone}"), figures{0});
}

TEST_F(RuntimeMetrics, CountsNothingUnderSuppressedTelemetryButReportsTheGauges) {
    blocking_pool pool({.threads = 2, .name = "quiet"});
    const context_scope quiet(context().with_telemetry_suppressed());
    wait(pool.run([] {}));
    report_runtime();
    EXPECT_EQ(of("blocking_pool_calls_total{pool=quiet,outcome=run}"), figures{0});
    EXPECT_EQ(of("blocking_pool_threads{pool=quiet}"), figures{2});
}

TEST_F(RuntimeMetrics, CountsLoopsWhileTheyRun) {
    report_runtime();
    const auto before = gauge("event_loops");
    {
        event_loops loops(3, "counted");
        report_runtime();
        EXPECT_EQ(gauge("event_loops"), before) << "none runs yet";
        loops.start();
        for (std::size_t i = 0; i < loops.size(); ++i)
            asio::post(loops[i].get_executor(), asio::use_future).get();
        report_runtime();
        EXPECT_EQ(gauge("event_loops"), before + 3);
    }
    report_runtime();
    EXPECT_EQ(gauge("event_loops"), before);
}

// Memory errors and races where it goes wrong: the sanitizers' builds see them.
TEST_F(RuntimeMetrics, IsTakenWhilePoolsAndLoopsComeAndGo) {
    std::atomic<bool> over{false};
    std::thread scraper([&over] {
        while (!over)
            report_runtime();
    });
    for (int i = 0; i < 50; ++i) {
        blocking_pool pool({.threads = 1, .name = "passing"});
        event_loop loop("passing");
        loop.start();
        wait(pool.run([] {}));
    }
    over = true;
    scraper.join();
    EXPECT_EQ(of("blocking_pool_calls_total{pool=passing,outcome=run}"), figures{50});
}

} // namespace
} // namespace infra
