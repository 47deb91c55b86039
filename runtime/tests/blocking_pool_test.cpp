#include <infra/runtime/blocking_pool.hpp>

#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <stdexcept>
#include <thread>

namespace infra {
namespace {

// Occupies a thread of the pool until told.
struct gate {
    std::latch entered{1};
    std::promise<void> opened;
    std::shared_future<void> open{opened.get_future()};

    auto blocker() {
        return [this] {
            entered.count_down();
            open.wait();
        };
    }
};

struct BlockingPool : testing::Test {
    asio::io_context io{1};
    struct result {
        bool done = false;
        std::exception_ptr failure;
    };

    std::shared_ptr<result> spawn(awaitable<void> op, asio::cancellation_signal* signal = nullptr) {
        auto r = std::make_shared<result>();
        auto note = [r](std::exception_ptr e) {
            r->done = true;
            r->failure = e;
        };
        const auto ex = with_context(io.get_executor());
        if (signal)
            asio::co_spawn(ex, std::move(op), asio::bind_cancellation_slot(signal->slot(), note));
        else
            asio::co_spawn(ex, std::move(op), note);
        return r;
    }
    void poll() {
        io.restart();
        io.poll();
    }
    void run() {
        io.restart();
        io.run();
    }
};

TEST_F(BlockingPool, ReturnsWhatTheFunctionDoes) {
    blocking_pool pool;
    EXPECT_EQ(wait(pool.run([] { return 6 * 7; })), 42);
    EXPECT_EQ(wait(pool.run([text = std::string("owned")] { return text; })), "owned");
    wait(pool.run([] {}));
}

TEST_F(BlockingPool, RunsAwayFromTheCallersThread) {
    blocking_pool pool;
    const auto caller = std::this_thread::get_id();
    EXPECT_NE(wait(pool.run([] { return std::this_thread::get_id(); })), caller);
}

TEST_F(BlockingPool, ThrowsWhatTheFunctionDoes) {
    blocking_pool pool;
    EXPECT_THROW(wait(pool.run([]() -> int { throw std::out_of_range("no"); })), std::out_of_range);
    EXPECT_THROW(wait(pool.run([] { throw 42; })), int);
}

TEST_F(BlockingPool, CarriesTheContext) {
    blocking_pool pool;
    const context_scope in(context::current().with_request_id("r-9"));
    EXPECT_EQ(wait(pool.run([] { return std::string(context::current().request_id()); })), "r-9");
}

TEST_F(BlockingPool, RefusesWhatIsOverItsBound) {
    gate g;
    blocking_pool pool({.threads = 1, .max_queued = 1});
    const auto running = spawn(pool.run(g.blocker()));
    poll();
    g.entered.wait();
    const auto queued = spawn(pool.run([] {}));
    const auto refused = spawn(pool.run([] {}));
    poll();
    EXPECT_EQ(pool.queued(), 1u);
    EXPECT_EQ(code_of(refused->failure), errc::overloaded);
    g.opened.set_value();
    run();
    EXPECT_TRUE(running->done && queued->done);
    EXPECT_FALSE(running->failure || queued->failure);
}

TEST_F(BlockingPool, NeverStartsACallThatWasCancelledWhileItWaited) {
    gate g;
    bool started = false;
    blocking_pool pool({.threads = 1});
    spawn(pool.run(g.blocker()));
    poll();
    g.entered.wait();
    asio::cancellation_signal signal;
    const auto cancelled = spawn(pool.run([&started] { started = true; }), &signal);
    poll();
    signal.emit(asio::cancellation_type::terminal);
    poll();
    EXPECT_EQ(code_of(cancelled->failure), asio::error::operation_aborted);
    g.opened.set_value();
    spawn(pool.run([] {})); // behind it in the queue
    run();
    EXPECT_FALSE(started);
}

TEST_F(BlockingPool, LetsACallThatRunsEndUnheardWhenItIsCancelled) {
    gate g;
    blocking_pool pool({.threads = 1});
    asio::cancellation_signal signal;
    const auto cancelled = spawn(pool.run(g.blocker()), &signal);
    poll();
    g.entered.wait();
    signal.emit(asio::cancellation_type::terminal);
    poll();
    EXPECT_TRUE(cancelled->done) << "the caller does not wait for it";
    g.opened.set_value();
}

// Asks the pool something when it is destroyed, as an object with calls of its own might.
struct asks_at_the_end {
    blocking_pool* pool;
    std::promise<void>* asked;
    ~asks_at_the_end() {
        static_cast<void>(pool->queued());
        asked->set_value();
    }
};

TEST_F(BlockingPool, LetsAFunctionGoWithoutHoldingThePoolUp) {
    gate g;
    std::promise<void> asked;
    blocking_pool pool({.threads = 1});
    auto held = std::make_shared<asks_at_the_end>(&pool, &asked);
    auto call = pool.run([&g, held] { g.blocker()(); });
    held.reset();
    asio::cancellation_signal signal;
    spawn(std::move(call), &signal);
    poll();
    g.entered.wait();
    signal.emit(asio::cancellation_type::terminal); // the pool is now the only one that holds the function
    poll();
    g.opened.set_value();
    EXPECT_EQ(asked.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST_F(BlockingPool, TellsThoseQueuedWhenItStops) {
    gate g;
    blocking_pool pool({.threads = 1});
    const auto running = spawn(pool.run(g.blocker()));
    poll();
    g.entered.wait();
    const auto queued = spawn(pool.run([] {}));
    poll();
    std::thread stopper([&] { pool.stop(); });
    while (!queued->done)
        io.run_one();
    EXPECT_EQ(code_of(queued->failure), errc::closed);
    g.opened.set_value();
    stopper.join();
    pool.stop();
    const auto late = spawn(pool.run([] {}));
    run();
    EXPECT_FALSE(running->failure) << "what ran was allowed to end";
    EXPECT_EQ(code_of(late->failure), errc::closed);
}

TEST_F(BlockingPool, RestsOnceNoFunctionRunsOrWaits) {
    gate g;
    blocking_pool pool({.threads = 1});
    const auto before = spawn(pool.rest());
    poll();
    EXPECT_TRUE(before->done) << "nothing was ever called";
    asio::cancellation_signal signal;
    const auto cancelled = spawn(pool.run(g.blocker()), &signal);
    poll();
    g.entered.wait();
    spawn(pool.run([] {}));
    const auto rest = spawn(pool.rest());
    signal.emit(asio::cancellation_type::terminal);
    poll();
    EXPECT_TRUE(cancelled->done);
    EXPECT_FALSE(rest->done) << "the function runs, though its caller has left";
    g.opened.set_value();
    run();
    EXPECT_TRUE(rest->done);
    EXPECT_FALSE(rest->failure);
}

TEST_F(BlockingPool, RestsWhenItHasStopped) {
    gate g;
    blocking_pool pool({.threads = 1});
    spawn(pool.run(g.blocker()));
    poll();
    g.entered.wait();
    spawn(pool.run([] {}));
    const auto rest = spawn(pool.rest());
    poll();
    std::thread stopper([&] { pool.stop(); });
    g.opened.set_value();
    run();
    stopper.join();
    EXPECT_TRUE(rest->done);
}

TEST_F(BlockingPool, NamesABadOption) {
    EXPECT_THROW(blocking_pool({.threads = 2000}), std::invalid_argument);
    EXPECT_THROW(blocking_pool({.threads = 1, .max_queued = 0}), std::invalid_argument);
}

} // namespace
} // namespace infra
