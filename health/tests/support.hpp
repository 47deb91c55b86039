#pragma once

/// A registry in a world whose loop is turned and whose time is moved by hand.

#include <infra/base/clock.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/health.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace infra::health {

/// A loop that runs only while a test says so.
class hand_loop {
public:
    executor get_executor() { return with_context(io_.get_executor()); }

    /// Runs whatever is ready.
    void poll() {
        io_.restart();
        io_.poll();
    }

    /// Runs, waiting for threads where need be, until `reached()`.
    template <class Condition>
    void run_until(Condition reached) {
        const auto open = asio::make_work_guard(io_);
        io_.restart();
        while (!reached())
            io_.run_one();
    }

private:
    asio::io_context io_{1};
};

/// What became of one call of run().
struct probe {
    std::optional<health_report> report;
    std::exception_ptr failure;
    asio::cancellation_signal cancel;

    bool done() const { return report || failure; }
};

inline awaitable<void> ask_and_note(awaitable<health_report> asked, std::shared_ptr<probe> into) {
    into->report = co_await std::move(asked);
}

inline std::shared_ptr<probe> ask(hand_loop& on, const registry& checks, std::string group = {}) {
    auto asked = std::make_shared<probe>();
    asio::co_spawn(
        on.get_executor(), ask_and_note(checks.run(std::move(group)), asked),
        asio::bind_cancellation_slot(asked->cancel.slot(), [asked](std::exception_ptr e) { asked->failure = e; }));
    on.poll();
    return asked;
}

/// The names of a report's checks, in order, each with a space after it.
inline std::string names(const health_report& report) {
    std::string all;
    for (const auto& each : report.checks)
        all += each.first + " ";
    return all;
}

/// Holds plain checks until opened. Copies share the gate, and a check left behind keeps it.
class gate {
public:
    void enter() const {
        ++state_->entered;
        state_->entered.notify_all();
        state_->open.wait();
    }
    void pass() const { ++state_->entered; } ///< counted, but not held
    void wait_for_entry() const { state_->entered.wait(0); }
    int entries() const { return state_->entered; }
    void open() const { state_->opened.set_value(); }

private:
    struct state {
        std::atomic<int> entered{0};
        std::promise<void> opened;
        std::shared_future<void> open{opened.get_future()};
    };
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// The registry goes first, then its clock, then its loop, as registry's notes ask.
struct world {
    explicit world(registry_options options = {})
        : checks({.deadline = options.deadline,
                  .max_threads = options.max_threads,
                  .executor = loop.get_executor(),
                  .time = &time}) {}

    std::shared_ptr<probe> ask(std::string group = {}) { return health::ask(loop, checks, std::move(group)); }

    /// Asks and waits for the threads.
    health_report report() {
        const auto asked = ask();
        loop.run_until([&] { return asked->done(); });
        loop.poll(); // what is told after the report
        return asked->report.value();
    }

    void advance(std::chrono::milliseconds d) {
        time.advance(d);
        loop.poll();
    }

    hand_loop loop;
    manual_clock time;
    registry checks;
};

} // namespace infra::health
